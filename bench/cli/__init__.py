"""The `stembench` command line."""
