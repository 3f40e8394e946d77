"""Presets, the bits that they give, and the ablation ladder."""

import hashlib
import math

import numpy as np
import pytest

from noise.arrays import distort_array
from noise.chain import distort
from noise.presets import (
    FULL_SCAN,
    FULL_TEM,
    PRESETS,
    SCAN_WITH_LINES,
    STUDY_SCAN,
    ablation_ladder,
    chain_named,
)
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


#: What every preset made of one image under three seeds when it was published.
PUBLISHED = {
    "poisson": "608873333afff49f",
    "study": "e3d18b70c3fae918",
    "dwell-0.2us": "75a16942608c809a",
    "dwell-0.05us": "31bae25fbf7e8a53",
    "jitter-0.75px": "9b159cd97ec36f4a",
    "full": "ab52581fb3dbf4bd",
    "tem": "7bfd0784df825a9f",
    "random-stem": "16df481bc48bd977",
    "random-sem": "16df481bc48bd977",
    "random-tem": "f8b0c069f8494dcd",
}


class TestPresets:
    @pytest.mark.parametrize("preset", PRESETS)
    def test_a_preset_gives_what_it_gave_when_it_was_published(self, preset: str) -> None:
        y, x = np.mgrid[:48, :56]
        clean = 0.1 * (1.2 + np.sin(x / 1.7) * np.sin(y / 2.1))
        stack = np.stack([clean, np.roll(clean, 5, axis=1)])
        digest = hashlib.sha256()
        for seed in (0, 3, 77):
            counts = distort_array(stack, preset, dose=5e3, sampling=0.2, seed=seed)
            # Machines may differ in the last bits of a sine, a spline or a Fourier transform.
            digest.update((np.round(counts, 6) + 0.0).astype("<f8").tobytes())
        assert digest.hexdigest()[:16] == PUBLISHED[preset]

    def test_jitter_of_figure_12_is_in_pixels(self) -> None:
        for sampling in (0.1, 0.2):
            jitter = chain_named("jitter-0.75px", sampling=sampling).jitter
            assert jitter.sigma_x / sampling == pytest.approx(0.75)
            assert jitter.phi_y == 0.6

    def test_dwell_times_scale_the_response(self) -> None:
        study, fast = (chain_named(name, sampling=0.2) for name in ("study", "dwell-0.05us"))
        assert fast.fast_scan.alpha == pytest.approx(20 * study.fast_scan.alpha)
        assert fast.without("fast_scan") == study.without("fast_scan")

    def test_random_presets_follow_their_seed(self) -> None:
        first, again = (chain_named("random-stem", sampling=0.2, seed=3) for _ in range(2))
        assert first == again
        assert first != chain_named("random-stem", sampling=0.2, seed=4)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"name": "studio"}, "studio"),
            ({"sampling": 0.0}, "sampling"),
            ({"seed": -1}, "seed"),
        ],
    )
    def test_bad_input_is_named(self, change: dict, message: str) -> None:
        arguments = {"name": "study", "sampling": 0.2, "seed": 0} | change
        with pytest.raises(InputError, match=message):
            chain_named(arguments.pop("name"), **arguments)

    def test_the_full_presets_leave_no_stage_out(self) -> None:
        for chain in (FULL_SCAN, FULL_TEM):
            assert all(getattr(chain, name) is not None for name in chain.names)
        assert FULL_TEM.mtf.is_physical()
        assert all(preset.summary for preset in PRESETS.values())


class TestLadder:
    def test_rungs_gain_one_stage_at_a_time(self) -> None:
        ladder = ablation_ladder(SCAN_WITH_LINES)
        assert list(ladder) == [
            "Poisson only", "+ detector", "+ jitter", "+ fast scan", "+ row lines",
        ]  # fmt: skip
        counts = [
            sum(getattr(noise, name) is not None for name in noise.names)
            for noise in ladder.values()
        ]
        assert counts == [0, 1, 2, 3, 4]
        assert ladder["+ row lines"] == SCAN_WITH_LINES
        assert list(ablation_ladder(STUDY_SCAN))[-1] == "+ fast scan"
        assert list(ablation_ladder(STUDY_SCAN.without("jitter"))) == [
            "Poisson only", "+ detector", "+ fast scan",
        ]  # fmt: skip

    def test_rungs_share_the_draws_they_share(self) -> None:
        image = np.full((40, 50), 0.3)
        results = {
            rung: distort(image, [np.random.default_rng(1)], dose=800, sampling=0.2, noise=noise)[0]
            for rung, noise in ablation_ladder(SCAN_WITH_LINES).items()
        }
        pulse = results["+ detector"] - results["Poisson only"]
        sigma = SCAN_WITH_LINES.detector.sigma_electrons
        # The same electrons: only the pulse spread remains; n = 2000, k = 5.
        assert abs(pulse.std() - sigma) < K * sigma / math.sqrt(2 * pulse.size)
        lines = results["+ row lines"] != results["+ fast scan"]
        assert 0 < lines.mean() < 0.5
