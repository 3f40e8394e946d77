"""Pixels of an own image: their noise, areas of one value, outliers."""
