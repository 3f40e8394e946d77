"""Table: annotations and crops kept, blur removed."""

from typing import Final

import numpy as np
import pandas as pd

from bench.paper.verdicts import mean_number
from cases import get_case, load_ground_truth
from noise import PostProcessing, ScanNoise, distort, electrons_per_pixel, post_process
from reports import Drawn, Material, PaperFigure
from stembench.arrays import Floats

_CASE: Final = "nanoparticle"
_DOSE: Final = 5000.0
_REALIZATIONS: Final = 4
_SEED: Final = 571
_SPEC: Final = "cgrdn"
_MARKS: Final = {
    "annotations": PostProcessing.from_dict(
        {
            "annotations": (
                {"kind": "text", "x": 0.2, "y": 0.1, "size": 0.3, "text": "2 nm"},
                {"kind": "arrow", "x": 0.75, "y": 0.3, "size": 0.2, "angle": 0.6},
                {"kind": "ring", "x": 0.5, "y": 0.6, "size": 0.2},
            )
        }
    ),
    "crop": PostProcessing.from_dict(
        {
            "crop": {
                "x": 0.5, "y": 0.5, "width": 0.7, "height": 0.6, "tilt": 0.2, "fill": "low",
            }
        }
    ),
    "blur, σ 0.5 px": PostProcessing(blur=0.5),
    "blur, σ 1 px": PostProcessing(blur=1.0),
}  # fmt: skip


def kept_numbers(
    restored: Floats, given: Floats, truth: Floats, *, plain: Floats
) -> dict[str, float]:
    """How far marks are kept, and how far the rest is from the truth.

    Parameters
    ----------
    restored, given : ndarray, shape (h, w)
        Restored image, and what was restored.
    truth : ndarray, shape (h, w)
        What it should be, with its marks.
    plain : ndarray, shape (h, w)
        The truth without marks: marks are where the two differ.

    Returns
    -------
    dict of str to float
        Root mean square error where there is a mark and elsewhere, in percent of the truth's
        range; NaN without marks.
    """
    marked = truth != plain
    scale = 100 / float(np.ptp(truth))

    def error(image: Floats, where: Floats) -> float:
        away = (image - truth)[where]
        return scale * float(np.sqrt(np.mean(away**2))) if away.size else float("nan")

    return {
        "mark_pct": error(restored, marked),
        "elsewhere_pct": error(restored, ~marked),
        "elsewhere_before_pct": error(given, ~marked),
    }


def _draw(material: Material) -> Drawn:
    case = get_case(_CASE)
    clean = load_ground_truth(case).image(case.labels[0])
    truth = clean * electrons_per_pixel(_DOSE, case.sampling)
    rows = []
    for number in range(_REALIZATIONS):
        rng = np.random.default_rng([_SEED, number])
        counts = distort(clean, [rng], dose=_DOSE, sampling=case.sampling, noise=ScanNoise())[0]
        for name, post in {"none": PostProcessing(), **_MARKS}.items():
            given, wanted = post_process(counts, truth, post=post)
            restored = material.restored(given, _SPEC, sampling=case.sampling)
            told = kept_numbers(restored, given, wanted, plain=truth)
            rows.append({"change": name, "number": number} | told)
    table = pd.DataFrame(rows)
    summary = [("change", "error at marks (%)", "elsewhere (%)", "elsewhere before (%)")]
    for name in dict.fromkeys(table["change"]):
        own = table[table["change"] == name]
        columns = ("mark_pct", "elsewhere_pct", "elsewhere_before_pct")
        means = [mean_number(own[column]) for column in columns]
        summary.append((name, *(m.text if np.isfinite(m.value) else "–" for m in means)))
    return Drawn(
        caption=f"The nanoparticle at {_DOSE:g} e/Å² with annotations or a crop, which the paper "
        "wants kept, or blurred, which it wants undone, restored by CGRDN: root mean square error "
        "in percent of the truth's range where the mark is, elsewhere, and elsewhere before "
        f"restoration. Means over {_REALIZATIONS} realizations with 95 % intervals.",
        tables={"": table},
        summary=tuple(summary),
    )


FIGURES: Final = (
    PaperFigure(
        number="kept-marks",
        title="Table: annotations and crops kept, blur removed",
        theirs="'Post-processing distortions': annotations and crops are to be preserved.",
        needs="nothing but this program; restores 20 images",
        draw=_draw,
    ),
)
