"""Counterparts of the paper's figures: what they are drawn from, and those that restore images."""
