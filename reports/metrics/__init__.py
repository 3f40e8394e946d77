"""Metrics: their definitions and arithmetic."""
