"""Stages that are ours: the paper gives no equation for them, and no preset holds them."""
