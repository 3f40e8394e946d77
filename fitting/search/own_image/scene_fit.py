"""Fit of columns together with those whose centre no pixel shows."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from fitting import engine, flags
from fitting.engine.problem import Minimum, Problem, nothing_fitted
from fitting.fit import POISSON_FLOOR
from fitting.model import ColumnModel
from fitting.results.column_fit import ColumnFit, tabulate
from fitting.search.own_image.beyond_frame import Visible
from fitting.setup.options import FitOptions
from fitting.setup.start import DRIFT, spacing, trial_widths, usable
from stembench.arrays import Bools, Floats

#: Columns whose centre no pixel shows are modelled up to this many widths from the nearest one.
REACH: Final = 3.2
#: Farther off than this many widths they stay where the columns beside them lead: what light
#: tells of their place and of their height is one number.
_HELD_FROM: Final = 0.8
#: How far they may move otherwise, as a part of the spacing.
_LOOSE: Final = 0.2
#: Half of what a held place may move [px] in lmfit, whose bounds must differ.
_HELD: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Image and what is known of it.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit, columns bright.
    valid : ndarray of bool, shape (rows, columns)
        Pixels that take part.
    sampling : float
        Å/px.
    options : FitOptions
    dose : float or None
        e/Å².
    smooth : ndarray, shape (rows, columns), or None
        Background beside that of the options, subtracted before the fit.
    precision : ndarray, shape (rows, columns), or None
        Weights of least squares, see `fitting.engine.problem.Problem`; None weighs all alike.
    variance : ndarray, shape (rows, columns), or None
        Variance of each pixel for the errors; None takes that of the residual for all.
    most_steps : int or None
        Steps after which a fit ends; None for the engine's own.
    """

    image: Floats
    valid: Bools
    sampling: float
    options: FitOptions
    dose: float | None = None
    smooth: Floats | None = None
    precision: Floats | None = None
    variance: Floats | None = None
    most_steps: int | None = None

    @property
    def above(self) -> Floats:
        """Image above the smooth background; 0 where not valid."""
        above = self.image if self.smooth is None else self.image - self.smooth
        return np.where(self.valid, above, 0.0)


def fit_scene(
    scene: Scene, starts: Floats, hidden: Floats, *, width: float | None = None
) -> ColumnFit:
    """Fit the columns of a scene.

    Parameters
    ----------
    scene : Scene
    starts : ndarray, shape (n, 2)
        Starts (x, y) [px]: the first n rows of the table.
    hidden : ndarray, shape (m, 2)
        Columns whose centre no pixel shows: the last m rows.
    width : float, optional
        Start width [px]; default: that of the options, or searched.
    """
    options, valid = scene.options, scene.valid
    if options.engine == "lmfit" and options.estimator == "ls" and len(hidden):
        return _through_lmfit(scene, starts, hidden, width)
    if width is not None and options.start_width is None:
        options = replace(options, start_width=width)
    places = np.concatenate([starts, hidden])
    first = options.first_width
    trials = (
        trial_widths(places, (valid.shape[0], valid.shape[1]))
        if first is None
        else np.array([first])
    )
    middle = float(np.median(trials))
    known = usable(places, valid, width=middle)
    distance = np.full(len(places), np.inf)
    finite = np.isfinite(places).all(axis=1)
    distance[finite] = Visible(valid, reach=REACH * middle).distance(places[finite])
    near = finite & (distance <= REACH * middle) & ((known & flags.DUPLICATE) == 0)
    is_hidden = np.arange(len(places)) >= len(starts)
    off_frame = (known & flags.OUT_OF_FRAME) != 0
    # What shines in from outside is modelled by few pixels too.
    near &= ((known & flags.NO_DATA) == 0) | is_hidden | off_frame
    known[near] &= ~flags.NO_DATA
    modelled = np.flatnonzero(near)
    known[modelled] &= ~flags.OUT_OF_FRAME
    problem = _problem(
        scene, options, places[modelled], trials=trials,
        outside=(is_hidden | off_frame)[modelled], distance=distance[modelled],
    )  # fmt: skip
    minimum = nothing_fitted(problem) if len(modelled) == 0 else _solve(problem, options)
    return ColumnFit(
        table=tabulate(
            places, known, modelled=modelled, problem=problem, minimum=minimum,
            sampling=scene.sampling,
        ),
        model=problem.model(minimum),
        modelled=modelled,
        status=minimum.message,
        rss=2.0 * minimum.cost,
        background=minimum.background,
        sampling=scene.sampling,
        dose=scene.dose,
        estimator=options.estimator,
        engine=options.engine,
        mask=None if valid.all() else ~valid,
        n_pixels=int(np.count_nonzero(valid)),
        n_parameters=problem.n_parameters,
        steps=minimum.steps,
    )  # fmt: skip


def _through_lmfit(scene: Scene, starts: Floats, hidden: Floats, width: float | None) -> ColumnFit:
    """Fit with lmfit where the joint engine has placed the hidden columns.

    Their light is held as it is there, widths included. At the bounds of hidden columns lmfit,
    which bends bounded parameters, would not come to an end.
    """
    n = len(starts)
    joint = fit_scene(
        replace(scene, options=replace(scene.options, engine="joint")), starts, hidden, width=width
    )
    model, beside = joint.model, joint.modelled >= n
    light = _part(model, beside).image()
    smooth = light if scene.smooth is None else scene.smooth + light
    alone = fit_scene(replace(scene, smooth=smooth), starts, np.zeros((0, 2)), width=width)
    others = _part(model, beside)
    return replace(
        alone,
        table=pd.concat([alone.table, joint.table.iloc[n:]]),
        model=replace(
            alone.model,
            x=np.concatenate([alone.model.x, others.x]),
            y=np.concatenate([alone.model.y, others.y]),
            height=np.concatenate([alone.model.height, others.height]),
            sigma=np.concatenate([alone.model.sigma, others.sigma]),
            species=np.concatenate([alone.model.species, model.species[beside]]),
        ),
        modelled=np.concatenate([alone.modelled, joint.modelled[beside]]),
        n_parameters=joint.n_parameters,
    )


def _part(model: ColumnModel, chosen: Bools) -> ColumnModel:
    """Chosen columns of a model, without its background."""
    return replace(
        model,
        x=model.x[chosen],
        y=model.y[chosen],
        height=model.height[chosen],
        sigma=model.sigma[chosen],
        species=model.species[chosen],
        background=(),
    )


def _problem(
    scene: Scene,
    options: FitOptions,
    places: Floats,
    *,
    trials: Floats,
    outside: Bools,
    distance: Floats,
) -> Problem:
    """State the problem of the modelled columns."""
    bounds, middle = options.bounds, float(np.median(trials))
    gap = spacing(places)
    lone = np.where(np.isfinite(gap), gap, 3.0 * middle / DRIFT)
    drift = DRIFT * lone if bounds.drift is None else np.full(len(places), float(bounds.drift))
    held = _HELD if options.engine == "lmfit" else 0.0
    loose = np.where(distance > _HELD_FROM * middle, held, _LOOSE * lone)
    drift = np.where(outside, np.minimum(drift, loose) if bounds.drift != 0 else drift, drift)
    width_bounds = bounds.width
    electrons = 0.0 if scene.dose is None else scene.dose * scene.sampling**2
    return Problem(
        image=scene.above,
        valid=scene.valid,
        positions=places,
        trial_widths=np.repeat(trials[:, None], len(places), axis=1),
        group=(
            np.zeros(len(places), dtype=np.int64)
            if options.width_mode == "shared"
            else np.arange(len(places), dtype=np.int64)
        ),
        width=options.width_mode,
        background=options.background,
        pixel=options.pixel,
        drift=drift,
        width_bounds=width_bounds,
        height_bounds=bounds.height or (-np.inf, np.inf),
        floor=POISSON_FLOOR / electrons if options.estimator == "poisson" else 0.0,
        electrons=electrons,
        precision=scene.precision if options.estimator == "ls" else None,
        variance=scene.variance,
        most_steps=scene.most_steps,
    )


def _solve(problem: Problem, options: FitOptions) -> Minimum:
    if options.engine == "lmfit":
        return engine.lmfit_engine.solve(problem)
    return engine.joint.solve(problem)
