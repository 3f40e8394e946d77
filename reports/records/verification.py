"""The verification of a run's fits by another engine: ``verification.json`` in its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reports.records.run_files import Origin
from stembench.describe import as_plain, from_dict
from stembench.errors import InputError
from stembench.sealed_json import check_content, read_json, write_json

VERIFICATION_FILE: Final = "verification.json"


@dataclass(frozen=True, kw_only=True)
class RefittedImage:
    """One image of a run that was fitted once more.

    Attributes
    ----------
    case, image, restorer : str
    dose : float
        e/Å².
    realization : int
    seconds : float
        Wall time of making and fitting it.
    n_columns : int
        Measured columns.
    n_flagged : int
        Those that either fit flagged, ones with a parameter at a limit among them.
    n_one_sided : int
        Those that one of the two fits failed on alone.
    position_px, position_pm, scs_pct : float
        Largest difference over the columns without a flag: distance of the positions, and relative
        difference of the SCS; 0 where there is none.
    flagged_position_pm, flagged_scs_pct : float
        The same over the flagged columns that both fitted.
    """

    case: str
    image: str
    dose: float
    restorer: str
    realization: int
    seconds: float
    n_columns: int
    n_flagged: int
    n_one_sided: int
    position_px: float
    position_pm: float
    scs_pct: float
    flagged_position_pm: float
    flagged_scs_pct: float


@dataclass(frozen=True, kw_only=True)
class FitVerification:
    """Images of a run that were fitted once more by another engine.

    Attributes
    ----------
    engine : str
        The other engine.
    created : str
        ISO 8601.
    images : tuple of RefittedImage
    """

    engine: str
    created: str
    images: tuple[RefittedImage, ...]


def write_verification(folder: Path, verification: FitVerification, *, origin: Origin) -> Path:
    """Write a verification into the folder of the run `origin`, whole or not at all."""
    path = folder / VERIFICATION_FILE
    content = {"run": as_plain(origin), "verification": as_plain(verification)}
    write_json(path, content)
    return path


def read_verification(folder: Path, *, origin: Origin) -> FitVerification | None:
    """Read the verification in the folder of the run `origin`; None if there is none.

    Raises
    ------
    InputError
        If it cannot be read, is not as it was written, or is of another run.
    """
    path = folder / VERIFICATION_FILE
    if not path.is_file():
        return None
    again = f"delete it, or run `stembench verify-fit {folder}` again"
    content = check_content(read_json(path), path, remedy=again)
    if content.get("run") != as_plain(origin):
        raise InputError(f"{path} is of another run than {folder}: {again}")
    return from_dict(FitVerification, content.get("verification", {}), source=str(path))
