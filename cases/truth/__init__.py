"""Ground truth as shipped: its file, columns and rendered images."""
