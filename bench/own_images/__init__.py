"""A user's own images: distort, restore, fit."""
