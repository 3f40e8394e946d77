"""The fit of a user's own image: light that no column owns is found, modelled or left out."""
