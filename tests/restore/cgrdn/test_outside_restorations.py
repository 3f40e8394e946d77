"""CGRDN against what another person restored from experimental images with the published networks.

That person ran tk_r_em itself; nobody here wrote the expected images (tests/data/README.md).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import load_restorer
from restore.cgrdn.cgrdn_restorer import load_cgrdn

DATA = Path(__file__).parents[2] / "data"
#: Largest difference of a pixel, in standard deviations of the image that was restored.
TOLERANCE = 1e-4


def read(name: str) -> dict[str, Any]:
    with np.load(DATA / name, allow_pickle=False) as file:
        return {key: file[key].astype(np.float64) for key in file.files}


@pytest.mark.slow
def test_hrstem_equals_the_restoration_of_an_experimental_image() -> None:
    there = read("sto_haadf.npz")
    found = load_restorer("cgrdn").restore(there["raw"][None], sampling=0.13517)[0]
    apart = np.abs(found - there["restored"]) / there["raw"].std()
    assert apart.max() < TOLERANCE
    # Restoring changes the image by far more, so that equality is no accident.
    assert np.abs(found - there["raw"]).max() / there["raw"].std() > 1


@pytest.mark.slow
def test_hrsem_equals_the_restoration_of_an_experimental_image() -> None:
    there = read("rebco_sem_cut.npz")
    network = load_cgrdn("hrsem")
    size = there["restored"].shape[0]

    def apart(mean: float, std: float) -> float:
        """Largest difference with the cut standardised so, far from the edges that the cut made."""
        standard = ((there["raw"] - mean) / std).astype(np.float32)
        found = (network.forward(standard).astype(np.float64) * std + mean)[:size, :size]
        return float(np.abs(found - there["restored"]).max() / there["std"])

    assert apart(float(there["mean"]), float(there["std"])) < TOLERANCE
    # Negative control: with the cut's own mean and standard deviation it is another estimator.
    assert apart(float(there["raw"].mean()), float(there["raw"].std())) > 10 * TOLERANCE
