"""Table: columns invented under noise that pixels share along a line, and under noise of each."""

from typing import Final

import numpy as np
import pandas as pd

from bench.paper.declared.invented_features import particle_scene, scored
from bench.paper.verdicts import difference, judged, rate_number
from noise import electrons_per_pixel
from reports import Drawn, Material, PaperFigure, below, rule
from stembench.arrays import Floats

#: Where noise is far above the signal, e/Å².
_DOSES: Final = (5.0, 15.0)
_REALIZATIONS: Final = 6
_SEED: Final = 136
#: Correlation of neighbours along a line; the paper does not state one.
_SHARED: Final = 0.7
_KINDS: Final = {"uncorrelated": 0.0, "correlated": _SHARED}


def line_noise(shape: tuple[int, int], shared: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise (h, w) of variance 1 whose neighbours along a line correlate.

    Parameters
    ----------
    shape : tuple of int
    shared : float
        Correlation of neighbours, in [0, 1): that of pixels n apart is its n-th power.
    rng : numpy.random.Generator
    """
    from scipy.signal import lfilter

    white = rng.normal(size=shape)
    white[:, 1:] *= np.sqrt(1 - shared**2)
    filtered: Floats = lfilter([1.0], [1.0, -shared], white, axis=1)
    return filtered


def _draw(material: Material) -> Drawn:
    scene = particle_scene()
    rows = []
    for dose in _DOSES:
        expected = scene.clean * electrons_per_pixel(dose, scene.sampling)
        spread = float(np.sqrt(expected.mean()))
        for kind, shared in _KINDS.items():
            for number in range(_REALIZATIONS):
                rng = np.random.default_rng([_SEED, round(dose), round(10 * shared), number])
                counts = expected + spread * line_noise(expected.shape, shared, rng)
                images = {
                    "raw": counts,
                    "CGRDN": material.restored(counts, "cgrdn", sampling=scene.sampling),
                }
                rows += [
                    {"noise": kind, "dose": dose, "number": number, "restorer": restorer}
                    | scored(material.found(image), scene)
                    for restorer, image in images.items()
                ]
    table = pd.DataFrame(rows)
    summary: list[tuple[str, ...]] = [("noise", "e/Å²", "raw", "CGRDN")]
    fewer = []
    for dose in _DOSES:
        rates = {}
        for kind in _KINDS:
            own = table[(table["noise"] == kind) & (table["dose"] == dose)]
            told = {
                name: rate_number(own[own["restorer"] == name]["in_vacuum"], unit="per image")
                for name in ("raw", "CGRDN")
            }
            rates[kind] = told["CGRDN"]
            summary.append((kind, f"{dose:g}", told["raw"].text, told["CGRDN"].text))
        at = f"{dose:g} e/Å², n = {_REALIZATIONS} images of each"
        fewer.append(difference(rates["correlated"], rates["uncorrelated"], at=at))
    return Drawn(
        caption="Columns that a search finds in vacuum, farther than 1.5 spacings from every true "
        "one, beside the nanoparticle under Gaussian noise of the mean variance of the Poisson "
        "noise of that dose: of each pixel alone, or shared by neighbours along a line with a "
        f"correlation of {_SHARED:g}, which is ours. 95 % intervals of Poisson rates over "
        f"{_REALIZATIONS} images.",
        tables={"": table},
        summary=tuple(summary),
        findings=(judged(36, rule(below(0.0)), fewer),),
    )


FIGURES: Final = (
    PaperFigure(
        number="correlated-noise",
        title="Table: columns invented under correlated noise",
        theirs="The text says that features are invented less often under correlated noise.",
        claims=(36,),
        needs=f"nothing but this program; restores {2 * len(_DOSES) * _REALIZATIONS} images",
        draw=_draw,
    ),
)
