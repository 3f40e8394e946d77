"""Search restored images for columns without start positions, and compare with the true columns.

What a restorer invents or wipes out shows here as a reader of the image would see it. A search
takes as long as several fits, so only the first realizations are searched: as many as the study
of the case says.
"""

from typing import Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from bench.plan.blocks import Block
from bench.reference import clean_fit
from cases import Case, get_case, load_ground_truth
from fitting import find_columns, score_detection
from stembench.arrays import Bools, Floats

#: Farthest distance of a found column from a true one, as a part of the columns' distance.
RADIUS: Final = 0.4
#: A place farther than this from all atoms, as a part of the columns' distance, is vacuum.
VACUUM: Final = 1.2
#: Least distance of two found columns, as a part of the columns' distance.
NEAREST: Final = 0.55
#: Rim in px whose columns do not count: the search needs their surroundings.
RIM: Final = 6.0


def searched(block: Block) -> int:
    """Number of a block's images that are searched, from its first on."""
    if block.rung:
        return 0
    study = get_case(block.case).study
    limit = study.searched
    if block.example:
        limit = max(limit, study.searched_examples)
    return min(max(0, limit - block.start), block.stop - block.start)


def search(images: Floats, case: Case, *, image: str) -> pd.DataFrame:
    """Search images for columns and count what is right, missed and invented.

    The search knows the width of the noise-free columns and their distance, no position.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
        Raw or restored images of one case and label.
    case : Case
    image : str
        Label of the image.

    Returns
    -------
    pandas.DataFrame
        One row per image: n_true (columns with atoms), n_found, n_missed, n_false, those of the
        false ones that stand at an empty lattice site (n_at_empty) and in vacuum, far from all
        atoms (n_in_vacuum), and n_empty (empty sites).
    """
    truth = load_ground_truth(case)
    columns = pd.concat([truth.columns(image), truth.outside(image)])
    places = columns[["x", "y"]].to_numpy(dtype=np.float64)
    filled = columns["count"].to_numpy() > 0
    true, empty = places[filled], places[~filled]
    spacing = float(np.median(np.asarray(cKDTree(places).query(places, k=2)[0])[:, 1]))
    width = float(clean_fit(case, image, choice=case.fit).table["sigma"].median())
    counted = _inner(true, case.shape)
    rows = []
    for pixels in images:
        # Told the scale it looks for: otherwise its own guess of it would be judged too.
        peaks = find_columns(pixels, width=width, min_distance=NEAREST * spacing)
        score = score_detection(peaks, true, radius=RADIUS * spacing)
        false = peaks[score.false]
        false = false[_inner(false, case.shape)]
        missed = score.missed[counted[score.missed]]
        rows.append(
            {
                "n_true": int(counted.sum()),
                "n_found": int(_inner(peaks, case.shape).sum()),
                "n_missed": len(missed),
                "n_false": len(false),
                "n_at_empty": _near(false, empty, RADIUS * spacing),
                "n_in_vacuum": len(false) - _near(false, true, VACUUM * spacing),
                "n_empty": int(_inner(empty, case.shape).sum()),
            }
        )
    return pd.DataFrame(rows)


def _inner(places: Floats, shape: tuple[int, int]) -> Bools:
    """Mask of the places that lie within the frame without its rim."""
    last = np.array([shape[1], shape[0]]) - 1 - RIM
    return np.asarray(((places >= RIM) & (places <= last)).all(axis=1), dtype=np.bool_)


def _near(peaks: Floats, places: Floats, radius: float) -> int:
    """Number of peaks that have a place within the radius."""
    if not len(peaks) or not len(places):
        return 0
    return int((np.asarray(cKDTree(places).query(peaks)[0]) <= radius).sum())
