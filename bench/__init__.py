"""Runs the benchmark: cases x doses x realizations x restorers, and the `stembench` command."""
