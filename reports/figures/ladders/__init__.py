"""Figures of ladders of noise chains: the ablation, and the axes of noise."""
