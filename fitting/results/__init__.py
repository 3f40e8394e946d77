"""Results of fits: tables of columns, and scan lines."""
