"""Statistics and transformations of images of counts that the filters share."""
