"""What the paper's figures take from other packages: experimental images, learned rivals."""
