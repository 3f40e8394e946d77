"""Pairs of distorted and undistorted images: made, streamed and written."""
