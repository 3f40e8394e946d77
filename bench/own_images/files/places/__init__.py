"""Start positions of columns, from tables and from the files of other programs."""
