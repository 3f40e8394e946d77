"""Images at low resolution: superimposed particles, grains, bands, boxes and cracks."""
