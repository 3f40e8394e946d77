"""Posterior density of columns and lines: counts, priors, descent and its linear algebra."""
