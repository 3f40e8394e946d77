"""Figures and tables of the paper, each declared by the file that draws it."""
