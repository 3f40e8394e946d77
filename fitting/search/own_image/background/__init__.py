"""Background of an own image: chosen, solved with the columns' heights, and followed."""
