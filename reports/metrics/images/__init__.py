"""Metrics of whole images."""
