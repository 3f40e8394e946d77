"""Descriptions as plain types, drawn parameters, presets and the ablation ladder."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise.dose import draw_counts
from noise.post_processing.apply import PostProcessing
from noise.presets import (
    FULL_SCAN,
    FULL_TEM,
    PRESETS,
    SCAN_WITH_LINES,
    ablation_ladder,
    chain_named,
)
from noise.ranges import CHANCES, RANGES, Range, table
from noise.scan import STAGES, STUDY_SCAN, ScanNoise, distort
from noise.tem import TEM_STAGES, TemNoise
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestPlainTypes:
    @settings(deadline=None, max_examples=60)
    @given(seed=st.integers(0, 2**32), kind=st.sampled_from([ScanNoise, TemNoise, PostProcessing]))
    def test_any_description_survives_json(self, seed: int, kind: type) -> None:
        drawn = kind.sample(np.random.default_rng(seed))
        read = kind.from_dict(json.loads(json.dumps(drawn.as_dict())))
        assert read == drawn
        assert hash(read) == hash(drawn)

    @pytest.mark.parametrize("chain", [STUDY_SCAN, FULL_SCAN, FULL_TEM, ScanNoise(), TemNoise()])
    def test_presets_survive_json(self, chain: ScanNoise | TemNoise) -> None:
        assert type(chain).from_dict(json.loads(json.dumps(chain.as_dict()))) == chain

    def test_a_file_from_before_a_stage_existed_is_read(self) -> None:
        old = {"jitter": None, "detector": None, "fast_scan": None}
        assert ScanNoise.from_dict(old) == ScanNoise()

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"shutter": 1}, "shutter"),
            ({"clip": {"level": "high"}}, r"clip\.level must be of type float"),
            ({"clip": {"level": True}}, r"clip\.level"),
            ({"clip": {}}, r"clip\.level is needed"),
            ({"clip": {"level": -1}}, "clip level"),
            ({"clip": 3}, "clip must be a table"),
            ({"row_lines": {"rate": 1, "shortest": 1.5, "longest": 2}}, "shortest must be of type"),
        ],
    )
    def test_bad_values_are_named(self, values: dict, message: str) -> None:
        with pytest.raises(InputError, match=message):
            ScanNoise.from_dict(values)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"annotations": "text"}, "must be a list"),
            ({"annotations": [{"kind": "star", "x": 0, "y": 0, "size": 1}]}, "kind must be one of"),
            ({"crop": {"x": 0, "y": 0, "width": 1, "height": 1, "tilt": 0, "fill": "red"}}, "fill"),
        ],
    )
    def test_bad_values_of_post_processing_are_named(self, values: dict, message: str) -> None:
        with pytest.raises(InputError, match=message):
            PostProcessing.from_dict(values)


class TestDraws:
    def test_parameters_lie_in_the_table_s_ranges(self) -> None:
        rng = np.random.default_rng(1)
        places = {
            "jitter.sigma": ("jitter", ("sigma_x", "sigma_y")),
            "jitter.phi": ("jitter", ("phi_x", "phi_y")),
            "detector.efficiency": ("detector", ("efficiency",)),
            "detector.photons": ("detector", ("photons",)),
            "fast_scan.alpha": ("fast_scan", ("alpha",)),
            "row_lines.rate": ("row_lines", ("rate",)),
            "zingers.response": ("zingers", ("low", "high")),
            "black_pixels.response": ("black_pixels", ("low", "high")),
            "clip.level": ("clip", ("level",)),
        }
        for _ in range(400):
            drawn = ScanNoise.sample(rng)
            for name, (stage, fields) in places.items():
                settings_of_stage = getattr(drawn, stage)
                for field in fields if settings_of_stage is not None else ():
                    value = getattr(settings_of_stage, field)
                    # Jitter in x alone has no sigma in y.
                    assert RANGES[name].low <= value <= RANGES[name].high or (
                        stage == "jitter" and value == 0
                    )

    def test_stages_happen_with_the_table_s_probabilities(self) -> None:
        rng, n = np.random.default_rng(2), 3000
        drawn = [ScanNoise.sample(rng) for _ in range(n)]
        for stage in STAGES:
            share = np.mean([getattr(one, stage) is not None for one in drawn])
            p = CHANCES[stage].value
            assert abs(share - p) < K * math.sqrt(p * (1 - p) / n)
        jittered = [one.jitter for one in drawn if one.jitter is not None]
        for axis in ("x", "y"):  # X alone 0.25, Y alone 0.25
            other = {"x": "y", "y": "x"}[axis]
            share = np.mean([getattr(j, f"sigma_{other}") == 0 for j in jittered])
            assert abs(share - 0.25) < K * math.sqrt(0.25 * 0.75 / len(jittered))

    def test_tem_stages_happen_with_the_table_s_probabilities(self) -> None:
        rng, n = np.random.default_rng(3), 2000
        drawn = [TemNoise.sample(rng) for _ in range(n)]
        for stage in TEM_STAGES:
            share = np.mean([getattr(one, stage) is not None for one in drawn])
            p = 1.0 if stage == "mtf" else CHANCES[stage].value
            assert abs(share - p) <= K * math.sqrt(p * (1 - p) / n)

    def test_sem_has_no_black_pixels(self) -> None:
        rng = np.random.default_rng(4)
        assert all(ScanNoise.sample(rng, modality="sem").black_pixels is None for _ in range(200))
        assert any(ScanNoise.sample(rng).black_pixels for _ in range(200))  # negative control

    def test_low_doses_prevail_as_a_cut_exponential(self) -> None:
        rng, n = np.random.default_rng(5), 20_000
        counts = np.array([draw_counts(rng) for _ in range(n)])
        assert counts.min() >= 0.5
        assert counts.max() <= 750
        place = np.log(counts / 0.5) / np.log(1500)
        # Exponential of scale s = 1/2 cut at 1: mean s - 1/(e^(1/s) - 1).
        mean = 0.5 - 1 / math.expm1(2)
        second = 0.5 - (1 + 1) / math.expm1(2)  # E t² = 2 s² - (1 + 2 s) / (e^(1/s) - 1)
        assert abs(place.mean() - mean) < K * math.sqrt((second - mean**2) / n)
        assert abs(0.5 - mean) > K * math.sqrt(1 / 12 / n)  # negative control: not uniform

    @settings(deadline=None, max_examples=40)
    @given(seed=st.integers(0, 2**31), scale=st.sampled_from(["linear", "log", "low"]))
    def test_any_range_keeps_its_ends(self, seed: int, scale: str) -> None:
        drawn = Range(2.0, 9.0, "", scale, "test").draw(np.random.default_rng(seed))
        assert 2.0 <= drawn <= 9.0

    def test_the_document_shows_the_table_in_force(self) -> None:
        text = (Path(__file__).parents[2] / "docs" / "noise.md").read_text()
        assert table() in text


class TestPresets:
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
        assert all(getattr(FULL_SCAN, stage) is not None for stage in STAGES)
        assert all(getattr(FULL_TEM, stage) is not None for stage in TEM_STAGES)
        assert FULL_TEM.mtf.is_physical()
        assert all(preset.summary for preset in PRESETS.values())


class TestLadder:
    def test_rungs_gain_one_stage_at_a_time(self) -> None:
        ladder = ablation_ladder(SCAN_WITH_LINES)
        assert list(ladder) == [
            "Poisson only", "+ detector", "+ jitter", "+ fast scan", "+ row lines",
        ]  # fmt: skip
        counts = [
            sum(getattr(noise, stage) is not None for stage in STAGES) for noise in ladder.values()
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
