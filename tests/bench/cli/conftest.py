"""What several tests of commands need."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def gaussians(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """Write an image of four Gaussian columns and their rounded positions."""
    truth = np.array([[9.3, 8.6], [21.8, 9.1], [8.7, 20.4], [21.2, 21.9]])
    y, x = np.mgrid[:31, :30]
    image = 0.02 + sum(
        0.3 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.1**2)) for cx, cy in truth
    )
    np.save(tmp_path / "image.npy", image)
    pd.DataFrame(truth.round(), columns=["x", "y"]).to_csv(tmp_path / "start.csv", index=False)
    return tmp_path / "image.npy", tmp_path / "start.csv", truth
