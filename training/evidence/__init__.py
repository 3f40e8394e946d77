"""Evidence about pairs: a figure, their statistics beside published ones, and their speed."""
