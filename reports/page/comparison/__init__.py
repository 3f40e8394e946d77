"""The page of a comparison of two versions: matrix, images that differ most, rows that decided."""
