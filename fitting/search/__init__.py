"""Searches for columns: that of the benchmark, and that of own images with their fit."""
