"""Halves of an image's counts (contract; the implementation follows).

thinned_halves(electrons, rng) -> tuple[Floats, Floats]   (InputError where values are no counts)
compare_halves(first: DataFrame, second: DataFrame, *, sampling, reach) -> Halves
    first, second: tables of fits (x, y, scs, flags) to both restored halves; matched within reach px:
    matched, only_first, only_second, scatter_x, scatter_y [pm], scatter_scs [part], each an Estimate
whiteness(residual, valid, *, variance) -> Whiteness(chi2: float, correlation: tuple of 6, limit, white)
intensity_kept(raw, restored, valid) -> Estimate   (sum restored / sum raw, 1 if kept)
"""
