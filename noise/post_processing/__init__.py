"""Post-processing of a recorded pair of images."""
