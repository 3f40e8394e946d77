"""Assessing one image: its noise, restoration, draws and changes, one after another."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.assessment.assessment import Assessment, AssessOptions
from bench.assessment.column_fits import ColumnFitting
from bench.assessment.edits import Edit, planned_edits
from bench.assessment.errors.column_errors import column_errors
from bench.assessment.errors.shared_scs import shared_scs
from bench.assessment.evidence.assumed_noise import assumed_noise
from bench.assessment.evidence.halves import (
    HalfComparison,
    compare_halves,
    intensity_kept,
    thinned_halves,
    whiteness,
)
from bench.assessment.evidence.image_noise import ImageNoise, estimate_noise
from bench.assessment.evidence.local_light import local_light
from bench.assessment.evidence.support import (
    Support,
    compare_support,
    held_columns,
    support_threshold,
)
from bench.assessment.injected import InjectedDraw, injected_changes
from bench.assessment.noise_draws import NoiseDraws, lines_note
from bench.assessment.restorations import (
    Drawn,
    Draws,
    Restored,
    UsedRestorer,
    clipped_truth,
    restore_draw,
    restore_image,
)
from bench.assessment.trust import trust_in
from bench.own_images.fit_words import saturation_cautions
from bench.own_images.values.pixel_values import ElectronScale
from reports import seconds_text
from restore import RestorerMetadata, metadata_of
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.independent_work import Executor

if TYPE_CHECKING:
    from fitting import OwnImageFit

#: Fewest columns whose median says anything.
FEWEST_COLUMNS: Final = 4
#: Columns of two halves are one within this part of the spacing.
_SAME: Final = 0.4
#: Side of the places whose light is compared, in spacings.
_PLACE: Final = 2.0
#: Negative light above which it is said.
_MUCH: Final = 0.01
#: Purposes of random generators.
_EDITS, _HALVES = 1, 2


def assess_image(
    image: Floats,
    *,
    sampling: float,
    options: AssessOptions,
    executor: Executor,
    say: Callable[[str], None],
    announce: Callable[[float], None] = lambda _: None,
    advance: Callable[[], None] = lambda: None,
) -> Assessment:
    """Assess the numbers that a restorer leaves in one image.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Values of the file, all finite.
    sampling : float
        Å/px.
    options : AssessOptions
    executor : Executor
        Does the restorations; the result does not depend on how many there work.
    say : callable
        Called with sentences on what is going on, the time that it will take among them.
    announce, advance : callable
        Called with the number of restorations, and after each.

    Returns
    -------
    Assessment

    Raises
    ------
    InputError
        If the restorer, the values or the noise of the image cannot be used, or the restored image
        shows too few columns.
    """
    begin = time.perf_counter()
    metadata = metadata_of(options.restorer)
    raw_fit = _fit(image, sampling=sampling)
    if raw_fit.inverted:
        raise InputError("the columns of this image look dark; only bright ones are assessed")
    noise = _noise(image, raw_fit, sampling=sampling, options=options)
    scale = ElectronScale(gain=noise.gain.value, offset=noise.offset.value)
    seen, note = _seen_scale(noise, metadata, options=options, sampling=sampling)
    notes = [note, lines_note(noise), *_cut_off(raw_fit)]
    restorer = UsedRestorer(spec=options.restorer, seen=seen, sampling=sampling)
    first: Restored = _only(executor, restore_image, (restorer, image))
    notes += first.said
    fit = _fit(first.image, sampling=sampling)
    fitting = ColumnFitting.of(fit, sampling=sampling)
    if fitting.reported < FEWEST_COLUMNS:
        raise InputError(
            f"{fitting.reported} columns were found in the image that {metadata.name} restored;"
            f" an assessment needs {FEWEST_COLUMNS}: give another --roi"
        )
    held = held_columns(image, raw_fit, fit, sampling=sampling)
    power = noise.power(held.model)
    support = compare_support(image, raw_fit, fit, power=power, sampling=sampling, held=held)
    _require_support(support, held.width, raw_fit, restorer=metadata.name)
    notes.append(_shared_noise(support))
    truth, negative = clipped_truth(scale.electrons(first.image))
    if negative > _MUCH:
        notes.append(
            f"negative values, {negative:.1%} of the light of the restored image, were taken for"
            " none: such an image cannot be counted"
        )
    draws = Draws(
        restorer=restorer,
        truth=truth,
        scale=scale,
        columns=fitting.fitted(scale.values(truth)),
        fitting=fitting,
        noise=NoiseDraws.of(
            noise,
            sampling=sampling,
            vertical=options.fast_axis == "vertical",
            seed=options.seed,
        ),
    )
    edits = _all_edits(draws, options)
    total = 2 * options.draws + (2 if noise.determined else 0)
    # What comes first is slower than all others: networks are built and functions compiled in it.
    done = _drawn(draws, edits, (0,), executor)
    second = _drawn(draws, edits, (1,), executor)
    done |= second
    each = float(np.mean([one.seconds for one in second.values()]))
    seconds = each * (total - len(done)) / executor.workers
    say(
        f"{total} restorations of {image.shape[0]} x {image.shape[1]} px by {metadata.name} take"
        f" about {seconds_text(float(f'{seconds:.2g}'))} on {executor.workers}"
        f" process{'' if executor.workers == 1 else 'es'}"
    )
    announce(float(total))
    for _ in done:
        advance()
    halves, note = _halves(
        image, noise, restorer, executor, options=options, spacing=fitting.spacing, advance=advance
    )
    notes.append(note)
    done |= _drawn(draws, edits, range(2, options.draws), executor, advance)
    plain, changed = (
        [done[number, which] for number in range(options.draws)] for which in (False, True)
    )
    notes += [sentence for one in (*plain, *changed) for sentence in one.said]
    injected, raw_injected = (
        injected_changes(
            draws.columns,
            [
                InjectedDraw(
                    edits=edit,
                    before=getattr(before, which),
                    after=getattr(after, which),
                )
                for edit, before, after in zip(edits, plain, changed, strict=True)
            ],
        )
        for which in ("restored", "raw")
    )
    errors, raw_errors = (
        column_errors(draws.columns, [getattr(one, which) for one in plain], sampling=sampling)
        for which in ("restored", "raw")
    )
    shared = shared_scs(
        draws.columns,
        [one.restored for one in plain],
        towards_raw=fitting.step_of_scs(scale.values(truth), image),
        drawn_towards_raw=[one.towards_raw for one in plain if one.towards_raw is not None],
    )
    errors = replace(errors, scs=shared.within(errors.scs))
    supported = np.ones(len(fit.table), dtype=np.bool_)
    supported[support.drawn_without_support] = False
    supported[support.undecided] = False
    supported = supported[fitting.rows]
    return Assessment(
        image=image,
        restored=first.image,
        sampling=sampling,
        restorer=metadata,
        options=options,
        scale=scale,
        noise=noise,
        fit=fit,
        fitting=fitting,
        columns=draws.columns,
        errors=errors,
        raw_errors=raw_errors,
        shared=shared,
        injected=injected,
        raw_injected=raw_injected,
        support=support,
        supported=supported,
        removed=raw_fit.table[["x", "y"]].to_numpy()[support.removed_with_support],
        halves=halves,
        whiteness=(
            whiteness(image - first.image, raw_fit.valid, variance=noise.variance(held.model))
            if noise.determined
            else None
        ),
        intensity=intensity_kept(
            image, first.image, raw_fit.valid, power=power, offset=scale.offset
        ),
        light=local_light(
            image,
            first.image,
            raw_fit.valid,
            power=power,
            size=round(_PLACE * fitting.spacing),
            offset=scale.offset,
            dispersion=support.dispersion * support.shared,
        ),
        trust=trust_in(errors, injected, supported=supported),
        notes=tuple(dict.fromkeys(note for note in notes if note)),
        seconds=time.perf_counter() - begin,
    )


def _require_support(support: Support, width: float, raw: "OwnImageFit", *, restorer: str) -> None:
    """Refuse a restored image none of whose columns is more than noise of the raw one makes.

    Its columns stand where noise of the raw image is largest: that is looked for everywhere.
    """
    shown = support.table[support.table["source"] != "raw"]
    least = support_threshold(float(np.count_nonzero(raw.valid)), width=width)
    if not (shown["ratio"] >= least).any():
        raise InputError(
            f"the raw image supports none of the {len(shown)} columns in the image that"
            f" {restorer} restored: noise alone makes what is there; give a --roi with columns, or"
            " an image of more light"
        )


def _shared_noise(support: Support) -> str:
    """Say that noise is larger at the size of columns than its single pixels tell, or ''."""
    if support.shared == 1.0:
        return ""
    return (
        f"neighbouring pixels share noise: at the size of columns it has {support.shared:.2g} times"
        " the variance of independent pixels, which decides what the raw image supports and where"
        " light was lost; scatter is drawn without it"
    )


def _cut_off(fit: "OwnImageFit") -> list[str]:
    """What it means that the image is cut off at its largest value; nothing if it is not."""
    return [
        f"{caution}. The draws are not cut off: their errors are without that"
        for caution in saturation_cautions(fit)
    ]


def _fit(image: Floats, *, sampling: float) -> "OwnImageFit":
    from fitting import fit_own_image

    return fit_own_image(image, sampling=sampling)


def _noise(
    image: Floats, fit: "OwnImageFit", *, sampling: float, options: AssessOptions
) -> ImageNoise:
    """Noise of the image; what the user says of the values is taken as given."""
    said = options.values.scale(sampling=sampling)
    noise = estimate_noise(
        image,
        fit,
        sampling=sampling,
        given_gain=None if said is None else said.gain,
        given_offset=None if said is None else said.offset,
        fast_axis=options.fast_axis,
    )
    if np.isfinite(noise.gain.value) and np.isfinite(noise.offset.value):
        return noise
    return assumed_noise(image, fit, noise, fast_axis=options.fast_axis)


def _seen_scale(
    noise: ImageNoise, metadata: RestorerMetadata, *, options: AssessOptions, sampling: float
) -> tuple[ElectronScale, str]:
    """Scale by which the restorer sees the image, as `stembench restore` would give it."""
    said = options.values.scale(sampling=sampling)
    if said is not None:
        return said, ""
    if metadata.scales_with_counts is not False:
        return ElectronScale(gain=1.0, offset=0.0), ""
    if not noise.determined:
        raise InputError(
            f"{metadata.name} takes values for electrons per pixel, and how many electrons a grey"
            f" level is worth is not determined: {noise.reason}; give --gain and --offset, or"
            " --counts if values are electrons"
        )
    return ElectronScale(gain=noise.gain.value, offset=noise.offset.value), (
        f"{metadata.name} is given electrons by the estimated gain and offset; give --gain"
        f" {noise.gain.value:.3g} --offset {noise.offset.value:.4g} to stembench restore likewise"
    )


def _all_edits(draws: Draws, options: AssessOptions) -> list[tuple[Edit, ...]]:
    rows, cols = draws.truth.shape
    edits = [
        planned_edits(
            draws.columns,
            (rows, cols),
            spacing=draws.fitting.spacing,
            sampling=draws.fitting.sampling,
            number=number,
            rng=np.random.default_rng([options.seed, _EDITS, number]),
        )
        for number in range(options.draws)
    ]
    if not any(edits):
        raise InputError(
            "no column lies far enough from the rim of the region to be changed; give a larger"
            " --roi"
        )
    return edits


def _drawn(
    draws: Draws,
    edits: list[tuple[Edit, ...]],
    numbers: Iterable[int],
    executor: Executor,
    advance: Callable[[], None] = lambda: None,
) -> dict[tuple[int, bool], Drawn]:
    """Draws of some numbers, as they are and changed, by number and whether they are changed."""
    tasks = [
        ((number, changed), (draws, number, edits[number] if changed else None))
        for number in numbers
        for changed in (False, True)
    ]
    done: dict[tuple[int, bool], Drawn] = {}
    for key, result in executor.completed(restore_draw, tasks):
        done[key] = result
        advance()
    return done


def _halves(
    image: Floats,
    noise: ImageNoise,
    restorer: UsedRestorer,
    executor: Executor,
    *,
    options: AssessOptions,
    spacing: float,
    advance: Callable[[], None],
) -> tuple[HalfComparison | None, str]:
    """Compare the columns of the two restored halves of the counts, or say why not."""
    if not noise.determined:
        return None, ""
    scale = ElectronScale(gain=noise.gain.value, offset=noise.offset.value)
    try:
        parts = thinned_halves(
            scale.electrons(image), np.random.default_rng([options.seed, _HALVES])
        )
    except InputError as error:
        return None, f"the counts were not halved: {error}"
    tasks = [(number, (restorer, scale.values(half))) for number, half in enumerate(parts)]
    tables = {}
    for number, restored in executor.completed(restore_image, tasks):
        tables[number] = _fit(restored.image, sampling=restorer.sampling).table
        advance()
    reach = _SAME * spacing
    return compare_halves(tables[0], tables[1], sampling=restorer.sampling, reach=reach), ""


def _only(executor: Executor, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    ((_, result),) = executor.completed(function, [(0, arguments)])
    return result
