"""Statistics of the displacements of scan lines, from the image itself."""
