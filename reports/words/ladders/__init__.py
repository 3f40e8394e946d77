"""Ladders of noise chains and frames in words."""
