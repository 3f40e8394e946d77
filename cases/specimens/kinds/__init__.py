"""The kinds of specimen, one file each: the description and what it answers."""
