"""What users do to a recorded pair of images afterwards."""
