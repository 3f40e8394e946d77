"""Metrics of fitted columns: position, scattering cross-section, counts, stated errors."""
