"""Names, order and looks of restorers: the same in every figure and table of a run."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

#: The colours of Okabe and Ito (2008), told apart with any common colour vision, and some of
#: P. Tol's muted scheme; Okabe and Ito's yellow is left out, it is too pale for lines on white.
_RAW_LOOK: Final = ("#6E6E6E", "o")
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
#: Key of the hash from names to looks: one under which the built-in filters, and the published
#: network, fall on looks of their own.
_KEY: Final = b"1515"
_FAMILIES: Final = ("raw", "network", "classical")
#: Name in records of the images as they are.
RAW: Final = "raw"
#: The published network: on each modality of the published pairs the one trained for it.
NETWORK: Final = "cgrdn"


Family = Literal["raw", "classical", "network"]


@dataclass(frozen=True, kw_only=True)
class RestorerInfo:
    """What is known of a restorer, as the restorer's own metadata state it.

    Attributes
    ----------
    name : str
        Name in records.
    label : str
        Name for readers.
    family : {'raw', 'classical', 'network'}
        'raw' leaves the image as it is; 'classical' is a built-in filter, the floor for networks.
    built_in : bool
        Whether it comes with this package; else it is a user's own.
    version, licence, training_data, input_scale, engine : str
    weights_sha256 : str or None
        Hash of the weights or of the model file.
    scales_with_counts : bool or None
        Whether k times the counts restore to k times the image; None where that is not stated.
    parameters, layers : int or None
        Trained numbers of a network, and its layers that have some; None where not stated.
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
    scales_with_counts: bool | None = None
    parameters: int | None = None
    layers: int | None = None


@dataclass(frozen=True)
class RestorerStyle:
    """Colour, marker and readable name of a restorer."""

    name: str
    label: str
    colour: str
    marker: str


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
        """Whether a restorer leaves the image as it is."""
        return self.by_name[name].family == "raw"

    def is_classical(self, name: str) -> bool:
        """Whether a restorer is one of the classical filters, the floor for networks."""
        return self.by_name[name].family == "classical"

    def raw(self, names: Iterable[str]) -> str | None:
        """Name the raw images among some restorers; None if they are not among them."""
        return next((str(name) for name in names if self.is_raw(str(name))), None)

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
        return next((name for name in self.order(names) if not self.is_raw(name)), None)

    def judged(self, names: Iterable[str]) -> list[str]:
        """Restorers that a verdict speaks of: networks, else the first that is not raw."""
        restoring = [name for name in self.order(names) if not self.is_raw(name)]
        return [name for name in restoring if not self.is_classical(name)] or restoring[:1]

    def order(self, names: Iterable[str]) -> list[str]:
        """Restorers as figures and tables show them: raw, networks (built-in first), classical."""
        return sorted(dict.fromkeys(str(name) for name in names), key=self._rank)

    def _rank(self, name: str) -> tuple[int, bool, str]:
        info = self.by_name[name]
        return _FAMILIES.index(info.family), not info.built_in, name

    def label(self, name: str) -> str:
        """Name for readers."""
        return self.by_name[name].label or name

    def phrase(self, name: str) -> str:
        """Name for a sentence: 'raw fits', else the label."""
        return "raw fits" if self.is_raw(name) else self.label(name)

    def styles(self, names: Iterable[str]) -> dict[str, RestorerStyle]:
        """Style of some restorers of the run, in display order."""
        return {name: self._styles[name] for name in self.order(names)}

    @cached_property
    def _styles(self) -> dict[str, RestorerStyle]:
        """Style of every restorer of the run."""
        styles = {
            name: RestorerStyle(name, self.label(name), *_RAW_LOOK)
            for name in self.by_name
            if self.is_raw(name)
        }
        for family, looks in (("network", _NETWORK_LOOKS), ("classical", _CLASSICAL_LOOKS)):
            members = [name for name in self.order(self.by_name) if self._family(name) == family]
            for name, place in _places(members, len(looks), own=self._own).items():
                styles[name] = RestorerStyle(name, self.label(name), *looks[place])
        return styles

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
