"""The published paper's claims, each with the rule by which a run's numbers decide it."""
