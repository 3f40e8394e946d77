"""What a fit of an own image is worth: goodness per column, error of means over columns."""
