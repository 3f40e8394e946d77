"""Metrics of what an image keeps of the noise-free one, and whether its columns are resolved."""
