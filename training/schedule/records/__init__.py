"""What a training leaves in its folder: recipe, checkpoint, tables, curves and images."""
