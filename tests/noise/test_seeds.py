"""Random generators of realizations, and the streams of stages."""

import numpy as np

from noise.scan import ScanNoise
from noise.seeds import realization_generator, side_generator, streams_of
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
