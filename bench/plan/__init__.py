"""What a run does: profiles, and the blocks of work that they make."""
