"""Stages of the noise chains: each file declares what it adds to a chain (see `stage`)."""
