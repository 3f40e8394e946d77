"""The claims by study: one file for each, with a tuple CLAIMS."""
