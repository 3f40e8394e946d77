"""What a machine may refuse or keep: rights, caches, what killed processes left."""
