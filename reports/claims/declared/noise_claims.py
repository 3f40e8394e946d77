"""Claims on noise: what is corrected beyond counting noise, and what is invented."""

from itertools import pairwise
from typing import Final

from reports.claims.claim import Claim
from reports.claims.rules import Number, above, below, rule
from reports.claims.run_tables import RunTables
from reports.claims.table_numbers import numbers_of, quotient
from reports.metrics.table import METRICS
from reports.summaries.ladder_summary import ERROR

_JITTER: Final = "scan jitter"
_FAST_SCAN: Final = "fast scan"
#: Condition of the rule by name of an axis, and by the stage that an ablation adds.
_AXES: Final = {"jitter": _JITTER, "dwell": _FAST_SCAN}
_RUNGS: Final = {"+ jitter": _JITTER, "+ fast scan": _FAST_SCAN}
_VACUUM: Final = ("nanoparticle", "particle_adatoms")
_INVENTED: Final = "columns in vacuum"
_HOLES: Final = "dark holes in vacuum"


def _corrected(tables: RunTables) -> list[Number]:
    """Restored over raw error at the severe over that at the mild end, or with over without."""
    found = []
    for axis, name in _AXES.items():
        rows = tables.rows("axes_gains.csv", axis=axis, metric=ERROR, restorer=tables.network)
        if rows.empty:
            continue
        for (case, end, unit), own in rows.groupby(["case", "to_value", "unit"], sort=False):
            what = f"{case}, {axis} {end:g} {unit}"
            found += [number for _, number in numbers_of(own, what=what, condition=name)]
    return found or _of_ablation(tables)


def _of_ablation(tables: RunTables) -> list[Number]:
    own = tables.rows("ablation_comparisons.csv", metric=ERROR, restorer=tables.network)
    if own.empty:
        return []
    rungs = list(dict.fromkeys(own["noise"]))
    ratios = {
        row["noise"]: number for row, number in numbers_of(own[own["baseline"] == tables.raw])
    }
    return [
        quotient(
            ratios[after],
            ratios[before],
            at=f"stage added, {ratios[after].at}",
            condition=_RUNGS[after],
        )
        for before, after in pairwise(rungs)
        if after in _RUNGS and before in ratios and after in ratios
    ]


def _invented(tables: RunTables) -> list[Number]:
    found = []
    for case in _VACUUM:
        rows = tables.rows(
            "detection.csv", case=case, metric="vacuum_per_image", restorer=tables.network
        )
        lowest = rows[rows["dose"] == rows["dose"].min()] if len(rows) else rows
        for row, number in numbers_of(lowest, what=case, condition=_INVENTED):
            # Not one in n images: 95 % of the time the mean is then below 3 / n.
            nothing = number.value == 0
            found.append(
                Number(
                    value=0.0, low=0.0, high=3 / row["n_realizations"],
                    unit="per image", at=number.at, condition=_INVENTED,
                )
                if nothing
                else Number(
                    value=number.value, low=number.low, high=number.high,
                    unit="per image", at=number.at, condition=_INVENTED,
                )
            )  # fmt: skip
        dark = tables.rows("intensity.csv", case=case, metric="vacuum_low", restorer=tables.network)
        found += [
            number
            for _, number in numbers_of(
                dark, factor=100.0, unit="% of the peak", what=case, condition=_HOLES
            )
        ]
    return found


CLAIMS: Final = (
    Claim(
        number=28,
        text="The gain is a correction of distortion, not only of noise",
        place="Fig. 3f",
        needs="the axes of noise, or the ablation, with CGRDN and raw",
        evidence=_corrected,
        rule=rule(below(1.0, name=_JITTER), below(1.0, name=_FAST_SCAN)),
        condition=f"restored over raw {METRICS[ERROR].label} with the distortion over the same "
        "without it, or with the least of it",
        figure="figure_ablation_nanoparticle",
    ),
    Claim(
        number=35,
        text="Where uncorrelated noise dominates, the network invents features",
        place="Supplement, Fig. 2",
        needs="CGRDN on a particle in vacuum, searched for columns, with the intensity of its "
        "vacuum",
        evidence=_invented,
        rule=rule(above(0.5, name=_INVENTED, each=False), below(-5.0, name=_HOLES, each=False)),
        condition="columns found in vacuum at the lowest dose, more likely than not; lowest vacuum "
        "of an image over its peak at any dose, more than 5 % below zero",
        figure="figure_counting_nanoparticle",
    ),
    Claim(
        number=36,
        text="Features are invented less often under correlated noise",
        place="Results and discussion",
        needs="a particle in vacuum under noise that pixels share and under noise of each",
        condition="columns invented in vacuum per image under Gaussian noise shared along lines "
        "less those under noise of the same variance of each pixel",
        decided_by="correlated-noise",
    ),
    Claim(
        number=38,
        text="Whitening, and the kinds of noise in TEM and STEM, in pictures",
        place="Figs. 10 to 13",
        needs="a number: Figs. 10 to 13 are pictures, drawn by stembench figures 10 11 12 13, and "
        "decide nothing",
    ),
    Claim(
        number=40,
        text="The noise model (27) to (55)",
        place="Methods",
        needs="draws of each stage, held against its equation",
        condition="moments of what this program draws over those of the printed equations, and the "
        "integrals that the paper says are 1; equal is within 3 %",
        decided_by="noise-equations",
    ),
)
