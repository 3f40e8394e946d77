"""Undistorted images: atoms superimposed, objects at low resolution, and contrast."""
