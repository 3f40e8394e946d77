"""What the values of a user's image stand for: electrons, fractions of the beam, atoms."""
