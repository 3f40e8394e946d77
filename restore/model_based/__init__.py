"""Restorers that fit a model of the specimen and of its recording."""
