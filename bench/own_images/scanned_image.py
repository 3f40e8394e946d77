"""Fitting a user's image together with the displacements of its scan lines."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from stembench.arrays import Bools, Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from fitting import ColumnFit, FitOptions, LineEstimate, ScanModel, ScanResult

OFF: Final = "off"
ESTIMATED: Final = "auto"
#: Standard deviation of the weak lattice prior [Å].
WEAK: Final = 0.1
#: Fewest columns that tell the distance of neighbours.
_FEW: Final = 3
_ANGSTROM: Final = {"pm": 0.01, "nm": 10.0, "Å": 1.0, "A": 1.0}
_PICTURES: Final = (".png", ".pdf", ".svg")


@dataclass(frozen=True, kw_only=True)
class ScanChoice:
    """What a command says of the scan, as text.

    Attributes
    ----------
    scan : str
        'off', 'auto', or standard deviation [Å] and correlation as ``0.15,0.6``.
    lattice_prior : str
        'off', 'weak', or a length such as ``10pm``.
    fast_axis : str
        Direction of the lines, 'horizontal' or 'vertical'.
    figure : Path or None
        Picture to write.
    """

    scan: str = OFF
    lattice_prior: str = OFF
    fast_axis: str = "horizontal"
    figure: Path | None = None

    def model(self) -> "ScanModel | None":
        """Return the scan model that is meant; None for 'off'.

        Raises
        ------
        InputError
            If a text cannot be read or a value is impossible.
        """
        from fitting import ScanModel

        if self.fast_axis not in ("horizontal", "vertical"):
            raise InputError(f"--fast-axis is horizontal or vertical, not '{self.fast_axis}'")
        if self.figure is not None and self.figure.suffix.lower() not in _PICTURES:
            raise InputError(
                f"{self.figure} cannot be drawn; name a {', '.join(_PICTURES)} file for "
                "--scan-figure"
            )
        if self.scan == OFF:
            for option, given in (
                ("--lattice-prior", self.lattice_prior != OFF),
                ("--fast-axis vertical", self.fast_axis == "vertical"),
                ("--scan-figure", self.figure is not None),
            ):
                if given:
                    raise InputError(f"{option} belongs to a scan fit; add --scan auto")
            return None
        sigma, phi = _statistics(self.scan)
        return ScanModel(
            sigma_x=sigma,
            sigma_y=sigma,
            phi_x=phi,
            phi_y=phi,
            lattice_prior=_length(self.lattice_prior),
        )


def _statistics(text: str) -> tuple[float | None, float | None]:
    if text == ESTIMATED:
        return None, None
    try:
        sigma, phi = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            "--scan takes auto, off, or the standard deviation in Å and the correlation of the "
            f"lines' displacements, such as 0.15,0.6; not '{text}'"
        ) from error
    return sigma, phi


def _length(text: str) -> float | None:
    """Read a length as Å; None for 'off'."""
    if text == OFF:
        return None
    if text == "weak":
        return WEAK
    number = text.rstrip("pmnÅA").strip()
    unit = text[len(number) :].strip()
    try:
        return float(number) * _ANGSTROM[unit]
    except (ValueError, KeyError) as error:
        raise InputError(
            "--lattice-prior takes off, weak, or a length with its unit, such as 10pm or 0.1Å; not "
            f"'{text}'"
        ) from error


def require_lines(shape: tuple[int, ...], choice: ScanChoice) -> None:
    """Check that an image (h, w) has lines enough.

    Raises
    ------
    InputError
    """
    from fitting import LEAST_LINES

    number = shape[1 if choice.fast_axis == "vertical" else 0]
    if number < LEAST_LINES:
        raise InputError(
            f"a scan fit needs at least {LEAST_LINES} lines, and the image has {number}; give "
            "--scan off"
        )


def columns_of_frames(frames: Floats) -> Floats:
    """Search the frames of one scene for its columns, shape (n, 2) in the first frame [px].

    One frame of many has little light: its columns tell the distance to align the frames by, and
    all columns are searched for in the aligned mean.

    Parameters
    ----------
    frames : ndarray, shape (k, h, w)
    """
    from fitting import LARGEST_DRIFT, align_frames, find_columns, median_spacing

    found = find_columns(frames[0])
    if len(frames) == 1:
        return found
    # Jitter and drift blur the plain mean, which still shows the lattice where one frame does not.
    known = found if len(found) >= _FEW else find_columns(np.nanmean(frames, axis=0))
    if len(known) < _FEW:
        return found
    aligned = align_frames(frames, reach=LARGEST_DRIFT * median_spacing(known))
    return find_columns(aligned.mean)


@dataclass(frozen=True, kw_only=True)
class ScannedFit:
    """A fit of columns and scan lines.

    Attributes
    ----------
    fitted : ColumnFit
        In the frame of the lines: transposed where they run vertically.
    scan : ScanResult
        Its lines.
    lines : ndarray, shape (frames, h, w)
        What was fitted, its lines along the last axis.
    model : ScanModel
    sampling : float
        Å/px.
    turned : bool
        Whether the lines run vertically in the image.
    """

    fitted: "ColumnFit" = field(repr=False)
    scan: "ScanResult" = field(repr=False)
    lines: Floats = field(repr=False)
    model: "ScanModel"
    sampling: float
    turned: bool

    @property
    def table(self) -> pd.DataFrame:
        """Table of the columns, in the axes of the image."""
        return _swapped(self.fitted.table) if self.turned else self.fitted.table

    @property
    def line_table(self) -> pd.DataFrame:
        """Table of the lines (`line_table`), in the axes of the image."""
        names = ("dy", "dx") if self.turned else ("dx", "dy")
        return line_table(self.scan, names, sampling=self.sampling)

    def draw(self, path: Path, *, name: str) -> None:
        """Write a picture of the lines and of the straight image, which it calls `name`."""
        from fitting import straighten
        from reports import write_displacement_figure

        write_displacement_figure(
            path,
            self.lines[0],
            straighten(self.lines, self.scan.displacements),
            displacements=self.scan.displacements[0],
            errors=self.scan.errors[0],
            sampling=self.sampling,
            turned=self.turned,
            name=name,
        )

    @property
    def cautions(self) -> list[str]:
        """What a user should know before trusting the numbers."""
        lost = [] if self.scan.converged else ["the scan fit did not converge"]
        return [*self.scan.warnings, *lost]


def fit_scanned(
    images: Floats,
    start: Floats,
    *,
    choice: ScanChoice,
    model: "ScanModel",
    options: "FitOptions",
    sampling: float,
    dose: float | None,
    mask: Bools | None = None,
) -> ScannedFit:
    """Fit columns and lines.

    Parameters
    ----------
    images : ndarray, shape (frames, h, w)
        Frames of one scene.
    start : ndarray, shape (n, 2)
        Start positions (x, y) [px].
    choice : ScanChoice
    model : ScanModel
        ``choice.model()``.
    options : FitOptions
    sampling : float
        Å/px.
    dose : float or None
        e/Å² of a frame.
    mask : ndarray of bool, shape (h, w), optional
        True where a pixel is left out.

    Raises
    ------
    InputError
        If the image does not suit a scan fit.
    """
    from fitting import fit_columns

    if options.engine == "lmfit":
        raise InputError("--engine lmfit knows no scan lines; leave it out, or give --scan off")
    turned = choice.fast_axis == "vertical"
    lines = images.transpose(0, 2, 1) if turned else images
    fitted = fit_columns(
        lines,
        start[:, ::-1] if turned else start,
        sampling=sampling,
        options=options,
        dose=dose,
        scan=model,
        mask=mask.T if mask is not None and turned else mask,
    )
    if fitted.scan is None:
        raise InputError("the fit returned no scan lines")
    return ScannedFit(
        fitted=fitted,
        scan=fitted.scan,
        lines=lines,
        model=model,
        sampling=sampling,
        turned=turned,
    )


def line_table(scan: "ScanResult", names: tuple[str, str], *, sampling: float) -> pd.DataFrame:
    """Tabulate the lines: frame, line, displacements and standard errors in px and Å.

    Parameters
    ----------
    scan : ScanResult
    names : tuple of str
        Names in the image's axes of the displacements along and across the lines.
    sampling : float
        Å/px.
    """
    frames, lines, _ = scan.displacements.shape
    columns: dict[str, Any] = {
        "frame": np.repeat(np.arange(frames), lines),
        "line": np.tile(np.arange(lines), frames),
    }
    for unit, scale in (("", 1.0), ("_A", sampling)):
        for ending, values in (("", scan.displacements), ("_err", scan.errors)):
            for name in sorted(names):
                axis = names.index(name)
                columns[f"{name}{ending}{unit}"] = values[..., axis].ravel() * scale
    return pd.DataFrame(columns)


def description(scan: "ScanResult", *, model: "ScanModel") -> list[str]:
    """Sentences on the lines of a scan fit."""
    misfit = (
        f"{scan.misfit:.2f} (1 where the model holds)"
        if np.isfinite(scan.misfit)
        else "not known without --dose"
    )
    sentences = [
        f"{scan.displacements.shape[0] * scan.displacements.shape[1]} lines",
        f"along the lines: {statistics_text(scan.x)}",
        f"across the lines: {statistics_text(scan.y)}",
        f"misfit: {misfit}",
    ]
    if model.lattice_prior is not None:
        measured = (
            " ± ".join(f"{value:.2f}" for value in scan.response[:2])
            if scan.response
            else "not measured; what the prior takes from real displacements is not known"
        )
        sentences.append(
            f"lattice prior: {100 * model.lattice_prior:g} pm about the mean of opposite "
            f"neighbours; passed on of an isolated displacement: {measured}"
        )
        if scan.undrawn:
            sentences.append(
                f"{scan.undrawn} columns have no pair of opposite neighbours and are not drawn; "
                "what is passed on is that of the others"
            )
    return sentences


def statistics_text(axis: "LineEstimate") -> str:
    """Write sigma and phi of the lines along one axis with their intervals."""
    sigma = f"sigma {100 * axis.sigma:.1f} pm"
    phi = f"phi {axis.phi:.2f}"
    if axis.sigma_interval is not None:
        sigma += _interval_text(*(100 * end for end in axis.sigma_interval), digits=1)
    if axis.phi_interval is not None:
        phi += _interval_text(*axis.phi_interval, digits=2)
    return f"{sigma}, {phi}"


def _interval_text(low: float, high: float, *, digits: int) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return " (95 %: not known)"
    return f" (95 %: {low:.{digits}f} to {high:.{digits}f})"


def _swapped(table: pd.DataFrame) -> pd.DataFrame:
    """Table of the transposed image: x and y exchanged, columns in the same order."""
    other = {"x": "y", "y": "x"}
    names = {
        name: other[name[0]] + name[1:]
        for name in table.columns
        if name[0] in other and name[1:2] in ("", "_")
    }
    return table.rename(columns=names)[list(table.columns)]
