"""The page of an assessment of one image: its figures and its HTML."""
