"""Search restored images for columns without start positions, and compare with the true columns.

What a restorer invents or wipes out shows here as a reader of the image would see it. A search
takes as long as several fits, so only the first realizations are searched: as many as the study
of the case says.
"""

from typing import Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from bench.measures.fit_variants import WIDTH_RANGE
from bench.plan.blocks import Block
from bench.reference import clean_fit
from cases import Case, get_case, load_ground_truth
from fitting import Bounds, FitOptions, count_atoms, find_columns, fit_columns, score_detection
from stembench.arrays import Bools, Floats

#: Farthest distance of a found column from a true one, as a part of the columns' distance.
RADIUS: Final = 0.4
#: A place farther than this from all atoms, as a part of the columns' distance, is vacuum.
VACUUM: Final = 1.2
#: Least distance of two found columns, as a part of the columns' distance.
NEAREST: Final = 0.55
#: Rim in px whose columns do not count: the search needs their surroundings.
RIM: Final = 6.0
_PM_PER_ANGSTROM: Final = 100.0


def searched(block: Block) -> int:
    """Number of a block's images that are searched, from its first on."""
    if block.rung:
        return 0
    study = get_case(block.case).study
    limit = study.searched
    if block.example:
        limit = max(limit, study.searched_examples)
    return min(max(0, limit - block.start), block.stop - block.start)


def measure_end_to_end(images: Floats, case: Case, *, image: str, library: Floats) -> pd.DataFrame:
    """Search, fit and count from images alone, and set what was found against the truth.

    The search knows neither width nor distance of the columns; the fit starts at what it found
    and takes the width from the image.

    Parameters
    ----------
    images : ndarray, shape (n, h, w)
        Raw or restored images of one case and label, as fractions of the beam.
    case : Case
    image : str
        Label of the image.
    library : ndarray, shape (m,)
        SCS in Å² of 1 to m atoms; empty where the case has no library.

    Returns
    -------
    pandas.DataFrame
        One row per image: e2e_true (measured columns with atoms within the frame's rim), e2e_found
        (columns found within the rim), e2e_matched (of the true ones, fitted within `RADIUS`),
        e2e_right (of these counted exactly; NaN without a library), e2e_distance_pm (sum over
        the matched of the distance from the fit of the noise-free image).
    """
    truth = load_ground_truth(case)
    columns = truth.columns(image)
    clean = clean_fit(case, image, choice=case.fit).table[["x", "y"]].to_numpy(dtype=np.float64)
    asked = (columns["measured"] & (columns["count"] > 0)).to_numpy()
    asked = asked & _inner(columns[["x", "y"]].to_numpy(dtype=np.float64), case.shape)
    reference, counts = clean[asked], columns["count"].to_numpy()[asked]
    all_places = columns[["x", "y"]].to_numpy(dtype=np.float64)
    spacing = _spacing(all_places)
    rows = []
    for pixels in images:
        table = _fitted_alone(pixels, case)
        found = table[["x", "y"]].to_numpy(dtype=np.float64)
        match = score_detection(found, reference, radius=RADIUS * spacing)
        hit, of = match.matches[:, 0], match.matches[:, 1]
        apart = np.hypot(*(found[hit] - reference[of]).T)
        right = np.nan
        if library.size:
            counted = count_atoms(table["scs"].to_numpy()[hit], library)["count"].to_numpy()
            right = float((counted == counts[of]).sum())
        rows.append(
            {
                "e2e_true": len(reference),
                "e2e_found": int(_inner(found, case.shape).sum()),
                "e2e_matched": len(hit),
                "e2e_right": right,
                "e2e_distance_pm": float(apart.sum()) * case.sampling * _PM_PER_ANGSTROM,
            }
        )
    return pd.DataFrame(rows)


def _fitted_alone(pixels: Floats, case: Case) -> pd.DataFrame:
    """Fitted columns of an image that nothing is told of, failed ones left out."""
    peaks = find_columns(pixels)
    if len(peaks) < 2:
        return pd.DataFrame({name: np.empty(0) for name in ("x", "y", "scs")})
    low, high = WIDTH_RANGE
    gap = _spacing(peaks)
    options = FitOptions(
        width=case.fit.width,
        background=case.fit.background,
        bounds=Bounds(width=(low * gap, high * gap)),
    )
    table = fit_columns(pixels, peaks, sampling=case.sampling, options=options).table
    return table[table["scs"].notna()]


def _spacing(places: Floats) -> float:
    """Median distance of neighbours [px]."""
    return float(np.median(np.asarray(cKDTree(places).query(places, k=2)[0])[:, 1]))


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
    spacing = _spacing(places)
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
