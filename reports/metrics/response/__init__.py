"""Response to real changes, found over true, and the information that is left of the scatter."""
