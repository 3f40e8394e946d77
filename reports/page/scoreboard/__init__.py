"""The scoreboard on top of a report: one row a restorer, one tile a question."""
