"""Counterparts of the paper's figures at journal column widths, and the page that lists them."""
