"""What all networks share: normalisation, tiling, runtimes; and the blind-spot network."""
