"""Multislice simulation of the ground truth; never imported by a run."""
