"""What all chains share: description, refusals, streams and batches."""

import copy
import inspect
import json
import math
import pickle
import sys
import tracemalloc
from dataclasses import FrozenInstanceError, dataclass, fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise.chain import Chain, distort
from noise.post_processing.apply import PostProcessing
from noise.presets import FULL_SCAN, FULL_TEM, STUDY_SCAN
from noise.ranges import Chance
from noise.scan import SCAN_STAGES, ScanNoise
from noise.seeds import FIRST_SCAN_STAGES
from noise.stages.additions.pulse_height import PulseHeight
from noise.stages.stage import Context, Stage
from noise.tem import TemNoise
from stembench.errors import InputError

PULSES = PulseHeight(photons=100.0, photon_variance=100.0, efficiency=0.2, secondary_gain=4.0)


def waves(height: int = 40, width: int = 48) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return 0.2 + 0.1 * np.sin(2 * np.pi * x / 9.3) * np.cos(2 * np.pi * y / 11.1)


def generators(count: int, seed: int = 7) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, k]) for k in range(count)]


class TestDescription:
    def test_it_behaves_as_a_frozen_dataclass(self) -> None:
        jitter, detector = STUDY_SCAN.jitter, STUDY_SCAN.detector
        noise = ScanNoise(jitter=jitter, detector=detector)
        assert noise == ScanNoise(detector=detector, jitter=jitter)
        assert noise != ScanNoise(jitter=jitter)
        assert hash(noise) == hash(ScanNoise(jitter=jitter, detector=detector))
        assert replace(noise, jitter=None) == ScanNoise(detector=detector)
        assert copy.deepcopy(noise) == pickle.loads(pickle.dumps(noise)) == noise  # noqa: S301
        assert repr(ScanNoise(jitter=jitter)) == (
            "ScanNoise(jitter=Jitter(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6),"
            " flyback=None, detector=None, pulse_height=None, fast_scan=None, row_lines=None,"
            " black_pixels=None, zingers=None, clip=None, quantisation=None)"
        )
        with pytest.raises(FrozenInstanceError):
            noise.jitter = None
        assert ScanNoise() != TemNoise()

    def test_fields_are_the_stages_that_can_be_left_out(self) -> None:
        for chain in (ScanNoise, TemNoise):
            assert tuple(field.name for field in fields(chain)) == chain.names
            assert tuple(inspect.signature(chain).parameters) == chain.names
            assert tuple(chain().as_dict()) == chain.names
            assert "counting" not in chain.names
            assert [s.name for s in chain.stages if not s.optional] == ["counting"]

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: ScanNoise(shutter=1), "ScanNoise has no stage shutter; stages: jitter"),
            (lambda: ScanNoise(thermal=None), "no stage thermal"),
            (lambda: ScanNoise(counting=None), "no stage counting"),
            (lambda: ScanNoise(jitter=STUDY_SCAN.detector), "jitter of ScanNoise takes a Jitter"),
            (lambda: ScanNoise(clip=2.0), "takes a Clip or None, not 2.0"),
            (lambda: replace(FULL_TEM, mtf=FULL_TEM.clip), "takes a Mtf"),
            (lambda: FULL_SCAN.without("shutter"), "no stage shutter to leave out"),
            (
                lambda: replace(STUDY_SCAN, pulse_height=PULSES),
                "pulse_height stands in for detector",
            ),
            (lambda: TemNoise().without("jitter"), "no stage jitter to leave out"),
            (lambda: TemNoise.sample(np.random.default_rng(1), modality="sem"), "no modality"),
        ],
    )
    def test_what_is_not_of_the_chain_is_refused(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()

    def test_settings_go_by_name_alone(self) -> None:
        with pytest.raises(TypeError):
            ScanNoise(STUDY_SCAN.jitter)


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


class TestBatch:
    def test_results_hold_for_any_batch_and_number_type(self) -> None:
        image = np.random.default_rng(0).random((30, 41))

        def batch(count: int, **more: object) -> np.ndarray:
            return distort(
                image, generators(count), dose=2e3, sampling=0.2, noise=FULL_SCAN, **more
            )

        assert np.array_equal(batch(5)[:2], batch(2))
        single = batch(2, dtype=np.float32)
        assert single.dtype == np.float32
        assert np.array_equal(single, batch(2).astype(np.float32))

    def test_memory_beside_the_result_does_not_grow_with_the_batch(self) -> None:
        image = np.full((64, 64), 0.1)

        def peak(count: int) -> int:
            each = generators(count)
            tracemalloc.start()
            result = distort(image, each, dose=1e3, sampling=0.2, noise=FULL_SCAN, dtype=np.float32)
            _, top = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return top - result.nbytes

        peak(1)
        # A float64 image is 32 KiB; 28 more realizations may not keep one of them alive.
        assert peak(32) - peak(4) < 32 * 1024

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"dose": -5.0}, "dose"),
            ({"dose": math.nan}, "dose"),
            ({"sampling": 0.0}, "sampling"),
            ({"sampling": math.inf}, "sampling"),
            ({"margin": 24}, "margin"),
            ({"images": np.full((4, 4), np.nan)}, "NaN"),
            ({"images": np.full((4, 4), -0.1)}, "negative"),
            ({"images": np.zeros(4)}, "shape"),
            ({"images": np.zeros((3, 4, 4))}, "generators"),
            ({"scans": generators(1)}, "2 realizations need as many scans, not 1"),
        ],
    )
    def test_bad_input_is_named(self, change: dict, message: str) -> None:
        arguments = {"images": waves(), "dose": 500.0, "sampling": 0.2, "margin": 0} | change
        images = arguments.pop("images")
        with pytest.raises(InputError, match=message):
            distort(images, generators(2), noise=STUDY_SCAN, **arguments)


@dataclass(frozen=True)
class Haze:
    """Settings of a stage that nobody has published."""

    level: float

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Haze":
        return cls(level=rng.uniform(0.1, 0.2))


def haze(name: str = "haze", **more: object) -> Stage[Haze]:
    def add(image: np.ndarray, haze: Haze, context: Context, /) -> np.ndarray:
        return image + haze.level * context.streams[f"{name}_places"].random(image.shape)

    declared = {
        "name": name, "settings": Haze, "apply": add, "summary": "haze", "equations": "",
        "streams": (f"{name}_places",), "chance": Chance(0.5, "a toy"), "sample": Haze.sample,
    }  # fmt: skip
    return Stage(**(declared | more))


def chain_with(
    monkeypatch: pytest.MonkeyPatch, *stages: Stage[Haze], after: str = "electron_counting"
) -> type[Chain]:
    """The S(T)EM chain with further stages in its middle, by one more file in its tuple."""
    monkeypatch.setitem(sys.modules, "noise.stages.toy", SimpleNamespace(STAGES=stages))
    files = list(SCAN_STAGES)
    files.insert(files.index(after) + 1, "toy")

    class Extended(Chain, files=files, first=FIRST_SCAN_STAGES, modalities=("stem", "sem")):
        pass

    return Extended


class TestAddedStage:
    def test_it_stands_where_its_file_stands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        extended = chain_with(monkeypatch, haze())
        assert [stage.name for stage in extended.stages][:5] == [
            "jitter", "flyback", "counting", "haze", "detector",
        ]  # fmt: skip
        assert extended(haze=Haze(0.1)).haze == Haze(0.1)
        assert extended.from_dict({"haze": {"level": 0.1}}) == extended(haze=Haze(0.1))

    def test_left_out_it_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        extended = chain_with(monkeypatch, haze())
        same = extended(**{name: getattr(FULL_SCAN, name) for name in FULL_SCAN.names})
        arguments = {"dose": 500.0, "sampling": 0.2}
        old, new = generators(2), generators(2)
        for _ in range(2):  # generators that are used again have spawned as many as before
            assert np.array_equal(
                distort(waves(), old, noise=FULL_SCAN, **arguments),
                distort(waves(), new, noise=same, **arguments),
            )

    def test_in_force_it_changes_no_other_draw(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: dict[str, list[float]] = {"old": [], "new": []}
        for key, chain in (("old", ScanNoise), ("new", chain_with(monkeypatch, haze()))):
            for rng in generators(2):
                streams = chain.streams(rng)
                seen[key] += [streams[name].random() for name in ScanNoise.streams(rng)]
        assert seen["old"] == seen["new"]

        # A stage that draws but leaves the image as it is leaves all of it as it was.
        def idle(image: np.ndarray, _haze: Haze, context: Context, /) -> np.ndarray:
            context.streams["haze_places"].random(1000)
            return image

        extended = chain_with(monkeypatch, haze(apply=idle))
        noise = extended(haze=Haze(0.1), jitter=FULL_SCAN.jitter, zingers=FULL_SCAN.zingers)
        bare = ScanNoise(jitter=FULL_SCAN.jitter, zingers=FULL_SCAN.zingers)
        arguments = {"dose": 500.0, "sampling": 0.2}
        out = distort(waves(), generators(2), noise=noise, **arguments)
        assert np.array_equal(out, distort(waves(), generators(2), noise=bare, **arguments))

    def test_each_realization_draws_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        extended = chain_with(monkeypatch, haze())
        out, bare = (
            distort(waves(), generators(2), dose=500.0, sampling=0.2, noise=noise)
            for noise in (extended(haze=Haze(1.0)), ScanNoise())
        )
        places = out - bare
        assert places.min() >= -1e-12
        assert places.std() == pytest.approx(math.sqrt(1 / 12), rel=0.05)
        assert abs(np.corrcoef(places[0].ravel(), places[1].ravel())[0, 1]) < 0.1

    @pytest.mark.parametrize("order", [("haze", "glare"), ("glare", "haze")])
    def test_stages_added_later_do_not_meet_each_other(
        self, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
    ) -> None:
        alone = chain_with(monkeypatch, haze())
        both = chain_with(monkeypatch, *(haze(name) for name in order))
        first, second = (c.streams(np.random.default_rng(1)) for c in (alone, both))
        assert first["haze_places"].random() == second["haze_places"].random()
        samples = [c.sample(np.random.default_rng(6)) for c in (alone, both)]
        assert samples[0].haze == samples[1].haze

    def test_random_chains_draw_the_other_stages_as_before(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        extended = chain_with(monkeypatch, haze())
        old, new = np.random.default_rng(8), np.random.default_rng(8)
        happened = 0
        for _ in range(200):
            drawn = extended.sample(new)
            happened += drawn.haze is not None
            before = ScanNoise.sample(old)
            assert all(getattr(drawn, name) == getattr(before, name) for name in before.names)
        assert 70 < happened < 130  # n = 200 of chance 0.5: 4 standard deviations are 28
        assert old.random() == new.random()

    @pytest.mark.parametrize(
        ("stages", "message"),
        [
            ((haze("jitter"),), "named jitter"),
            ((haze(streams=("pulse",)),), "random streams are named pulse"),
            ((haze("distort"), haze("without")), "cannot be named without"),
            ((haze(of_truth=True),), "ground truth come before"),
            ((haze(variant_of="fog"),), "does not have what haze would stand in for"),
        ],
    )
    def test_stages_that_make_no_chain_are_refused(
        self, monkeypatch: pytest.MonkeyPatch, stages: tuple[Stage[Haze], ...], message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            chain_with(monkeypatch, *stages)

    def test_no_chain_loses_a_published_stage(self) -> None:
        with pytest.raises(ValueError, match="cannot lose its stages row_lines"):

            class Shorter(
                Chain,
                files=[file for file in SCAN_STAGES if file != "row_lines"],
                first=FIRST_SCAN_STAGES,
                modalities=("stem",),
            ):
                pass
