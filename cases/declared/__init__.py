"""The declared cases, one file each."""
