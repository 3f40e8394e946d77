"""Assessment of how far the restored numbers of an image without a truth can be trusted."""
