"""Draws over ranges, and with probabilities, that the stages declare."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise.chain import Chain
from noise.ranges import Range
from noise.scan import ScanNoise
from noise.tem import TemNoise

K = 5  # standard errors allowed by every tolerance below


#: Parameters that a stage draws under another name than that of its range.
FIELDS = {
    "jitter.sigma": ("sigma_x", "sigma_y"),
    "jitter.phi": ("phi_x", "phi_y"),
    "row_lines.length": ("shortest", "longest"),
    "row_lines.factor": ("low", "high"),
    "black_pixels.response": ("low", "high"),
    "zingers.response": ("low", "high"),
}
#: Drawn as a multiple of another parameter.
RATIOS = {
    "detector.photon_variance": ("photon_variance", "photons"),
    "dark_current.spread": ("sigma", "mean"),
}


class TestStages:
    @pytest.mark.parametrize("chain", [ScanNoise, TemNoise])
    def test_parameters_lie_in_their_ranges(self, chain: type[Chain]) -> None:
        rng = np.random.default_rng(1)
        drawn = [chain.sample(rng) for _ in range(400)]
        for stage in chain.stages:
            present = [s for s in (getattr(d, stage.name, None) for d in drawn) if s is not None]
            for parameter, declared in stage.ranges.items():
                key = f"{stage.name}.{parameter}"
                if key in RATIOS:
                    above, below = RATIOS[key]
                    values = [getattr(s, above) / getattr(s, below) for s in present]
                else:
                    names = FIELDS.get(key, (parameter,))
                    values = [getattr(s, name) for s in present for name in names]
                if stage.name == "jitter":  # jitter in x alone has none in y
                    values = [value for value in values if value]
                slack = 1e-12 * declared.high
                assert len(values) > 5, key
                assert declared.low - slack <= min(values), key
                assert max(values) <= declared.high + slack, key

    @pytest.mark.parametrize("chain", [ScanNoise, TemNoise])
    def test_stages_happen_with_their_probabilities(self, chain: type[Chain]) -> None:
        rng, n = np.random.default_rng(2), 3000
        drawn = [chain.sample(rng) for _ in range(n)]
        for stage in chain.stages:
            if stage.optional:
                share = np.mean([getattr(one, stage.name) is not None for one in drawn])
                p = stage.chance.value if stage.chance else 1.0
                assert abs(share - p) <= K * math.sqrt(p * (1 - p) / n), stage.name

    def test_jitter_runs_along_one_axis_in_half_of_the_draws(self) -> None:
        rng, n = np.random.default_rng(2), 3000
        jittered = [noise.jitter for noise in (ScanNoise.sample(rng) for _ in range(n))]
        jittered = [jitter for jitter in jittered if jitter is not None]
        for axis in ("x", "y"):  # X alone 0.25, Y alone 0.25
            share = np.mean([getattr(jitter, f"sigma_{axis}") == 0 for jitter in jittered])
            assert abs(share - 0.25) < K * math.sqrt(0.25 * 0.75 / len(jittered))

    def test_sem_has_no_black_pixels(self) -> None:
        rng = np.random.default_rng(4)
        assert all(ScanNoise.sample(rng, modality="sem").black_pixels is None for _ in range(200))
        assert any(ScanNoise.sample(rng).black_pixels for _ in range(200))  # negative control


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from(["linear", "log", "low"]))
def test_any_range_keeps_its_ends(seed: int, scale: str) -> None:
    drawn = Range(2.0, 9.0, "", scale, "test").draw(np.random.default_rng(seed))
    assert 2.0 <= drawn <= 9.0
