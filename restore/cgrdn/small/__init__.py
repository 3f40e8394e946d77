"""A small CGRDN that this package trained, and the file that it comes in."""
