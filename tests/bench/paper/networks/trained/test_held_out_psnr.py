"""PSNR of held-out pairs: which pairs, and what a refused image counts as."""

import numpy as np
import pytest

from bench.paper.networks.trained.held_out_psnr import FILTERS, _rows, held_out, psnr_of
from bench.paper.networks.trained.trial import TRAINED
from restore import RestorationError, load_restorer
from training import PairSequence, TrainedPairs, exclusion_of_tuning

PAIRS = TrainedPairs(training=TRAINED, validation=200, side=32, seed=7)
FEW = held_out(PAIRS, count=3)


def by_hand(image: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(truth.max() ** 2 / np.mean((image - truth) ** 2)))


def test_pairs_are_the_first_that_none_learned_from() -> None:
    beyond = PairSequence(
        "hrstem", 3, seed=7, first=TRAINED, shape=(32, 32), exclude=exclusion_of_tuning()
    )
    for pair, number in zip(FEW, range(3), strict=True):
        assert np.array_equal(pair.distorted, beyond.pair(number).distorted)


def test_raw_has_the_psnr_of_the_definition() -> None:
    found = psnr_of(load_restorer("raw"), FEW)
    wanted = [by_hand(pair.distorted.astype(float), pair.clean.astype(float)) for pair in FEW]
    assert found == pytest.approx(wanted, rel=1e-9)


def test_an_image_that_a_filter_refuses_stays_as_it_is() -> None:
    class Refusing:
        def restore(self, images: np.ndarray, /, *, sampling: float) -> np.ndarray:
            raise RestorationError(f"no lattice in {images.shape} at {sampling} Å/px")

    assert psnr_of(Refusing(), FEW) == psnr_of(load_restorer("raw"), FEW)  # type: ignore[arg-type]


def test_rows_name_the_restorer_and_each_pair() -> None:
    rows = _rows("gaussian", load_restorer("gaussian"), FEW)
    assert list(rows["pair"]) == [0, 1, 2]
    assert set(rows["name"]) == {"gaussian"}
    assert rows["psnr_db"].mean() > np.mean(psnr_of(load_restorer("raw"), FEW))


@pytest.mark.parametrize("name", FILTERS)
def test_what_is_held_against_networks_is_not_trained(name: str) -> None:
    if name == "bm3d":
        pytest.importorskip("bm3d", reason="bm3d is free for non-commercial use alone")
    assert load_restorer(name).metadata.family in ("raw", "classical")
