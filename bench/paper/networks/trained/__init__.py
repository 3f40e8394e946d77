"""Trainings at the scale of two cores that are held against each other, and what came of them."""
