"""Pairs whose noise lacks one thing: for networks that learn a wrong noise model on purpose.

After the paper's Fig. 6, which shows what networks do that were trained without a distortion, or
with too small a range of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from noise import Chain, PostProcessing, ScanNoise
from stembench.errors import InputError
from training.pairs.pair import Alteration, Pair, make_pair
from training.pairs.pair_sequence import PairSequence

#: Share of the range of sigma_y that is left: three quarters are lacking.
_LEFT: Final = 0.25


def _whole(noise: Chain, post: PostProcessing, /) -> tuple[Chain, PostProcessing]:
    return noise, post


def _without_response(noise: Chain, post: PostProcessing, /) -> tuple[Chain, PostProcessing]:
    return replace(_scanned(noise), fast_scan=None), post


def _without_interpolation(noise: Chain, post: PostProcessing, /) -> tuple[Chain, PostProcessing]:
    return noise, replace(post, transform=None)


def _without_large_jitter(noise: Chain, post: PostProcessing, /) -> tuple[Chain, PostProcessing]:
    """Jitter in y from the lowest quarter of its range, which is even: a quarter of each value."""
    scanned = _scanned(noise)
    jitter = scanned.jitter
    if jitter is None:
        return scanned, post
    return replace(scanned, jitter=replace(jitter, sigma_y=_LEFT * jitter.sigma_y)), post


def _without_pulses(noise: Chain, post: PostProcessing, /) -> tuple[Chain, PostProcessing]:
    return replace(_scanned(noise), detector=None), post


#: What noise may lack, after the four retrained pairs of the paper's Fig. 6.
LACKING: Final[Mapping[str, Alteration]] = {
    "response": _without_response,  # (47) to (49): a slow detector
    "interpolation": _without_interpolation,  # of the post-processing
    "y-jitter": _without_large_jitter,  # three quarters of the range of sigma_y, (41)
    "pulses": _without_pulses,  # the Gaussian term of (46)
}


def lack_named(name: str, /) -> Alteration:
    """Return what takes one thing out of the noise that was drawn; nothing for ''.

    Raises
    ------
    InputError
        If nothing of this name can be lacking.
    """
    if not name:
        return _whole
    if name not in LACKING:
        raise InputError(f"noise cannot lack {name!r}; lacking may be {', '.join(LACKING)}")
    return LACKING[name]


@dataclass(frozen=True)
class LackingPairs(PairSequence):
    """Pairs of which those that are learned from lack something; those held out lack nothing.

    Attributes
    ----------
    lacking : str
        A key of `LACKING`, or '' for nothing.
    learned : int
        The first pairs of the sequence, which lack it.
    """

    lacking: str = ""
    learned: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        lack_named(self.lacking)
        if self.lacking and self._data_set.microscope == "tem":
            raise InputError(
                f"pairs of '{self.modality}' are not scanned, and what noise may lack here is of "
                "scanned images; name another modality"
            )

    def lacks(self, place: int) -> str:
        """What the noise of the pair at a place from 0 on lacks; '' for nothing."""
        return self.lacking if place < self.learned else ""

    def pair(self, number: int) -> Pair:
        """Pair `number`, counted from the first; negative numbers count from the end."""
        place = self._place(number)
        return make_pair(
            self.seed,
            self.first + place,
            modality=self._data_set,
            shape=self.shape,
            exclude=self.exclude,
            alter=lack_named(self.lacks(place)),
        )


def _scanned(noise: Chain, /) -> ScanNoise:
    if not isinstance(noise, ScanNoise):
        raise InputError("what noise may lack here is of scanned images; name another modality")
    return noise
