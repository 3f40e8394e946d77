"""Errors of the columns of a restored image: of each one, and of all alike."""
