"""What the raw image itself says: its noise, which columns it supports, halves of its counts."""
