"""The verdict of a run in sentences."""
