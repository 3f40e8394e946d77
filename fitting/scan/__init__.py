"""Fit of columns and scan-line displacements together."""
