"""What few counts do to a fit: weights that mend it, and what is left of it."""
