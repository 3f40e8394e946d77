"""The verification of a run's fits by another engine: ``verification.json`` in its folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stembench.atomic_files import replacing
from stembench.describe import as_plain, from_dict
from stembench.errors import InputError

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


def write_verification(folder: Path, verification: FitVerification) -> Path:
    """Write a verification into a run folder, whole or not at all."""
    path = folder / VERIFICATION_FILE
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(as_plain(verification), indent=2), encoding="utf-8")
    return path


def read_verification(folder: Path) -> FitVerification | None:
    """Read the verification in a run folder; None if there is none.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    path = folder / VERIFICATION_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read ({error}): delete it") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is no verification of fits: delete it")
    return from_dict(FitVerification, content, source=str(path))
