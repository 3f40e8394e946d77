"""Cramér-Rao bound of the column model, and of biased estimators."""
