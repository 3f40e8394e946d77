"""Images of a comparison: where the two sides differ most, seen and in numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.gate.comparability import not_comparable
from reports.gate.evidence import Evidence
from reports.page.viewer.scenes import Scene, Shot, kept_shot, scene_of, webp_of
from reports.records.run_folder import Run
from reports.summaries.per_realization import CellKey
from reports.words.numbers import dose_text
from stembench.arrays import Floats

#: Names of the pictures of the two sides in a scene.
OLD: Final = "old"
NEW: Final = "new"
#: Grey levels of the scene at which a difference has its full colour, as in the viewer.
_FULL: Final = 64
#: Raw images of one noise are the same but for round-off, as a share of the noise-free range.
_SAME: Final = 1e-4
#: Images that differ by less, in the same share, are the same but for round-off of 32 bits.
_ROUND_OFF: Final = 1e-5

#: ``restored(run, case, dose, raw)`` restores the raw example image of a run, in fractions of the
#: beam, by the old side again.
Restoring = Callable[[Run, str, float, Floats], Floats]


@dataclass(frozen=True, kw_only=True)
class DifferingImage:
    """One image at one dose, restored by both sides.

    Attributes
    ----------
    scene : Scene
        Noise-free, raw where it was kept, `OLD` and `NEW`.
    difference : bytes
        WebP of new less old: red is brighter, blue darker.
    apart, old_off, new_off : float
        Root mean square over pixels of new less old, and of each less noise-free, as a share of the
        range of the noise-free image.
    again : bool
        Whether the old image was restored again for this page.
    """

    scene: Scene
    difference: bytes
    apart: float
    old_off: float
    new_off: float
    again: bool

    @property
    def sentence(self) -> str:
        """Where it is and how far the two are apart."""
        where = f"{self.scene.case}, {self.scene.image}, {dose_text(self.scene.dose)} e/Å²"
        if self.apart < _ROUND_OFF:
            return f"{where}: new and old are the same."
        return (
            f"{where}: new and old differ by {100 * self.apart:.2g} % of the noise-free image's"
            f" range (rms); old is {100 * self.old_off:.2g} % off it, new"
            f" {100 * self.new_off:.2g} %."
        )


def differing_images(
    pairs: Sequence[tuple[Evidence, Evidence]],
    *,
    restored: Restoring | None = None,
    most: int = 12,
) -> tuple[DifferingImage, ...]:
    """Images that both sides restored from the same noise, those that differ most first.

    Parameters
    ----------
    pairs : sequence of (Evidence, Evidence)
        Old and new.
    restored : callable, optional
        Restores raw images of the new side by the old one, where that is a baseline file, which
        holds no images.
    most : int
        How many at most.

    Returns
    -------
    tuple of DifferingImage
        Without those that cannot be compared; empty where images were not kept.
    """
    found = []
    for old, new in pairs:
        for key in sorted(old.cells):
            if key in new.cells and not not_comparable(old, new, key=key):
                both = _both(old, new, key, restored=restored)
                if both is not None:
                    found.append((old, new, both))
    found.sort(key=lambda three: -three[2].apart)
    shown = (_shown(*three, named=len(pairs) > 1) for three in found[:most])
    return tuple(one for one in shown if one is not None)


@dataclass(frozen=True, kw_only=True)
class _Both:
    """Images of one realization by both sides."""

    run: Run
    key: CellKey
    clean: Floats
    raw: Shot | None
    old: Shot
    new: Shot
    again: bool

    def off(self, one: Floats, other: Floats) -> float:
        """Root mean square of a difference, as a share of the range of the noise-free image."""
        return _rms(one - other) / float(np.ptp(self.clean))

    @property
    def apart(self) -> float:
        return self.off(self.new.pixels, self.old.pixels)


def _both(
    old: Evidence, new: Evidence, key: CellKey, *, restored: Restoring | None
) -> _Both | None:
    run = new.run
    if run is None:
        return None
    case, image, dose = key
    clean = run.examples.clean(case, image)
    after = kept_shot(run, case, image, dose, restorer=new.restorer)
    if after is None or clean is None:
        return None
    raw = _raw(run, key)
    before = None
    if old.run is not None:
        if raw is not None and not _same_noise(old.run, raw, key, span=float(np.ptp(clean))):
            return None
        before = kept_shot(old.run, case, image, dose, restorer=old.restorer)
    elif restored is not None and raw is not None:
        pixels = restored(run, case, dose, raw.pixels)
        before = Shot(name=OLD, label=f"{old.restorer}, restored again", pixels=pixels)
    if before is None or not before.pixels.shape == after.pixels.shape == clean.shape:
        return None
    return _Both(
        run=run, key=key, clean=clean, raw=raw, old=before, new=after, again=old.run is None
    )


def _shown(old: Evidence, new: Evidence, both: _Both, *, named: bool) -> DifferingImage | None:
    case, image, dose = both.key
    shots = [
        Shot(name=name, label=f"{name}: {shot.label}", pixels=shot.pixels, fitted=shot.fitted)
        for name, shot in ((OLD, both.old), (NEW, both.new))
    ]
    if both.raw is not None:
        shots.insert(0, both.raw)
    scene = scene_of(
        both.run, case=case, image=image, dose=dose, shots=shots,
        title=f"{both.run.title(case)} ({old.restorer} / {new.restorer})" if named else "",
    )  # fmt: skip
    if scene is None:
        return None
    return DifferingImage(
        scene=scene,
        difference=webp_of(_coloured(both.new.pixels - both.old.pixels, scene)),
        apart=both.apart,
        old_off=both.off(both.old.pixels, both.clean),
        new_off=both.off(both.new.pixels, both.clean),
        again=both.again,
    )


def _raw(run: Run, key: CellKey) -> Shot | None:
    name = run.restorers.raw(run.restorers.by_name)
    return kept_shot(run, *key, restorer=name) if name else None


def _same_noise(run: Run, raw: Shot, key: CellKey, *, span: float) -> bool:
    """Whether a run kept the same realization; that of runs without raw rests on their seed."""
    kept = _raw(run, key)
    if kept is None:
        return True
    return kept.pixels.shape == raw.pixels.shape and _rms(kept.pixels - raw.pixels) < _SAME * span


def _coloured(difference: Floats, scene: Scene) -> NDArray[np.uint8]:
    """White where two images agree, red where the second is brighter, blue where it is darker."""
    share = np.clip(difference / (scene.white - scene.black) * 255 / _FULL, -1, 1)
    fade = np.rint(255 * (1 - np.abs(share)))
    red = np.where(share > 0, 255, fade)
    blue = np.where(share > 0, fade, 255)
    return np.stack([red, fade, blue], axis=-1).astype(np.uint8)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
