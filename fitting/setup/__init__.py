"""How columns are fitted: options, and where a fit starts and ends."""
