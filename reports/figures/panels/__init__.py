"""What figures are made of: curves with intervals, images with scale bars, legends, footers."""

from reports.figures.panels.legends import legend as legend
from reports.figures.panels.parts import (
    BOUND_COLOUR as BOUND_COLOUR,
    DPI as DPI,
    RC as RC,
    WIDTH as WIDTH,
    assumed_bounds as assumed_bounds,
    bound as bound,
    companion as companion,
    curves as curves,
    dose_axis as dose_axis,
    error_axis as error_axis,
    heading as heading,
    key_of_bounds as key_of_bounds,
    limited_at as limited_at,
    new_figure as new_figure,
    picture as picture,
    plain_log_ticks as plain_log_ticks,
    save as save,
)
