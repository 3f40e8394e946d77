"""Names, order and looks of restorers: the same in every figure and table of a run."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any, Final, Literal

#: The colours of Okabe and Ito (2008), told apart with any common colour vision, and some of
#: P. Tol's muted scheme; Okabe and Ito's yellow is left out, it is too pale for lines on white.
_RAW_LOOK: Final = ("#6E6E6E", "o")
_RAW_VARIANT_LOOK: Final = ("#2F2F2F", "H")
#: Further fits with a look of their own; a prior is a broken line of the same hue.
_FIT_LOOKS: Final[Mapping[str, tuple[str, str, Any]]] = {
    "scan": ("#C2185B", "*", "-"),
    "scan-10pm": ("#C2185B", "D", (0, (3, 1.5))),
}
_REFERENCE_LOOKS: Final = (("#A8A8A8", (0, (1, 1.2))), ("#A8A8A8", (0, (5, 1.2, 1, 1.2))))
_NETWORK_LOOKS: Final = (
    ("#0072B2", "s"),
    ("#D55E00", "v"),
    ("#CC79A7", "P"),
    ("#332288", ">"),
    ("#882255", "h"),
    ("#44AA99", "d"),
)
_CLASSICAL_LOOKS: Final = (
    ("#999933", "p"),
    ("#E69F00", "^"),
    ("#56B4E9", "X"),
    ("#8C564B", "<"),
    ("#117733", "*"),
    ("#009E73", "D"),
    ("#AA4499", "8"),
    ("#661100", "H"),
)
#: Fits of a model of specimen and recording.
_MODEL_LOOKS: Final = (("#B22222", "D"), ("#4B0082", "d"), ("#006D77", "p"))
#: Key of the hash from names to looks: one under which the built-in filters, and the published
#: network, fall on looks of their own.
_KEY: Final = b"1515"
#: Another acquisition, of which a run has one.
_ACQUISITION_LOOK: Final = ("#1A1A1A", "X")
_FAMILIES: Final = ("raw", "network", "model", "classical", "acquisition", "reference")
#: Name in records of the images as they are.
RAW: Final = "raw"
#: The published network: on each modality of the published pairs the one trained for it.
NETWORK: Final = "cgrdn"


Family = Literal["raw", "classical", "model", "network", "acquisition", "reference"]
#: Fit variants that stand in tables alone; the others are drawn, ranked and judged as well.
TABLED_FITS: Final = frozenset({"true-width"})
#: Fits of raw images that know how scan lines move, without and with a weak lattice prior. They are
#: drawn beside restorers and not ranked with them, since they are told what the noise does.
SCAN_FIT: Final = "scan"
#: The one with the weak lattice prior.
LATTICE_FIT: Final = "scan-10pm"
BESIDE_FITS: Final = (SCAN_FIT, LATTICE_FIT)
#: Sets the name of a fit variant off from that of its restorer.
_OF: Final = "/"


@dataclass(frozen=True, kw_only=True)
class RestorerInfo:
    """What is known of a restorer, as the restorer's own metadata state it.

    Attributes
    ----------
    name : str
        Name in records.
    label : str
        Name for readers.
    family : {'raw', 'classical', 'model', 'network', 'acquisition', 'reference'}
        'raw' leaves the image as it is; 'classical' is a built-in filter, the floor for networks;
        'model' is a fit of specimen and recording, without training;
        'acquisition' is no restorer, but another way to spend the dose; 'reference' is an image
        without the information that is asked for.
    built_in : bool
        Whether it comes with this package; else it is a user's own.
    version, licence, training_data, input_scale, engine : str
    weights_sha256 : str or None
        Hash of the weights or of the model file.
    source_sha256 : str or None
        Hash of a user's code: the module, what it imports of its own folder, and the data files
        that it names; None where the restorer is no code of a user.
    precision : str or None
        Of a network's multiplications; None where that is not stated.
    scales_with_counts : bool or None
        Whether k times the counts restore to k times the image; None where that is not stated.
    fit : str
        How its images were fitted if not by the main fit, such as 'true-width'; '' for that.
    of : str
        Name of the restorer whose images a further fit is of; '' for the main fit.
    parameters, layers : int or None
        Trained numbers of a network, and its layers that have some; None where not stated.
    smallest_pixel, largest_pixel : float or None
        Pixel sizes that the restorer is made for [Å]; None where not stated.
    """

    name: str
    label: str
    family: Family
    built_in: bool
    version: str
    licence: str
    training_data: str
    input_scale: str
    engine: str
    weights_sha256: str | None = None
    source_sha256: str | None = None
    precision: str | None = None
    scales_with_counts: bool | None = None
    fit: str = ""
    of: str = ""
    parameters: int | None = None
    layers: int | None = None
    smallest_pixel: float | None = None
    largest_pixel: float | None = None


def variant_name(restorer: str, fit: str) -> str:
    """Name in records of one more fit of a restorer's images; its own for the main fit ('')."""
    return f"{restorer}{_OF}{fit}" if fit else restorer


@dataclass(frozen=True)
class RestorerStyle:
    """Colour, marker, line and readable name of a restorer."""

    name: str
    label: str
    colour: str
    marker: str
    line: Any = "-"


@dataclass(frozen=True)
class Restorers:
    """The restorers of a run: what readers call them, in which order, and how they are drawn.

    Attributes
    ----------
    by_name : mapping of str to RestorerInfo
        All restorers of the run.
    """

    by_name: Mapping[str, RestorerInfo]

    def is_raw(self, name: str) -> bool:
        """Whether a restorer leaves the image as it is, however it is fitted."""
        return self.by_name[name].family == "raw"

    def is_network(self, name: str) -> bool:
        """Whether a restorer is a trained network."""
        return self.by_name[name].family == "network"

    def is_acquisition(self, name: str) -> bool:
        """Whether a name stands for another way to acquire the image, which is no restorer."""
        return self.by_name[name].family == "acquisition"

    def is_variant(self, name: str) -> bool:
        """Whether a name is that of a further fit of another restorer's images."""
        return self.by_name[name].fit != ""

    def is_reference(self, name: str) -> bool:
        """Whether a restorer makes an image without the information that is asked for."""
        return self.by_name[name].family == "reference"

    def shown(self, names: Iterable[str]) -> list[str]:
        """Those that figures show, in order: all but the fits that stand in tables alone."""
        return [n for n in self.order(names) if self.by_name[n].fit not in TABLED_FITS]

    def ranked(self, names: Iterable[str]) -> list[str]:
        """Those that leaderboard and gate rank, in order.

        The shown ones but for references and fits that know the scan.
        """
        shown = self.shown(names)
        return [n for n in shown if not self.is_reference(n) and not self.is_beside(n)]

    def beside(self, names: Iterable[str]) -> list[str]:
        """Fits that know the scan, in order: told beside restorers, and not ranked with them."""
        return [name for name in self.order(names) if self.is_beside(name)]

    def is_beside(self, name: str) -> bool:
        """Whether a name is that of a fit of raw images that knows how scan lines move."""
        return self.by_name[name].fit in BESIDE_FITS

    def is_classical(self, name: str) -> bool:
        """Whether a restorer is one of the classical filters, the floor for networks."""
        return self.by_name[name].family == "classical"

    def raw(self, names: Iterable[str]) -> str | None:
        """Name the raw images among some restorers; None if they are not among them."""
        found = (str(name) for name in names)
        return next((n for n in found if self.is_raw(n) and not self.is_variant(n)), None)

    def main(self, names: Iterable[str]) -> str | None:
        """Name the restorer that example images show: the first in order that is not raw.

        Parameters
        ----------
        names : iterable of str
            Names in the run.

        Returns
        -------
        str or None
            None if there is nothing but raw images.
        """
        restoring = (n for n in self.ranked(names) if not self.is_raw(n))
        return next((name for name in restoring if not self.is_acquisition(name)), None)

    def judged(self, names: Iterable[str]) -> list[str]:
        """Restorers that a verdict speaks of: networks, else the first that is not raw."""
        restoring = [name for name in self.ranked(names) if not self.is_raw(name)]
        return [name for name in restoring if self.is_network(name)] or [
            name for name in restoring if not self.is_acquisition(name)
        ][:1]

    def order(self, names: Iterable[str]) -> list[str]:
        """Restorers as tables show them: raw, networks, models, filters, references.

        Of a family the built-in ones come first; the further fits of a restorer's images follow it.
        """
        return sorted(dict.fromkeys(str(name) for name in names), key=self._rank)

    def _rank(self, name: str) -> tuple[int, bool, str, str]:
        info = self.by_name[name]
        return _FAMILIES.index(info.family), not info.built_in, info.of or name, info.fit

    def label(self, name: str) -> str:
        """Name for readers."""
        return self.by_name[name].label or name

    def phrase(self, name: str) -> str:
        """Name for a sentence, the same as in figures and tables."""
        return self.label(name)

    def styles(self, names: Iterable[str]) -> dict[str, RestorerStyle]:
        """Style of some restorers of the run, in display order."""
        return {name: self._styles[name] for name in self.order(names)}

    @cached_property
    def _styles(self) -> dict[str, RestorerStyle]:
        """Style of every restorer of the run."""
        styles = {
            name: RestorerStyle(name, self.label(name), *_RAW_LOOK)
            for name in self.by_name
            if self.is_raw(name) and not self.is_variant(name)
        }
        styles |= {
            name: RestorerStyle(name, self.label(name), *_ACQUISITION_LOOK)
            for name in self.by_name
            if self.is_acquisition(name)
        }
        for family, looks in (
            ("network", _NETWORK_LOOKS),
            ("model", _MODEL_LOOKS),
            ("classical", _CLASSICAL_LOOKS),
        ):
            members = [name for name in self._mains if self._family(name) == family]
            for name, place in _places(members, len(looks), own=self._own).items():
                styles[name] = RestorerStyle(name, self.label(name), *looks[place])
        references = [name for name in self._mains if self.is_reference(name)]
        for place, name in enumerate(references):
            colour, line = _REFERENCE_LOOKS[place % len(_REFERENCE_LOOKS)]
            styles[name] = RestorerStyle(name, self.label(name), colour, "", line)
        for name, info in self.by_name.items():
            if info.fit:
                look: tuple[Any, ...] = astuple(styles[info.of])[2:4]
                if self.is_raw(name):
                    look = _FIT_LOOKS.get(info.fit, _RAW_VARIANT_LOOK)
                styles[name] = RestorerStyle(name, self.label(name), *look)
        return styles

    @property
    def _mains(self) -> list[str]:
        """Restorers without the further fits of their images, in order."""
        return [name for name in self.order(self.by_name) if not self.is_variant(name)]

    def _family(self, name: str) -> str:
        return self.by_name[name].family

    @property
    def _own(self) -> frozenset[str]:
        """Restorers that are a user's own."""
        return frozenset(name for name, info in self.by_name.items() if not info.built_in)


def _places(names: Iterable[str], number: int, *, own: frozenset[str]) -> dict[str, int]:
    """Give each name one of a number of looks.

    A look follows from the name, not from its company; only of names that fall on the same look
    the later ones take the next that is free. The first look is the published network's: a user's
    own restorer never gets it.
    """
    places: dict[str, int] = {}
    for name in names:
        digest = hashlib.blake2b(name.encode(), key=_KEY, digest_size=4).digest()
        value = int.from_bytes(digest, "big")
        first = 1 + value % (number - 1) if name in own else value % number
        around = [(first + step) % number for step in range(number)]
        places[name] = next((p for p in around if p not in places.values()), first)
    return places
