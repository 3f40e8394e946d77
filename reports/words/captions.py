"""The declared settings in words: noise, fit, microscope and n, from ``run.json`` and records."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from reports.words.numbers import dose_text


def noise_text(noise: Mapping[str, Any] | None) -> str:
    """Describe the noise chain of a case.

    Parameters
    ----------
    noise : mapping or None
        ``noise`` of a case in ``run.json``: stages with their parameters, None where left out.

    Returns
    -------
    str
        A phrase; parameters that are not known by name are printed as they are declared.
    """
    if noise is None:
        return "not declared"
    parts = ["Poisson counting"]
    for stage, settings in noise.items():
        if settings is None:
            continue
        name = stage.replace("_", " ")
        if isinstance(settings, Mapping):
            inner = ", ".join(_parameter(stage, k, v) for k, v in settings.items())
            parts.append(f"{name} ({inner})")
        else:
            parts.append(f"{name} {settings}")
    return " + ".join(parts) if len(parts) > 1 else "Poisson counting alone"


def microscope_text(microscope: Mapping[str, Any] | None) -> str:
    """Describe the microscope of a case in one phrase."""
    if not microscope:
        return "not declared"
    known = {
        "voltage": lambda v: f"{v / 1000:g} kV",
        "semi_convergence": lambda v: f"semi-convergence {v:g} mrad",
        "source_sigma": lambda v: f"source blur σ {v:g} Å",
        "defocus": lambda v: f"defocus {v:g} Å",
    }
    parts = [known[key](value) for key, value in microscope.items() if key in known]
    if "inner" in microscope and "outer" in microscope:
        parts.insert(2, f"detector {microscope['inner']:g} to {microscope['outer']:g} mrad")
    rest = {k: v for k, v in microscope.items() if k not in known and k not in ("inner", "outer")}
    return ", ".join(parts + [f"{_symbol(k)} {_number(v)}" for k, v in rest.items()])


def fit_text(fit: Mapping[str, Any] | None) -> str:
    """Describe the fit of a case in one phrase."""
    if not fit:
        return "not declared"
    choices = ", ".join(f"{_symbol(k)} {v}" for k, v in fit.items())
    return f"Gaussian columns started at the true positions ({choices})"


def sample_text(rows: pd.DataFrame) -> str:
    """State n of summary rows: realizations times columns per point."""
    if rows.empty:
        return "n = 0"
    realizations, columns = _range(rows["n_realizations"]), _range(rows["n_columns"])
    plural = "" if realizations == "1" else "s"
    return f"n = {realizations} realization{plural} × {columns} columns"


def failure_text(rows: pd.DataFrame) -> str:
    """State the largest failure rate of summary rows and where it is."""
    rates = rows[rows["metric"] == "failure_rate"]
    if rates.empty or not (rates["value"] > 0).any():
        return "no fit failed"
    worst = rates.sort_values("value").iloc[-1]
    return (
        f"failed fits up to {100 * worst['value']:.2g} % ({worst['restorer']}, {worst['image']}, "
        f"{dose_text(worst['dose'])} e/Å²), left out of the errors"
    )


def settings_text(info: Mapping[str, Any], rows: pd.DataFrame) -> str:
    """Put the declared settings of a case in sentences, for the foot of its figure.

    Parameters
    ----------
    info : mapping
        The case's part of ``run.json``.
    rows : pandas.DataFrame
        Its summary rows.

    Returns
    -------
    str
    """
    several = not rows.empty and rows["n_realizations"].max() > 1
    bars = "bars: 95 % confidence intervals over realizations" if several else "no intervals"
    return (
        f"{sample_text(rows)} per point; {bars}; {failure_text(rows)}. "
        f"Noise: {noise_text(info.get('noise'))}. Fit: {fit_text(info.get('fit'))}; errors are "
        "against the fit of the noise-free image. "
        f"Microscope: {microscope_text(info.get('microscope'))}; "
        f"{info.get('sampling', float('nan')):g} Å/px. Example images: realization 0, each on its "
        "own grey scale."
    )


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low}" if low == high else f"{low} to {high}"


_POINTS: Mapping[str, tuple[str, str]] = {
    "density": ("density", " per px"), "low": ("lowest response", ""),
    "high": ("highest response", ""), "steps": ("random-walk steps", ""),
}  # fmt: skip
_READOUT: Mapping[str, tuple[str, str]] = {"sigma": ("σ", " e/px")}
#: Stage of a noise chain -> its parameters as (what stands before the number, what after it).
_PARAMETERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "jitter": {
        "sigma_x": ("σx", " Å"), "sigma_y": ("σy", " Å"), "phi_x": ("φx", ""), "phi_y": ("φy", ""),
    },
    "detector": {
        "photons": ("m_c", " photons per electron"), "photon_variance": ("their variance δ_c²", ""),
        "efficiency": ("DQE η", ""), "secondary_gain": ("secondary gain δ", ""),
        "gain": ("tube gain G", ""),
    },
    "fast_scan": {
        "alpha": ("α", " px"), "beta": ("β", " px"), "gamma": ("γ", " px"), "theta": ("θ", " rad"),
        "length": ("", " lags kept, 1 px is one dwell time"),
    },
    "row_lines": {
        "rate": ("pieces per line", ""), "shortest": ("shortest", " px"),
        "longest": ("longest", " px"), "low": ("lowest factor", ""), "high": ("highest factor", ""),
    },
    "black_pixels": _POINTS,
    "zingers": _POINTS,
    "clip": {"level": ("at", " × the clean maximum")},
    "quantisation": {"levels": ("", " levels up to the clean maximum")},
    "mtf": {
        "a": ("share a", ""), "b": ("width b", " of Nyquist"), "c": ("width c", " of Nyquist"),
    },
    "fixed_pattern": {"sigma": ("σ", " of the gain")},
    "dark_current": {
        "mean": ("mean", " e/px"), "sigma": ("σ", " e/px"),
        "hot_fraction": ("hot pixels", " of all"),
    },
    "thermal": _READOUT,
    "flicker": _READOUT,
    "reset": _READOUT,
}  # fmt: skip


def _parameter(stage: str, key: str, value: object) -> str:
    """One parameter in words; one that is not known by name as it is declared."""
    before, after = _PARAMETERS.get(stage, {}).get(key, (key.replace("_", " "), ""))
    return f"{before} {_number(value)}{after}".strip()


def _symbol(key: str) -> str:
    return key.replace("_", " ")


def _number(value: object) -> str:
    if isinstance(value, float) and np.isfinite(value):
        return f"{value:.4g}"
    return str(value)
