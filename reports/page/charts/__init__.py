"""Interactive charts of a page: the numbers of a summary as data that a script draws."""
