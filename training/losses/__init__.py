"""Losses of the paper, equations (4) to (15), on any backend of Keras."""
