"""Options of the fit of a user's own image; those of the benchmark's studies are `FitOptions`."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal, get_args

from fitting.model import Background
from fitting.setup.options import FitOptions
from stembench.errors import InputError

#: Pieces per axis of the piecewise parabolas that are tried, after a constant and a plane.
PIECES: Final = (1, 2, 3, 4, 6, 8)
#: What lies below the columns of an own image; `auto` takes what the image asks for.
OwnBackground = Literal["auto", "none", "constant", "plane"]
#: Whether columns are brighter or darker than what lies between them.
Contrast = Literal["unknown", "bright", "dark"]


@dataclass(frozen=True, kw_only=True)
class OwnImageOptions:
    """How a user's own image is searched and fitted.

    Attributes
    ----------
    fit : FitOptions
        Widths, pixel, estimator, engine and bounds. Its background is not read.
    background : {'auto', 'none', 'constant', 'plane'}
        'auto' takes a constant, a plane or piecewise parabolas, whichever the data ask for.
    contrast : {'unknown', 'bright', 'dark'}
        Whether columns are bright or dark. 'unknown' takes them as bright and says where they
        look dark. Of dark columns the SCS is that of the missing light.
    leave_out : bool
        Whether areas of one value and outlying pixels are looked for and left out.

    Raises
    ------
    InputError
        If a choice is unknown, or does not suit the others.
    """

    fit: FitOptions = field(default_factory=FitOptions)
    background: OwnBackground = "auto"
    contrast: Contrast = "unknown"
    leave_out: bool = True

    def __post_init__(self) -> None:
        for name, choices in (
            ("background", get_args(OwnBackground)),
            ("contrast", get_args(Contrast)),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        if self.contrast == "dark":
            if self.fit.estimator == "poisson":
                raise InputError(
                    "dark columns are fitted to the inverted image, which holds no counts: use "
                    "least squares (estimator ls)"
                )
            if self.background == "none":
                raise InputError("dark columns lie in a background: let it be fitted")

    @property
    def sign(self) -> float:
        """-1 where the image is inverted before the fit, else 1."""
        return -1.0 if self.contrast == "dark" else 1.0

    def with_background(self, background: Background) -> FitOptions:
        """Options of the fit with the background that was chosen."""
        return replace(self.fit, background=background)

    @property
    def search(self) -> FitOptions:
        """Options of the fits of the search."""
        if self.background == "auto":
            return self.with_background("plane")
        return self.with_background(self.background)

    @property
    def most_pieces(self) -> int:
        """Most pieces of the background; 0 for a plane at most."""
        # subtracted from counts, parabolas leave none that a Poisson likelihood could take
        return 0 if self.fit.estimator == "poisson" else max(PIECES)


DEFAULT: Final = OwnImageOptions()
