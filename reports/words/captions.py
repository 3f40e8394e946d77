"""Declared settings in words: noise, fit, microscope and n of a case."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from cases import Case
from noise import ScanNoise, TemNoise
from reports.metrics.cells import MOST_AT_LIMIT
from reports.names import Restorers
from reports.records.run_folder import Run
from reports.words.numbers import dose_text, plain


def noise_text(noise: Mapping[str, Any]) -> str:
    """Describe the noise chain of a case.

    Parameters
    ----------
    noise : mapping
        ``as_dict()`` of the chain: stages with their parameters, None where left out.

    Returns
    -------
    str
        A phrase; parameters that are not known by name are printed as they are declared.
    """
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


def microscope_text(microscope: Mapping[str, Any]) -> str:
    """Describe the microscope of a case in one phrase."""
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


def fit_text(fit: Mapping[str, Any]) -> str:
    """Describe the fit of a case in one phrase."""
    choices = ", ".join(f"{_symbol(k)} {v}" for k, v in fit.items() if k != "width_factor")
    return (
        f"Gaussian columns started at the true positions ({choices}), their width searched in the "
        "image itself"
    )


def sample_text(rows: pd.DataFrame) -> str:
    """State n of summary rows: realizations times columns per point."""
    if rows.empty:
        return "n = 0"
    realizations, columns = _range(rows["n_realizations"]), _range(rows["n_columns"])
    plural = "" if realizations == "1" else "s"
    return f"n = {realizations} realization{plural} × {columns} columns"


def failure_text(rows: pd.DataFrame, *, restorers: Restorers) -> str:
    """State the largest failure rate of summary rows and where it is."""
    rates = rows[rows["metric"] == "failure_rate"]
    if rates.empty or not (rates["value"] > 0).any():
        return "no fit failed"
    worst = rates.sort_values("value").iloc[-1]
    return (
        f"failed fits up to {plain(100 * worst['value'])} % ({restorers.label(worst['restorer'])}, "
        f"{worst['image']}, {dose_text(worst['dose'])} e/Å²), left out of the errors"
    )


#: What is said of fits that know the scan where they are drawn.
_SCAN_FITS: Final = (
    "Scan fits: raw images fitted with the displacement of every line, told how lines jitter and "
    "trail, which no restorer is. "
)


def case_settings_text(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Put the declared settings of a case in sentences, for the foot of its figure.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records; rows of other cases are ignored.
    case : str
        Name of the case.

    Returns
    -------
    str
    """
    rows = summary[summary["case"] == case]
    names = rows["restorer"].unique()
    beside = run.restorers.beside(names)
    rows = rows[rows["restorer"].isin([*run.restorers.ranked(names), *beside])]
    several = not rows.empty and rows["n_realizations"].max() > 1
    bars = "bars: 95 % confidence intervals over realizations" if several else "no intervals"
    limited = rows[(rows["metric"] == "at_limit_rate") & (rows["value"] > MOST_AT_LIMIT)]
    if len(limited):
        bars += f"; open marks: over {100 * MOST_AT_LIMIT:g} % of the fits ended at a limit"
    return (
        f"{sample_text(rows)} per point; {bars}; {failure_text(rows, restorers=run.restorers)}. "
        f"{case_settings(run.case(case))} {_SCAN_FITS if beside else ''}"
        "Example images: realization 0, each on its own grey scale."
    )


def case_settings(case: Case) -> str:
    """Put noise, fit, microscope and pixel size of a case in sentences."""
    declared = case.as_dict()
    return (
        f"Noise: {noise_text(declared['noise'])}. Fit: {fit_text(declared['fit'])}; errors are "
        "against the fit of the noise-free image. "
        f"Microscope: {microscope_text(declared['microscope'])}; {case.sampling:g} Å/px."
    )


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low}" if low == high else f"{low} to {high}"


def _parameter(stage: str, key: str, value: object) -> str:
    """One parameter in words; one that is not known by name as it is declared."""
    declared = (TemNoise.symbols() | ScanNoise.symbols()).get(stage, {})
    before, after = declared.get(key, (key.replace("_", " "), ""))
    return f"{before} {_number(value)}{after}".strip()


def _symbol(key: str) -> str:
    return key.replace("_", " ")


def _number(value: object) -> str:
    if isinstance(value, float) and np.isfinite(value):
        return f"{value:.4g}"
    return str(value)
