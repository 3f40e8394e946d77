"""Ladders of noise chains in words: the ablation, and the axes of noise."""
