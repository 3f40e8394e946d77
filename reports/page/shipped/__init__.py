"""What ships of profile paper, as pages quote it: tables of results, and single numbers."""
