"""Networks drawn from the graphs that their own code makes."""
