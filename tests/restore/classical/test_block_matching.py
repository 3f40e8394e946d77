"""BM3D: what its package is given, and what is said where it is missing."""

import importlib.util
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from restore import load_restorer
from restore.classical.counts.anscombe import stabilise, unstabilise
from restore.classical.counts.noise_level import estimate_noise
from stembench.arrays import Floats
from stembench.errors import InputError


def lattice(level: float) -> Floats:
    """Expected counts of columns every 2 Å at 0.2 Å/px, 1.1 * level on average."""
    y, x = np.mgrid[:64, :64] * (2 * np.pi / 10)
    return level * (1 + np.cos(x) * np.cos(y) + 0.1)


def test_bm3d_is_given_unit_noise_and_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the package stands one that notes what it is given and returns it."""
    given: list[Any] = []

    def bm3d(image: Floats, *, sigma_psd: float, profile: SimpleNamespace) -> Floats:
        given.append((image, sigma_psd, profile.num_threads))
        return image

    module = SimpleNamespace(
        bm3d=bm3d, BM3DProfile=SimpleNamespace, __spec__=importlib.util.find_spec("math")
    )
    monkeypatch.setitem(sys.modules, "bm3d", module)
    monkeypatch.setattr("restore.built_in._version", lambda name: f"version of {name}")
    counts = np.random.default_rng(6).poisson(lattice(10.0)).astype(np.float64)
    restorer = load_restorer("bm3d")
    restored = restorer.restore(counts[None], sampling=0.2)[0]
    ((image, sigma, threads),) = given
    assert (sigma, threads) == (1.0, 1)
    stable = stabilise(counts)
    np.testing.assert_allclose(image, stable / max(1.0, estimate_noise(stable)), rtol=1e-12)
    np.testing.assert_allclose(restored, unstabilise(stabilise(counts)), rtol=1e-9)
    assert restorer.metadata.engine == "bm3d version of bm3d"
    assert restorer.metadata.licence == "LicenseRef-BM3D-non-commercial"


def test_missing_bm3d(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says why it is not there and how to get it."""
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(InputError, match=r"non-commercial use alone; .* extra 'bm3d'"):
        load_restorer("bm3d")
