"""A user's files: images and what their axes say, start positions, and where results go."""
