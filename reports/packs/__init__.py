"""Runs packed to statistics per realization: small files that are read in place of run folders."""
