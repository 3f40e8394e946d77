"""What images kept of the noise-free one, columns and intensity, in words."""
