"""The image viewer of a page: example images as data that its script shows."""
