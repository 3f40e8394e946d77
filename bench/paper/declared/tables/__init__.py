"""Tables of what the paper says and no figure of it shows: each declares itself in its file."""
