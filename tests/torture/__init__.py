"""Torture: kills, flipped bits, malformed inputs, full disks, hostile models. `nox -s torture`."""
