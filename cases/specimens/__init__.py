"""Specimens: what they are made of, their columns, and the sites that differ from a host."""
