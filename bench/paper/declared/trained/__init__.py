"""Counterparts that rest on networks trained here, drawn from the tables of those trainings."""
