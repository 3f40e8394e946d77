"""Result of an assessment of one image, and its options."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bench.assessment.column_fits import ColumnFitting, Columns
from bench.assessment.errors.column_errors import ColumnErrors
from bench.assessment.errors.shared_scs import SharedScs
from bench.assessment.evidence.halves import HalfComparison, Whiteness
from bench.assessment.evidence.image_noise import Estimate, ImageNoise
from bench.assessment.evidence.local_light import LocalLight
from bench.assessment.evidence.support import Support
from bench.assessment.injected import Injected
from bench.assessment.trust import Trust
from bench.own_images.values.pixel_values import ElectronScale, PixelValues
from restore import RestorerMetadata
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from fitting import OwnImageFit

#: Draws, each without and with changes: 30 restorations.
DRAWS: Final = 15
#: Fewest draws that have a scatter.
FEWEST_DRAWS: Final = 3


@dataclass(frozen=True, kw_only=True)
class AssessOptions:
    """How an image is assessed.

    Attributes
    ----------
    restorer : str
        As on the command line.
    draws : int
        Draws of the image; each is restored as it is and with changes put in.
    seed : int
        Root of all random numbers, >= 0.
    fast_axis : str
        Direction of the scan lines, 'horizontal' or 'vertical'.
    values : PixelValues
        What the user says of the values.

    Raises
    ------
    InputError
        If a number or the direction cannot be used.
    """

    restorer: str
    draws: int = DRAWS
    seed: int = 0
    fast_axis: str = "horizontal"
    values: PixelValues = field(default_factory=PixelValues)

    def __post_init__(self) -> None:
        if self.draws < FEWEST_DRAWS:
            raise InputError(f"--draws must be {FEWEST_DRAWS} or more, not {self.draws}")
        if self.seed < 0:
            raise InputError(f"--seed must be 0 or more, not {self.seed}")
        if self.fast_axis not in ("horizontal", "vertical"):
            raise InputError(f"--fast-axis must be horizontal or vertical, not '{self.fast_axis}'")


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What was found of one restored image.

    Attributes
    ----------
    image, restored : ndarray, shape (rows, columns)
        In the values of the file.
    sampling : float
        Å/px.
    restorer : RestorerMetadata
    options : AssessOptions
    scale : ElectronScale
        From the values to electrons, as estimated or given.
    noise : ImageNoise
    fit : OwnImageFit
        Of the restored image.
    fitting : ColumnFitting
        Whose reported columns are those of `errors` and `trust`.
    columns : Columns
        As fitted in the restored image without its negative values.
    errors, raw_errors : ColumnErrors
        Of columns in the restored draws, and in the draws as they are.
        The SCS of `errors` holds what all columns share as `shared` states it.
    shared : SharedScs
        SCS error that all columns share.
    injected, raw_injected : Injected
        Likewise.
    support : Support
    supported : ndarray of bool, shape (n,)
        Whether the raw image supports each reported column.
    removed : ndarray, shape (m, 2)
        Places (x, y) [px] of columns that the raw image supports and the restored one lacks.
    halves : HalfComparison or None
        Agreement of the restored halves of the counts; None where values are no counts.
    whiteness : Whiteness or None
        Of the raw image minus the restored one; None likewise.
    intensity : Estimate
        Light of the restored image over that of the raw one.
    light : LocalLight
        The same place by place, of two spacings each.
    trust : Trust
    notes : tuple of str
        What was assumed or left out.
    seconds : float
    """

    image: Floats = field(repr=False)
    restored: Floats = field(repr=False)
    sampling: float
    restorer: RestorerMetadata
    options: AssessOptions
    scale: ElectronScale
    noise: ImageNoise
    fit: "OwnImageFit" = field(repr=False)
    fitting: ColumnFitting = field(repr=False)
    columns: Columns = field(repr=False)
    errors: ColumnErrors
    raw_errors: ColumnErrors
    shared: SharedScs
    injected: Injected
    raw_injected: Injected
    support: Support = field(repr=False)
    supported: Bools = field(repr=False)
    removed: Floats = field(repr=False)
    halves: HalfComparison | None
    whiteness: Whiteness | None
    intensity: Estimate
    light: LocalLight = field(repr=False)
    trust: Trust
    notes: tuple[str, ...]
    seconds: float
