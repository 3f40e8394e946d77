"""The fastest engine: timed once per machine, kept, timed again where that is lost."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from restore import load_restorer, metadata_of, resolved_spec, with_engine
from restore.cgrdn import cgrdn_restorer, fastest_engine
from restore.cgrdn.fastest_engine import EngineTimes
from stembench.errors import InputError
from stembench.surroundings import kept_values

VERSIONS = {"keras": "keras 3", "onnx": "onnxruntime 1"}


class Probe:
    """A probe that counts its calls."""

    def __init__(self, **seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0

    def __call__(self, engines: tuple[str, ...]) -> EngineTimes:
        self.calls += 1
        return EngineTimes(seconds={engine: self.seconds[engine] for engine in engines})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(kept_values, "cache_root", lambda: tmp_path)
    fastest_engine._fastest.cache_clear()
    yield tmp_path / "engines"
    fastest_engine._fastest.cache_clear()


def probe_with(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> Probe:
    """Another process on this machine, in which the engines would take these times."""
    probe = Probe(**seconds)
    monkeypatch.setattr(fastest_engine, "_probe", probe)
    fastest_engine._fastest.cache_clear()
    return probe


def test_it_is_timed_once_and_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = probe_with(monkeypatch, keras=2.0, onnx=1.0)
    assert [fastest_engine.fastest_engine(VERSIONS) for _ in range(2)] == ["onnx", "onnx"]
    assert probe.calls == 1
    later = probe_with(monkeypatch, keras=1.0, onnx=2.0)
    assert fastest_engine.fastest_engine(VERSIONS) == "onnx"
    assert later.calls == 0
    assert len(list(cache.iterdir())) == 1
    # Other versions, or another machine, are timed on their own.
    assert fastest_engine.fastest_engine(VERSIONS | {"onnx": "onnxruntime 2"}) == "keras"
    monkeypatch.setattr(fastest_engine, "_machine", lambda: ("another",))
    assert fastest_engine.fastest_engine(VERSIONS) == "keras"
    assert later.calls == 2


def test_what_is_kept_and_damaged_is_timed_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    probe_with(monkeypatch, keras=2.0, onnx=1.0)
    fastest_engine.fastest_engine(VERSIONS)
    (kept,) = cache.iterdir()
    kept.write_text(kept.read_text().replace("2.0", "0.5"))
    probe = probe_with(monkeypatch, keras=2.0, onnx=1.0)
    assert fastest_engine.fastest_engine(VERSIONS) == "onnx"
    assert probe.calls == 1
    assert "the engines are timed again" in caplog.text


def test_without_a_place_it_is_timed_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_values, "cache_root", lambda: None)
    probe = probe_with(monkeypatch, keras=1.0, onnx=2.0)
    assert [fastest_engine.fastest_engine(VERSIONS) for _ in range(2)] == ["keras", "keras"]
    assert probe.calls == 1


def test_a_single_engine_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = probe_with(monkeypatch, keras=2.0, onnx=1.0)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert resolved_spec("cgrdn@auto") == "cgrdn@keras"
    assert probe.calls == 0

    def missing() -> str:
        raise InputError("Keras is set to a backend that is not installed")

    for engine in cgrdn_restorer.FLOAT32_ENGINES:
        monkeypatch.setitem(cgrdn_restorer._ENGINE_VERSIONS, engine, missing)
    with pytest.raises(InputError, match="a backend that is not installed"):
        resolved_spec("cgrdn@auto")


def test_a_restorer_is_recorded_by_the_engine_that_was_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe_with(monkeypatch, keras=2.0, onnx=1.0)
    assert resolved_spec("cgrdn-lrtem@auto") == "cgrdn-lrtem@onnx"
    assert metadata_of("cgrdn@auto") == metadata_of("cgrdn@onnx")
    assert load_restorer("cgrdn@auto").metadata.name == "cgrdn@onnx"
    # bfloat16 is faster, and nobody asked for it.
    assert set(cgrdn_restorer.FLOAT32_ENGINES) < set(cgrdn_restorer.ENGINES)


def test_a_probe_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"could not be timed \(.*unknown engine 'none'.*instead"):
        fastest_engine._probe(("none",))


def test_the_probe_of_a_process() -> None:
    """One engine, whose library starts soon; the time is that of one small image."""
    found = fastest_engine._probe(("onnx",))
    assert 1e-3 < found.seconds["onnx"] < 60


@pytest.mark.parametrize(
    ("spec", "engine", "wanted"),
    [
        ("cgrdn", "bf16", "cgrdn@bf16"),
        ("cgrdn-hrsem", "auto", "cgrdn-hrsem@auto"),
        ("cgrdn", "tensorflow", "cgrdn@keras"),
        ("cgrdn@onnx", "bf16", "cgrdn@onnx"),
        ("gaussian:sigma=0.4", "bf16", "gaussian:sigma=0.4"),
        ("net.onnx", "bf16", "net.onnx"),
    ],
)
def test_an_engine_for_those_that_have_several(spec: str, engine: str, wanted: str) -> None:
    assert with_engine(spec, engine) == wanted


def test_tensorflow_where_keras_has_another_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restore.registry.keras_backend", lambda: "jax")
    with pytest.raises(InputError, match="backend 'jax', not to TensorFlow"):
        with_engine("cgrdn", "tensorflow")
    assert with_engine("raw", "tensorflow") == "raw"
