"""Models of other origin in processes of their own, which see images only."""
