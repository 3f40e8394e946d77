"""Files of a run folder: schema, description and readers."""
