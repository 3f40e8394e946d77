"""A difference to published weights: what is read again, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from restore.cgrdn.weight_difference import (
    averaged_weights,
    combined_difference,
    difference_of,
    read_difference,
    write_difference,
)
from restore.cgrdn.weights import PublishedWeights
from stembench.errors import InputError

RNG = np.random.default_rng(0)
WEIGHTS = {
    k: (RNG.standard_normal((1, 1, 5, 4)).astype(np.float32), RNG.random(4).astype(np.float32))
    for k in range(4)
}
PUBLISHED = PublishedWeights(network="hrstem", version="1", sha256="ab", convolutions=WEIGHTS)
TUNED = dict(WEIGHTS)
TUNED[2] = (WEIGHTS[2][0] + np.float32(1e-3), WEIGHTS[2][1] - np.float32(3e-6))


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "tuned.npz"
    write_difference(path, difference_of(PUBLISHED, TUNED, origin={"seed": 7}))
    return path


def test_what_was_tuned_is_read_again(written):
    difference = read_difference(written)
    assert list(difference.changes) == [2]
    assert difference.origin == {"seed": 7}
    weights = averaged_weights(PUBLISHED, difference)
    for number in TUNED:
        for part in (0, 1):
            change = np.abs(TUNED[number][part] - WEIGHTS[number][part]).max()
            # float16 of the scaled change, and float32 of the sum.
            error = np.abs(weights[number][part] - TUNED[number][part]).max()
            assert error <= change * 2**-11 + 4e-7
    assert np.array_equal(weights[0][0], WEIGHTS[0][0])


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_between_the_two_are_averages(written, share):
    weights = averaged_weights(PUBLISHED, read_difference(written), share=share)
    expected = (1 - share) * WEIGHTS[2][0] + share * TUNED[2][0]
    assert np.allclose(weights[2][0], expected, atol=1e-6)
    if share == 0.0:
        assert np.array_equal(weights[2][0], WEIGHTS[2][0])


def test_a_mean_of_tunings_and_a_share_of_one():
    other = dict(WEIGHTS)
    other[1] = (WEIGHTS[1][0] * np.float32(1.5), WEIGHTS[1][1])
    one, two = (difference_of(PUBLISHED, each, origin={}) for each in (TUNED, other))
    mean = combined_difference([(one, 0.5), (two, 0.5)], origin={"seed": "1, 2"})
    assert mean.origin == {"seed": "1, 2"}
    weights = averaged_weights(PUBLISHED, mean)
    for number in WEIGHTS:
        for part in (0, 1):
            expected = (TUNED[number][part] + other[number][part]) / 2
            assert np.allclose(weights[number][part], expected, atol=1e-6)
    # Negative control: neither tuning alone.
    assert not np.allclose(weights[1][0], other[1][0], atol=1e-3)
    with pytest.raises(InputError, match="cannot be added"):
        combined_difference([(one, 1.0), (replace(two, published_sha256="cd"), 1.0)], origin={})
    with pytest.raises(InputError, match="at least one"):
        combined_difference([], origin={})


def test_a_share_that_is_written_is_the_share_that_was_read(written, tmp_path):
    """Each array is scaled by its largest change before it is rounded: a factor cancels."""
    whole = read_difference(written)
    path = tmp_path / "part.npz"
    write_difference(path, combined_difference([(whole, 0.85)], origin={}))
    one = averaged_weights(PUBLISHED, whole, share=0.85)
    other = averaged_weights(PUBLISHED, read_difference(path))
    for part in (0, 1):
        largest = np.abs(whole.changes[2][part]).max()
        error = np.abs(one[2][part] - other[2][part]).max()
        assert error <= 1e-6 * largest + np.abs(WEIGHTS[2][part]).max() * 2**-23


def test_other_weights_and_shares_are_refused(written):
    difference = read_difference(written)
    with pytest.raises(InputError, match="other weights"):
        averaged_weights(replace(PUBLISHED, sha256="cd"), difference)
    with pytest.raises(InputError, match="share"):
        averaged_weights(PUBLISHED, difference, share=1.5)
    smaller = {**WEIGHTS, 2: (WEIGHTS[2][0][..., :2], WEIGHTS[2][1][:2])}
    with pytest.raises(InputError, match="shape"):
        averaged_weights(replace(PUBLISHED, convolutions=smaller), difference)
    fewer = {number: pair for number, pair in WEIGHTS.items() if number != 2}
    with pytest.raises(InputError, match="convolution 2, which"):
        averaged_weights(replace(PUBLISHED, convolutions=fewer), difference)


def test_a_changed_byte_is_refused_or_changes_nothing(written):
    """Every 3rd byte in turn: one sentence, or the same numbers; never others or a traceback."""
    whole = written.read_bytes()
    expected = averaged_weights(PUBLISHED, read_difference(written))
    refused = 0
    for place in range(0, len(whole), 3):
        written.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            found = averaged_weights(PUBLISHED, read_difference(written))
        except InputError:
            refused += 1
            continue
        for number, pair in expected.items():
            assert all(np.array_equal(a, b) for a, b in zip(pair, found[number], strict=True))
    assert refused > len(whole) / 3 / 4


def test_values_that_are_no_numbers_are_refused(tmp_path):
    broken = dict(WEIGHTS)
    broken[2] = (np.full_like(WEIGHTS[2][0], np.nan), WEIGHTS[2][1])
    path = tmp_path / "nan.npz"
    write_difference(path, difference_of(PUBLISHED, broken, origin={}))
    with pytest.raises(InputError, match="damaged"):
        read_difference(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_damaged_files_are_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_difference(path)
    with pytest.raises(InputError, match="no difference"):
        read_difference(tmp_path / "absent.npz")
