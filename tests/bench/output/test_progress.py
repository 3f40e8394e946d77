"""`stembench restore` with progress: what is said on the terminal, and that nothing changes."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.output.progress import restore_with_progress
from restore import RestorerMetadata, load_restorer
from restore.contract import ContractRestorer
from restore.restorer import Progress


class Stepped:
    """Doubles in three steps."""

    metadata = RestorerMetadata(
        name="stepped", version="1", licence="none", training_data="none", input_scale="any"
    )

    def restore_image(self, image: np.ndarray, /, **_given: float) -> np.ndarray:
        return 2 * image

    def restore_in_steps(
        self, image: np.ndarray, /, *, progress: Progress, **_given: float
    ) -> np.ndarray:
        for step in range(4):
            progress(step, 3)
        return 2 * image


def test_steps_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).poisson(9.0, (2, 5, 6)).astype(np.float64)
    restorer = ContractRestorer(Stepped())
    restored = restore_with_progress(restorer, images, sampling=0.1)
    np.testing.assert_array_equal(restored, 2 * images)
    assert "Restoring with stepped" in capsys.readouterr().err
    plain = load_restorer("gaussian")
    restored = restore_with_progress(plain, images, sampling=0.1)
    np.testing.assert_array_equal(restored, plain.restore(images, sampling=0.1))


def test_what_a_restorer_warns_of_is_said(tmp_path: Path) -> None:
    """A Bragg filter without a lattice: the image is written, and the user is told."""
    counts = np.random.default_rng(1).poisson(9.0, (40, 40)).astype(np.float64)
    np.save(tmp_path / "noise.npy", counts)
    out = tmp_path / "out.npy"
    result = CliRunner().invoke(
        app,
        ["restore", str(tmp_path / "noise.npy"), "-r", "bragg", "--sampling", "0.2",
         "-o", str(out)],
        env={"COLUMNS": "200"},
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "note: restorer 'bragg' found no lattice in an image of 40 x 40 px" in result.output
    assert np.load(out).shape == (40, 40)
