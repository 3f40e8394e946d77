"""The full contract: all classical restorers pass, and each item fails for who breaks it."""

import importlib.util
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from bench.cli.app import app
from restore import load_restorer
from restore.conformance import Finding, check_restorer, synthetic_counts
from restore.contract import ContractRestorer
from restore.restorer import RestorerMetadata, Tiling

Image = NDArray[np.float64]
CLASSICAL = (
    *("raw", "gaussian", "wiener", "bragg", "nlm", "wavelet", "tv", "patch-pca", "unwarp"),
    *(
        ("bm3d",) if importlib.util.find_spec("bm3d") else ()
    ),  # see classical/test_stabilised_filters.py
)
ITEMS = (
    "shape",
    "dtype",
    "finite",
    "deterministic",
    "batch-invariant",
    "tile-invariant",
    "scale",
    "odd sizes",
    "empty field",
    "constant image",
    "1 x 1",
    "2048 x 2048",
)


class Made:
    """A restorer that returns whatever the test wants."""

    def __init__(self, answer: Callable[[Image], Any], *, scales: bool | None = None) -> None:
        self._answer = answer
        self.metadata = RestorerMetadata(
            name="made",
            version="1",
            licence="none",
            training_data="none",
            input_scale="any",
            scales_with_counts=scales,
        )

    def restore_image(self, image: Image, /, **_given: float) -> Any:
        return self._answer(image)


class Tiled(Made):
    """One that differs in windows by a given amount."""

    tiling = Tiling(whole=100, tile=50, margin=5, blend=5)

    def __init__(self, error: float) -> None:
        super().__init__(lambda image: image)
        self._error = error

    def restore_with(self, image: Image, /, *, tiling: Tiling | None, **_given: float) -> Image:
        if tiling is None:
            return image
        assert not tiling.applies_to((1, 1))
        assert len(tiling.starts(image.shape[1])) > 3
        return image + self._error * image.std() * (np.arange(image.shape[1]) == 7)


def checked(restorer: Any, **options: Any) -> dict[str, Finding]:
    findings = list(check_restorer(ContractRestorer(restorer), **options))
    assert [finding.item for finding in findings] == list(ITEMS)
    return {finding.item: finding for finding in findings}


def failed(findings: dict[str, Finding]) -> set[str]:
    return {item for item, finding in findings.items() if finding.outcome == "fail"}


@pytest.mark.parametrize("name", CLASSICAL)
def test_classical_restorers_pass(name: str) -> None:
    restorer = load_restorer(name)
    findings = checked(restorer.inner)  # type: ignore[attr-defined]
    assert not failed(findings), findings
    scale = findings["scale"]
    assert scale.outcome == ("pass" if name in ("raw", "gaussian") else "reported")
    assert findings["deterministic"].value == 0
    assert findings["tile-invariant"].outcome == "not applicable"
    if name == "bragg":
        assert any("found no lattice" in note for note in findings["odd sizes"].notes)


def test_cgrdn_passes() -> None:
    """Through ONNX, which needs no TensorFlow; a strip is cut at the margin that is declared."""
    findings = checked(load_restorer("cgrdn@onnx").inner)  # type: ignore[attr-defined]
    assert not failed(findings), findings
    for item in ("tile-invariant", "scale"):
        assert findings[item].outcome == "pass"


def test_the_counts_tried_are_a_lattice() -> None:
    """Mean 21 to five standard errors: the counts' variance over n, and whole periods of it."""
    counts = synthetic_counts((200, 200))
    assert counts.mean() == pytest.approx(21, abs=5 * np.sqrt(21 / counts.size))
    assert counts.var() > 3 * counts.mean()


COUNTER = itertools.count()


@pytest.mark.parametrize(
    ("answer", "items"),
    [
        (lambda image: image[:, :-1], set(ITEMS) - {"dtype", "finite", "tile-invariant"}),
        (lambda image: image.astype(np.float16), {"dtype"}),
        (lambda image: image.astype(np.int64), {"dtype"}),
        (lambda image: np.where(image > 50, np.nan, image), {"finite"}),
        (lambda image: image + 0.01 * next(COUNTER), {"deterministic", "batch-invariant"}),
        (lambda image: image + 1.0, {"empty field"}),
        (lambda image: 0.8 * image, {"constant image"}),
        (lambda image: 1 / image.shape[0] * image[::2].repeat(2, 0), {"odd sizes"}),
        (lambda image: image / (image.size - 1), {"1 x 1"}),
    ],
)
def test_each_item_fails_for_who_breaks_it(answer: Callable[[Image], Any], items: set[str]) -> None:
    with np.errstate(all="ignore"):
        assert items - {"2048 x 2048"} <= failed(checked(Made(answer)))


def test_a_faithful_restorer_fails_nothing() -> None:
    """Negative control of all the above."""
    assert not failed(checked(Made(lambda image: image)))


@pytest.mark.parametrize(
    ("scales", "answer", "outcome"),
    [
        (True, lambda image: 2 * image, "pass"),
        (True, np.sqrt, "fail"),
        (False, np.sqrt, "reported"),
        (None, np.sqrt, "reported"),
    ],
)
def test_scale_is_held_to_what_is_claimed(
    scales: bool | None, answer: Callable[[Image], Image], outcome: str
) -> None:
    """sqrt(4 x) / 4 is sqrt(x) / 2: off by half of the largest value."""
    finding = checked(Made(answer, scales=scales))["scale"]
    assert finding.outcome == outcome
    if answer is np.sqrt:
        root = np.sqrt(synthetic_counts((48, 40)))
        assert finding.value == pytest.approx(root.max() / 2 / root.std())


@pytest.mark.parametrize(("error", "outcome"), [(5e-4, "pass"), (2e-3, "fail")])
def test_tiles_are_compared_with_the_whole(error: float, outcome: str) -> None:
    finding = checked(Tiled(error))["tile-invariant"]
    assert finding.outcome == outcome
    assert finding.value == pytest.approx(error)


def test_one_size_alone() -> None:
    """A network of one size is tried at that size; other sizes are its failure."""

    def fixed(image: Image) -> Image:
        if image.shape != (24, 24):
            raise ValueError("only 24 x 24 px")
        return image

    findings = checked(Made(fixed), shape=(24, 24))
    assert failed(findings) == {"odd sizes", "1 x 1"}
    assert "only 24 x 24 px" in findings["odd sizes"].measured


@pytest.mark.parametrize(("peak", "outcome"), [(7e9, "pass"), (9e9, "fail")])
def test_large_images_are_held_to_a_memory(peak: float, outcome: str) -> None:
    finding = checked(Made(lambda image: image), large=True, peak_memory=lambda: int(peak))
    assert finding["2048 x 2048"].outcome == outcome


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments], env={"COLUMNS": "160"})
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def test_command(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0, 1 for a failed item, 2 for what cannot be loaded."""
    code, output = run("gaussian")
    assert code == 0
    assert "no item failed" in output
    assert all(item in output for item in ITEMS)
    (tmp_path / "broken_of_the_test.py").write_text(
        "def leak(images, *, sampling):\n    return images + 3.0\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    code, output = run("broken_of_the_test:leak")
    assert code == 1
    assert "failed: empty field, constant image" in output
    assert run("nothing_such")[0] == 2
    assert "found no lattice" in run("bragg", "--size", "40")[1]
