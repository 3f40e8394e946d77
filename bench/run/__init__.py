"""A run: blocks of work mapped over processes, written and resumed."""
