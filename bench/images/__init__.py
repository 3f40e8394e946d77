"""Image metrics over pairs of distorted and true images."""
