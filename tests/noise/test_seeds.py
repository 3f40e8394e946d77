"""Random generators of realizations, and the streams of stages."""

import numpy as np
import pytest

from noise.chain import distort
from noise.presets import STUDY_SCAN
from noise.scan import ScanNoise
from noise.seeds import realization_generator, scan_generator, side_generator, streams_of
from noise.tem import TemNoise


class TestSeeds:
    def test_every_part_of_the_key_matters(self) -> None:
        base = {"image": "z02", "dose": 500.0, "realization": 3}
        first = realization_generator(1, "bulk", **base).random(4)
        assert np.array_equal(first, realization_generator(1, "bulk", **base).random(4))
        for change in (
            realization_generator(2, "bulk", **base),
            realization_generator(1, "core", **base),
            realization_generator(1, "bulk", **{**base, "image": "z03"}),
            realization_generator(1, "bulk", **{**base, "dose": 501.0}),
            realization_generator(1, "bulk", **{**base, "realization": 4}),
        ):
            assert not np.array_equal(first, change.random(4))


def shots(dose: float, *, scanned: bool, noise: ScanNoise = STUDY_SCAN) -> np.ndarray:
    """Two realizations of a ramp, whose lines show their displacement along x."""
    ramp = np.tile(np.linspace(0.1, 0.9, 64), (48, 1))
    scans = [scan_generator(3, "ramp", image="a", realization=k) for k in range(2)]
    return distort(
        ramp,
        [realization_generator(3, "ramp", image="a", dose=dose, realization=k) for k in range(2)],
        dose=dose, sampling=0.2, noise=noise, scans=scans if scanned else None,
    ) / (dose * 0.04)  # fmt: skip


class TestScan:
    def test_every_part_of_the_key_matters(self) -> None:
        base = {"image": "z02", "realization": 3}
        first = scan_generator(1, "bulk", **base).random(4)
        assert np.array_equal(first, scan_generator(1, "bulk", **base).random(4))
        for change in (
            scan_generator(2, "bulk", **base),
            scan_generator(1, "core", **base),
            scan_generator(1, "bulk", **{**base, "image": "z03"}),
            scan_generator(1, "bulk", **{**base, "realization": 4}),
            realization_generator(1, "bulk", **base, dose=500.0),
        ):
            assert not np.array_equal(first, change.random(4))

    def test_streams_of_the_scan_alone_are_the_same_at_all_doses(self) -> None:
        def first(dose: float) -> dict[str, float]:
            counts = realization_generator(1, "a", image="b", dose=dose, realization=2)
            scan = scan_generator(1, "a", image="b", realization=2)
            return {name: s.random() for name, s in ScanNoise.streams(counts, scan=scan).items()}

        low, high = first(500.0), first(5000.0)
        assert {name for name in low if low[name] == high[name]} == {"jitter_x", "jitter_y"}
        bare = ScanNoise.streams(realization_generator(1, "a", image="b", dose=5e2, realization=2))
        same = {name for name, stream in bare.items() if stream.random() == low[name]}
        assert same == set(low) - {"jitter_x", "jitter_y"}

    def test_lines_are_displaced_alike_at_all_doses(self) -> None:
        # 1e8 and 1e9 e/Å²: a line's mean scatters by some 1e-4 of the ramp, displacements by 1e-2.
        low, high = (shots(dose, scanned=True).mean(axis=2) for dose in (1e8, 1e9))
        assert low.std(axis=1).min() > 5e-3
        assert low == pytest.approx(high, abs=5e-4)
        alone, other = (shots(dose, scanned=False).mean(axis=2) for dose in (1e8, 1e9))
        assert np.abs(alone - other).max() > 5e-3  # negative control
        assert np.abs(low[0] - low[1]).max() > 5e-3  # realizations differ

    def test_counts_without_jitter_stay_as_they_were(self) -> None:
        for noise in (ScanNoise(), STUDY_SCAN.without("jitter")):
            one, two = (shots(500.0, scanned=scanned, noise=noise) for scanned in (True, False))
            assert np.array_equal(one, two)


class TestStreams:
    def test_numbered_streams_are_those_that_the_first_results_drew_from(self) -> None:
        rng = np.random.default_rng(3)
        children = np.random.default_rng(3).spawn(2)
        streams = streams_of(rng, ["a", "b"])
        for name, child in zip("ab", children, strict=True):
            assert np.array_equal(streams[name].random(5), child.random(5))
        assert np.array_equal(rng.random(5), np.random.default_rng(3).random(5))

    def test_named_streams_change_no_other(self) -> None:
        def first(names: list[str]) -> dict[str, float]:
            rng = np.random.default_rng(3)
            draws = [streams_of(rng, ["a", "b"], named=names) for _ in range(2)]
            return {f"{name}{k}": d[name].random() for k, d in enumerate(draws) for name in d}

        bare, one, two, turned = first([]), first(["x"]), first(["x", "y"]), first(["y", "x"])
        assert bare.items() <= one.items() <= two.items()
        assert two == turned
        assert len(set(two.values())) == 8  # every stream of either call is another one

    def test_the_order_of_published_streams_is_a_format(self) -> None:
        rng = np.random.default_rng(1)
        assert list(ScanNoise.streams(rng)) == [
            "jitter_x", "jitter_y", "electrons", "pulse", "row_lines", "black_pixels", "zingers",
            "pulse_height",
        ]  # fmt: skip
        assert list(TemNoise.streams(rng)) == [
            "electrons", "fixed_pattern", "dark_current", "thermal", "flicker", "reset",
            "black_pixels", "zingers",
        ]  # fmt: skip

    def test_a_side_generator_leaves_its_source_alone(self) -> None:
        rng = np.random.default_rng(5)
        first, other = (side_generator(rng, name).random() for name in ("x", "y"))
        assert first == side_generator(rng, "x").random() != other
        assert rng.random() == np.random.default_rng(5).random()
        assert first != side_generator(rng, "x").random()  # the state has moved on
