"""Lines that are copies of others: which are left out, and which stay."""

import numpy as np
import pytest

from fitting.search.own_image.pixels.repeated_lines import repeated_lines
from tests.fitting.search.own_image.made_images import lattice

MADE = lattice(shape=(120, 132), angle=0.09)
PAD = 9


def repeated(image):
    return repeated_lines(image, np.ones(image.shape, dtype=bool))


def padded(mode, widths):
    return np.pad(MADE.counts(0)[PAD:-PAD, PAD:-PAD], widths, mode=mode)


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_mirrored_borders_are_left_out_and_their_originals_stay(mode):
    found = repeated(padded(mode, PAD))
    inner = found.pixels[PAD:-PAD, PAD:-PAD]
    assert not inner.any()
    assert found.pixels.sum() == found.pixels.size - inner.size
    assert (found.border, found.inside) == (4 * PAD, 0)


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("mode", ["reflect", "symmetric", "edge", "mean", "wrap"])
def test_border_of_one_side(mode, side):
    widths = [[0, 0], [0, 0]]
    widths[side // 2][side % 2] = PAD
    found = repeated(padded(mode, widths))
    kept = ~found.pixels
    lines = kept.all(axis=1 - side // 2)
    if side % 2:
        lines = lines[::-1]
    # Of a border that repeats one line, the line itself; of a wrapped image, both ends.
    first = PAD + (mode == "edge")
    assert not lines[:PAD].any()
    assert lines[first : -PAD if mode == "wrap" else None].all()


def test_wrapped_borders_are_left_out_with_their_originals():
    found = repeated(padded("wrap", PAD))
    kept = np.argwhere(~found.pixels)
    assert kept.min() == 2 * PAD
    assert found.pixels[: 2 * PAD].all()
    assert found.pixels[:, -2 * PAD :].all()


def test_a_run_of_one_line_is_left_out_whole():
    image = MADE.counts(0)
    image[61:71] = image[60]
    found = repeated(image)
    assert np.flatnonzero(found.pixels.all(axis=1)).tolist() == list(range(60, 71))
    assert found.pixels.sum() == 11 * image.shape[1]
    assert (found.border, found.inside) == (0, 11)


@pytest.mark.parametrize("by", [1, -1])
def test_of_many_lines_written_twice_only_the_copies_go(by):
    image = MADE.counts(0)
    lines = np.random.default_rng(1).choice(np.arange(2, 118), 36, replace=False)
    for line in sorted(lines)[::by]:
        image[line] = image[line - by]
    found = repeated(image)
    assert sorted(np.flatnonzero(found.pixels.all(axis=1))) == sorted(lines)


def test_a_block_that_occurs_twice_inside_is_left_out_twice():
    image = MADE.counts(0)
    image[:, 60:70] = image[:, 30:40]
    expected = [*range(30, 40), *range(60, 70)]
    assert np.flatnonzero(repeated(image).pixels.all(axis=0)).tolist() == expected


def test_part_of_a_line():
    image = MADE.counts(0)
    image[40, 30:110] = image[39, 30:110]
    found = repeated(image)
    assert 64 <= found.pixels[39:41].sum() <= 160
    assert found.pixels.sum() == found.pixels[39:41].sum()


def test_an_enlarged_image_is_kept_and_said():
    found = repeated(np.kron(MADE.counts(0), np.ones((2, 2))))
    assert found.everywhere
    assert not found.pixels.any()


@pytest.mark.parametrize(
    "image",
    [
        *(lattice(kind, shape=(120, 132)).counts(7) for kind in ("square", "oblique")),
        np.random.default_rng(0).poisson(0.02, (200, 200)).astype(float),  # lines of no count
        np.random.default_rng(0).poisson(0.05, (64, 64)).astype(float),
        lattice(shape=(120, 132)).clean,  # symmetric without noise
        np.round(lattice(shape=(120, 132)).clean),
        np.round(lattice(shape=(30, 132), pitch=29.0).clean),
        np.full((60, 60), 7.0),
    ],
    ids=["square", "oblique", "vacuum", "few counts", "clean", "rounded", "one row", "constant"],
)
def test_images_that_hold_no_copies(image):
    found = repeated(image)
    assert not found.pixels.any()
    assert not found.everywhere


def test_one_electron_tells_a_copy_apart():
    """The negative control: equality is exact."""
    image = padded("reflect", [[PAD, 0], [0, 0]])
    image[np.arange(PAD), ::16] += 1.0
    assert not repeated(image).border
