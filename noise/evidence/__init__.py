"""What the noise model is held against: published pairs and demonstrations."""
