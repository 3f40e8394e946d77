"""What a scan fit starts from: frames aligned, trailing undone, columns beyond the frame."""
