"""The benchmark run (cases x doses x realizations x restorers) and the `stembench` command."""
