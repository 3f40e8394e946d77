"""Validation of a network in training by what the benchmark judges, on lattices of no case."""
