"""What a scan fit does not explain, and what it passes on."""
