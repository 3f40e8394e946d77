"""The published network CGRDN: graph, weights, engines."""
