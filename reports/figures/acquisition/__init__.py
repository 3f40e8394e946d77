"""Figures of how an image is recorded: what each noise stage does, how scan lines moved."""
