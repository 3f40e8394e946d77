"""Search for the columns of a user's own image, with the fit's own options and no largest pixel."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from fitting import flags
from fitting.results.column_fit import ColumnFit
from fitting.search.column_search import (
    LEAST,
    MISFIT,
    NEAREST,
    SIGNIFICANCE,
    SURE,
    residual_level,
    response_noise,
    spot_maxima,
    strongest_apart,
)
from fitting.search.own_image.beyond_frame import Visible, continued_places, holes
from fitting.search.own_image.scene_fit import REACH, Scene, fit_scene
from stembench.arrays import Bools, Floats

_ROUNDS: Final = 6
#: Steps of a fit that confirms spots; of real columns it takes some ten, of none all there are.
_STEPS: Final = 60
#: Fewest columns that make an arrangement.
_FEWEST_AROUND: Final = 9
_SCALES: Final = 16
#: The response that counts as the largest is exceeded by this part of all spots, and by so many.
_TOP_PART: Final = 0.02
_TOP_NUMBER: Final = 3
#: In a hole of the arrangement a column is one from this many standard errors on, and this part of
#: the others' height: one place is looked at, not the whole image.
_IN_HOLE: Final = 3.0
_HIGH_IN_HOLE: Final = 0.2
#: A column's centre is shown where this part of the pixels within 1.5 widths is usable.
_SHOWN: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Spots:
    """Columns that a search found.

    Attributes
    ----------
    places : ndarray, shape (n, 2)
        Columns whose centre is shown (x, y) [px], by row, then column.
    hidden : ndarray, shape (m, 2)
        Those beyond the frame or behind the mask: where the arrangement of the others goes on.
    left : ndarray, shape (k, 2)
        Those among the hidden that were found inside and whose fit left the pixels that are shown.
    width : float
        Their typical width [px].
    fit : ColumnFit or None
        Fit of all of them; None where there is none.
    """

    places: Floats
    hidden: Floats
    width: float
    fit: ColumnFit | None
    left: Floats = field(default_factory=lambda: np.zeros((0, 2)))


def nothing_found(scene: Scene) -> Spots:
    """Spots of a scene that is not searched."""
    return Spots(
        places=np.zeros((0, 2)), hidden=np.zeros((0, 2)), width=scene.options.first_width or 1.0,
        fit=None,
    )  # fmt: skip


def shown(places: Floats, usable: Bools, *, width: float) -> Bools:
    """Whether enough pixels around each place are usable for it to be called measured."""
    rows, cols = usable.shape
    reach = max(1.0, 1.5 * width)
    out = np.zeros(len(places), dtype=np.bool_)
    for k, (x, y) in enumerate(places):
        if not (-0.5 <= x <= cols - 0.5 and -0.5 <= y <= rows - 0.5):
            continue
        top, left = max(0, round(y - reach)), max(0, round(x - reach))
        window = usable[top : round(y + reach) + 1, left : round(x + reach) + 1]
        out[k] = window.size > 0 and float(window.mean()) >= _SHOWN
    return out


def search_spots(
    scene: Scene, *, usable: Bools, known: Spots | None = None, rounds: int = _ROUNDS
) -> Spots:
    """Find the columns of a scene.

    Parameters
    ----------
    scene : Scene
        Its options are those of the fit that confirms spots.
    usable : ndarray of bool, shape (rows, columns)
        Pixels that show the scene: `scene.valid` and the saturated ones.
    known : Spots, optional
        What an earlier search of the scene found.
    rounds : int
        Most searches of the residual.
    """
    options = scene.options
    if options.width == "column":
        options = replace(options, width="shared")
    # least squares: counts may have a smooth background subtracted
    scene = replace(
        scene,
        options=replace(options, estimator="ls", engine="joint"),
        dose=None,
        most_steps=_STEPS,
    )
    valid, pixels = scene.valid, scene.above
    filled = filled_in(pixels, valid, width=3.0)
    held = options.first_width
    width = known.width if known else held or _typical_width(filled, valid)
    noise = response_noise(filled, width)
    spots = known or Spots(places=np.zeros((0, 2)), hidden=np.zeros((0, 2)), width=width, fit=None)
    residual = filled if known is None or known.fit is None else _residual(scene, known.fit, width)
    typical, apart = 0.0, 1.5 * width
    if len(spots.places) > 2:
        apart = max(apart, NEAREST * _gap(spots.places))
    for _ in range(rounds):
        found, response = spot_maxima(residual, width, apart)
        floor = (SIGNIFICANCE - 1.0) * noise[found[:, 1], found[:, 0]]
        if len(spots.places) == 0:
            strong = response[(response > floor) & (response > 0.1 * _top(response, floor))]
            typical = float(np.median(strong)) if len(strong) else 0.0
            typical = max(typical, 1e-9 * float(np.max(np.abs(residual))))
        else:
            floor = np.maximum(
                floor, MISFIT * residual_level(residual, width, apart)[found.T[1], found.T[0]]
            )
        chosen = (response > floor) & (response > LEAST * typical)
        chosen &= shown(found.astype(np.float64), usable, width=width)
        new = found[chosen].astype(np.float64)
        owned = np.concatenate([spots.places, spots.hidden])
        if len(owned) and len(new):
            new = new[cKDTree(owned).query(new)[0] >= apart]
        if len(new) == 0:
            break
        before = len(spots.places)
        candidates = np.concatenate([spots.places, new])
        if len(candidates) > 2:
            apart = max(apart, NEAREST * _gap(candidates))
        confirmed = _confirmed(scene, candidates, spots.left, width, apart=apart, usable=usable)
        if not _settled(confirmed) and before == 0:
            sure = found[chosen & (response > SURE * typical)].astype(np.float64)
            again = _confirmed(scene, sure, spots.left, width, apart=apart, usable=usable)
            confirmed = again if _settled(again) else confirmed
        spots = confirmed
        if spots.fit is None:
            break
        width = spots.width
        residual = _residual(scene, spots.fit, width)
        if len(spots.places) <= before:
            break
    spots = _with_holes(scene, spots, apart=apart, usable=usable)
    order = np.lexsort((spots.places[:, 0], spots.places[:, 1]))
    return replace(spots, places=spots.places[order])


def _with_holes(scene: Scene, spots: Spots, *, apart: float, usable: Bools) -> Spots:
    """Columns of a search, and those that stand in holes of their arrangement.

    At few counts a part of the columns does not reach the level that keeps noise out of a whole
    image; light that none owns would go into width and background.
    """
    if spots.fit is None or len(spots.places) < _FEWEST_AROUND:
        return spots
    empty = holes(spots.places, Visible(usable, reach=REACH * spots.width))
    if len(empty):
        empty = empty[shown(empty, usable, width=spots.width)]
    if not len(empty):
        return spots
    filled = _confirmed(
        scene, np.concatenate([spots.places, empty]), spots.left, spots.width, apart=apart,
        usable=usable, expected=len(empty),
    )  # fmt: skip
    return filled if _settled(filled) else spots


def _settled(spots: Spots) -> bool:
    return spots.fit is not None and not bool(
        ((spots.fit.table["flags"].to_numpy() & flags.NOT_CONVERGED) != 0).all()
    )


def _confirmed(
    scene: Scene,
    candidates: Floats,
    left: Floats,
    width: float,
    *,
    apart: float,
    usable: Bools,
    expected: int = 0,
) -> Spots:
    """Candidates that a joint fit confirms; those that it did not bring to an end are kept.

    The last `expected` ones stand where the arrangement of the others leads.
    """
    kept = candidates
    last = False
    while True:
        visible = Visible(usable, reach=REACH * width)
        # Continued anew each time: places that follow the noise would make room for more.
        beyond = left
        if len(kept) + len(left):
            far = continued_places(np.concatenate([kept, left]), visible, reach=REACH * width)
            beyond = np.concatenate([left, far])
        fit = fit_scene(scene, kept, beyond, width=width)
        if len(fit.modelled) == 0:
            none = np.zeros((0, 2))
            return Spots(places=none, hidden=beyond, width=width, fit=None, left=left)
        width = float(np.median(fit.model.sigma))
        if last:
            break
        kept, left = _kept(
            fit, len(kept), len(left), apart=apart, usable=usable, width=width, expected=expected
        )
        last = True
    places = kept.copy()
    rows = fit.modelled[fit.modelled < len(kept)]
    places[rows] = np.column_stack([fit.model.x, fit.model.y])[fit.modelled < len(kept)]
    return Spots(places=places, hidden=beyond, width=width, fit=fit, left=left)


def _kept(
    fit: ColumnFit, n: int, n_left: int, *, apart: float, usable: Bools, width: float, expected: int
) -> tuple[Floats, Floats]:
    """Places of confirmed columns, and of those found before whose centre is not shown.

    Rows of the fit are `n` candidates, the `n_left` ones that left what is shown, and those that
    continue the arrangement.
    """
    bits = fit.table["flags"].to_numpy()[fit.modelled]
    error = fit.table["height_err"].to_numpy()[fit.modelled]
    places = np.column_stack([fit.model.x, fit.model.y])
    height = fit.model.height
    seen = shown(places, usable, width=width)
    given = fit.modelled < n
    good = given & ((bits & (flags.NEGATIVE_HEIGHT | flags.AT_BOUND)) == 0) & (height > 0)
    if good.any():
        tall = float(np.median(height[good]))
        in_hole = fit.modelled >= n - expected
        least = np.where(in_hole, _HIGH_IN_HOLE, LEAST)
        significance = np.where(in_hole, _IN_HOLE, SIGNIFICANCE)
        good &= (height > least * tall) & ~(height < significance * error)
    # a hidden column that turned out to be shown is one
    promoted = ~given & seen & (height > SIGNIFICANCE * error)
    if good.any():
        promoted &= height > 0.3 * float(np.median(height[good]))
    good |= promoted
    taken = strongest_apart(places[good], height[good], apart=0.8 * apart)
    taken_places = places[good][taken]
    still_left = ~given & (fit.modelled < n + n_left) & ~promoted
    inside = shown(taken_places, usable, width=width) if len(taken) else np.zeros(0, np.bool_)
    return taken_places[inside], np.concatenate([taken_places[~inside], places[still_left]])


def _residual(scene: Scene, fit: ColumnFit, width: float) -> Floats:
    return filled_in(
        np.where(scene.valid, fit.residual(scene.above), 0.0), scene.valid, width=width
    )


def filled_in(image: Floats, valid: Bools, *, width: float) -> Floats:
    """Image whose unusable pixels take the mean of the usable ones around."""
    if valid.all():
        return image
    out = np.where(valid, image, float(np.median(image[valid])))
    for scale in (16.0 * width, 4.0 * width, width):
        weight = gaussian_filter(valid.astype(np.float64), scale, mode="constant", truncate=3.0)
        mean = gaussian_filter(np.where(valid, image, 0.0), scale, mode="constant", truncate=3.0)
        near = ~valid & (weight > 0.05)
        out[near] = mean[near] / weight[near]
    return out


def _gap(places: Floats) -> float:
    return float(np.median(np.asarray(cKDTree(places).query(places, k=2)[0])[:, 1]))


def _top(response: Floats, floor: Floats) -> float:
    """Response of a strong spot: large, and not the largest, which may be anything."""
    above = np.sort(response[response > floor])[::-1]
    if not len(above):
        return 0.0
    rank = max(_TOP_NUMBER, int(np.ceil(_TOP_PART * len(above))))
    return float(above[min(rank, len(above)) - 1])


def _typical_width(image: Floats, valid: Bools) -> float:
    """Scale [px] at which bright spots respond most; of several the smallest that counts."""
    scales: Floats = np.geomspace(1.0, max(1.5, min(image.shape) / 8), _SCALES)
    strength = np.zeros(_SCALES)
    for k, scale in enumerate(scales):
        spots, response = spot_maxima(image, float(scale), 1.5 * float(scale))
        usable = valid[spots[:, 1], spots[:, 0]]
        spots, response = spots[usable], response[usable]
        noise = response_noise(image, float(scale))[spots[:, 1], spots[:, 0]]
        strong = response > 0.5 * _top(response, 4.0 * noise)
        if strong.any():
            excess = response[strong] - 4.0 * noise[strong]
            strength[k] = float(np.mean(np.clip(excess, 0.0, None)))
    inner = np.flatnonzero((strength[1:-1] >= strength[:-2]) & (strength[1:-1] > strength[2:])) + 1
    if len(inner):
        counts = inner[strength[inner] >= 0.6 * strength[inner].max()]
        return float(scales[counts[0]])
    return float(scales[int(np.argmax(strength))])
