"""Specimens: descriptions, atoms and sites."""
