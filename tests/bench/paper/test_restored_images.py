"""Restored images kept between calls."""

from pathlib import Path

import numpy as np
import pytest

from bench.paper.restored_images import RestoredImages
from reports import LackingError


def image() -> np.ndarray:
    return np.random.default_rng(1).poisson(4.0, size=(32, 40)).astype(float)


def test_an_image_is_restored_once(tmp_path: Path) -> None:
    told: list[str] = []
    restored = RestoredImages(told.append, room=tmp_path)
    first = restored(image(), "gaussian", sampling=0.2)
    assert told == ["restoring 32 x 40 px by gaussian"]
    again = RestoredImages(told.append, room=tmp_path)(image(), "gaussian", sampling=0.2)
    assert len(told) == 1
    np.testing.assert_array_equal(first, again)


def test_other_images_pixels_and_settings_are_others(tmp_path: Path) -> None:
    told: list[str] = []
    restored = RestoredImages(told.append, room=tmp_path)
    one = restored(image(), "gaussian", sampling=0.2)
    restored(image() + 1, "gaussian", sampling=0.2)
    other = restored(image(), "gaussian", sampling=0.1)
    stronger = restored(image(), "gaussian:sigma=0.6", sampling=0.2)
    assert len(told) == len(list(tmp_path.iterdir())) == 4
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, stronger)


def test_a_damaged_file_is_restored_again(tmp_path: Path) -> None:
    told: list[str] = []
    restored = RestoredImages(told.append, room=tmp_path)
    first = restored(image(), "gaussian", sampling=0.2)
    (kept,) = tmp_path.iterdir()
    content = bytearray(kept.read_bytes())
    content[40] ^= 1
    kept.write_bytes(content)
    again = restored(image(), "gaussian", sampling=0.2)
    np.testing.assert_array_equal(first, again)
    assert "restored again" in told[1]


def test_a_restorer_that_is_not_there_is_lacking(tmp_path: Path) -> None:
    with pytest.raises(LackingError, match="unknown restorer"):
        RestoredImages(print, room=tmp_path)(image(), "no-such-restorer", sampling=0.2)


def test_a_callable_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code may change between calls, which no hash of weights would tell."""
    (tmp_path / "my_filter_f18.py").write_text(
        "def f(images, *, sampling):\n    return images * 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    room = tmp_path / "room"
    room.mkdir()
    RestoredImages(print, room=room)(image(), "my_filter_f18:f", sampling=0.2)
    assert not list(room.iterdir())
