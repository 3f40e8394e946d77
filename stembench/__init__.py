"""stembench: a quantitative benchmark of STEM image restoration.

From Python: `run`, `report`, `assess`, `fit_columns`, `load_restorer` and the package `cases`. They
are found on first use, so that the import of this package itself costs nothing.

Everything else in it is the ground floor of the project: what every other package stands on. It
imports none of them, but for these names.
"""

from typing import Any

__all__ = ["assess", "cases", "fit_columns", "load_restorer", "report", "run"]


def __getattr__(name: str) -> Any:
    found: Any
    if name == "__version__":
        from stembench.surroundings.program_version import program_version

        found = program_version()
    elif name == "cases":
        import cases as found
    elif name == "load_restorer":
        from restore import load_restorer as found
    elif name == "run":
        from bench.library import run as found
    elif name == "report":
        from bench.library import report as found
    elif name == "assess":
        from bench.library import assess as found
    elif name == "fit_columns":
        from bench.library import fit_columns as found
    else:
        raise AttributeError(f"module 'stembench' has no attribute '{name}'")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
