"""A gallery of figures: entries, their index, and the folder that they make."""
