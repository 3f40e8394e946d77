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
    axis_ladder,
    chain_named,
    noise_axes,
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
            absent = {name for name in chain.names if getattr(chain, name) is None}
            assert absent == {s.name for s in chain.stages if s.optional and s.typical is None}
        assert {s.name for s in FULL_SCAN.stages if s.optional and s.typical is None} == {
            "flyback", "pulse_height",
        }  # fmt: skip
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


class TestAxes:
    def test_each_axis_steps_one_stage_and_holds_the_studies_own_chain(self) -> None:
        assert {name: tuple(axis.settings) for name, axis in noise_axes().items()} == {
            "jitter": (0.0, 0.03, 0.08, 0.15), "detector": (0.26, 1.0, 3.0),
            "dwell": (1.0, 0.2, 0.05),
        }  # fmt: skip
        for axis, stage in (("jitter", "jitter"), ("detector", "detector"), ("dwell", "fast_scan")):
            chains = axis_ladder(STUDY_SCAN, axis)
            assert list(chains.values()).count(STUDY_SCAN) == 1
            assert len({chain.without(stage) for chain in chains.values()}) == 1

    def test_values_are_those_of_the_stages(self) -> None:
        for sigma, chain in axis_ladder(STUDY_SCAN, "detector").items():
            assert chain.detector.sigma_electrons == pytest.approx(sigma, rel=0.01)  # 0.258
        for dwell, chain in axis_ladder(STUDY_SCAN, "dwell").items():
            assert chain.fast_scan.alpha == pytest.approx(1 / dwell)
        still, *moving = axis_ladder(STUDY_SCAN, "jitter").items()
        assert still[1].jitter is None
        assert all(chain.jitter.sigma_x == chain.jitter.sigma_y == v for v, chain in moving)

    def test_jitter_scales_without_another_draw(self) -> None:
        image = np.tile(np.linspace(0.0, 1.0, 60), (50, 1))  # a ramp shows each displacement
        chains = axis_ladder(STUDY_SCAN.without("detector", "fast_scan"), "jitter")
        weak, strong = (
            distort(image, [np.random.default_rng(1)], dose=1e9, sampling=0.2, noise=chains[v])[0]
            - 1e9 * 0.04 * image
            for v in (0.03, 0.15)
        )
        inner = np.s_[:, 20:40]  # 8 Å from either end, and 25 electrons in a thousand of scatter
        assert strong[inner].mean(axis=1) == pytest.approx(5 * weak[inner].mean(axis=1), abs=2e4)
        assert strong[inner].mean(axis=1).std() > 4e5  # negative control: it moves

    def test_an_unknown_axis_is_named(self) -> None:
        with pytest.raises(InputError, match="no noise axis 'tilt'; axes: jitter, detector, dwell"):
            axis_ladder(STUDY_SCAN, "tilt")
