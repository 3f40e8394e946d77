"""Evidence for the noise model: published pairs, demonstrations and the tables of its page."""
