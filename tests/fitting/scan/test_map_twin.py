"""The scan fit against a plain dense fit of the same model."""

import numpy as np

from fitting import ColumnModel, FitOptions, ScanModel, fit_columns
from tests.fitting.map_fit import Scene, ar1_covariance, map_fit

ROWS, COLS, WIDTH, ELECTRONS = 40, 44, 2.2, 400.0
SIGMA, PHI = 0.3, 0.5


def test_same_columns_and_lines_as_a_dense_fit(monkeypatch):
    rng = np.random.default_rng(5)
    x, y = (part.ravel() for part in np.meshgrid([10.0, 22.0, 34.0], [9.0, 20.0, 31.0]))
    model = ColumnModel(
        x=x, y=y, height=np.ones(9), sigma=np.full(9, WIDTH), shape=(ROWS, COLS),
        background=(0.05,), width="shared",
    )  # fmt: skip
    scene = Scene(model, ELECTRONS, ar1_covariance(ROWS, sigma=SIGMA, phi=PHI))
    from tests.fitting.map_fit import expected

    lines = np.linalg.cholesky(scene.covariance) @ rng.normal(size=(ROWS, 2))
    truth = scene.start.copy()
    truth[-2 * ROWS :] = lines.T.ravel()
    counts = rng.poisson(expected(scene, truth).rate).astype(float)
    twin = map_fit(scene, counts, start=scene.start)
    assert twin is not None

    from fitting.scan import scan_fit
    from fitting.scan.posterior import scene as of_scene

    # The dense fit has no variance of what the profile misses, windows or columns beyond the frame.
    monkeypatch.setattr(scan_fit, "FLOOR", 1e-9)
    monkeypatch.setattr(scan_fit, "LIGHT_REACH", 8.0)
    monkeypatch.setattr(of_scene, "LIGHT_REACH", 8.0)
    monkeypatch.setattr("fitting.scan.preparation.surroundings.REACH", 0.0)
    found = fit_columns(
        counts / ELECTRONS, np.stack([x, y], axis=1), sampling=1.0, dose=ELECTRONS,
        options=FitOptions(background="constant"),
        scan=ScanModel(
            sigma_x=SIGMA, sigma_y=SIGMA, phi_x=PHI, phi_y=PHI, profile="one", width_spread=0.0
        ),
    )  # fmt: skip
    off = found.table[["x", "y"]].to_numpy() - twin[:18].reshape(2, 9).T
    assert np.abs(off).max() < 1e-3
    assert np.abs(found.scan.displacements[0].T.ravel() - twin[-2 * ROWS :]).max() < 5e-3
