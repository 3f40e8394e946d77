"""Stages of the noise chains, one file each."""
