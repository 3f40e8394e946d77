"""Restorers without training data: the image itself and classical filters."""
