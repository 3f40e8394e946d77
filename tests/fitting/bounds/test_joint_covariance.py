"""The joint Cramér-Rao matrix against `cramer_rao` and a dense twin by finite differences."""

import numpy as np
import pytest

from fitting import FitOptions, cramer_rao, fit_columns
from fitting.bounds.joint_covariance import joint_covariance
from fitting.results.column_fit import ColumnFit
from stembench.errors import InputError

SAMPLING, DOSE = 0.2, 800.0
OPTIONS = FitOptions(width="shared", background="none")


def _image(places: np.ndarray, heights: np.ndarray, width: float) -> np.ndarray:
    y, x = np.mgrid[:40, :44]
    return sum(
        h * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * width**2))
        for (px, py), h in zip(places, heights, strict=True)
    )


def _made() -> tuple[np.ndarray, np.ndarray, float]:
    x, y = np.meshgrid(np.arange(4) * 9.0 + 8.3, np.arange(3) * 10.0 + 9.7)
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    return places, np.linspace(0.1, 0.2, len(places)), 2.6


@pytest.fixture(scope="module")
def fit() -> ColumnFit:
    places, heights, width = _made()
    return fit_columns(_image(places, heights, width), places, sampling=SAMPLING, options=OPTIONS)


def test_its_diagonal_is_the_bound_of_each_column(fit: ColumnFit) -> None:
    joint = joint_covariance(fit, dose=DOSE)
    bound = cramer_rao(fit, dose=DOSE)
    for axis, name in enumerate(("x_crb", "y_crb", "scs_crb")):
        own = np.sqrt(np.einsum("nn->n", joint[:, axis, :, axis]))
        np.testing.assert_allclose(own, bound[name].to_numpy(), rtol=1e-6)


def test_it_is_the_inverse_of_the_information_of_a_dense_twin(fit: ColumnFit) -> None:
    places, heights, width = _made()
    n = len(places)
    start = np.concatenate([places.ravel(), heights, [width]])

    def image(theta: np.ndarray) -> np.ndarray:
        return _image(theta[: 2 * n].reshape(n, 2), theta[2 * n : 3 * n], theta[-1]).ravel()

    steps = 1e-5 * np.maximum(1.0, np.abs(start))
    slopes = np.stack(
        [
            (image(start + step * unit) - image(start - step * unit)) / (2 * step)
            for step, unit in zip(steps, np.eye(start.size), strict=True)
        ]
    )
    electrons = DOSE * SAMPLING**2
    information = electrons * (slopes / image(start)) @ slopes.T
    covariance = np.linalg.inv(information)
    joint = joint_covariance(fit, dose=DOSE)
    positions = joint[:, :2, :, :2].reshape(2 * n, 2 * n)
    scale = np.sqrt(np.outer(np.diag(positions), np.diag(positions)))
    np.testing.assert_allclose(positions / scale, covariance[: 2 * n, : 2 * n] / scale, atol=2e-4)
    # V = 2 pi s^2 eta rho^2
    jacobian = np.zeros((n, start.size))
    jacobian[:, 2 * n : 3 * n] = np.eye(n) * 2 * np.pi * SAMPLING**2 * width**2
    jacobian[:, -1] = 4 * np.pi * SAMPLING**2 * heights * width
    volumes = jacobian @ covariance @ jacobian.T
    np.testing.assert_allclose(joint[:, 2, :, 2], volumes, rtol=2e-3, atol=1e-3 * volumes.max())
    assert np.abs(positions - np.diag(np.diag(positions))).max() > 1e-3 * positions.max()


def test_another_kind_of_fit_is_refused(fit: ColumnFit) -> None:
    places, heights, width = _made()
    other = fit_columns(
        _image(places, heights, width),
        places,
        sampling=SAMPLING,
        options=FitOptions(width="column", background="none"),
    )
    with pytest.raises(InputError, match="one width and no background"):
        joint_covariance(other, dose=DOSE)
    with pytest.raises(InputError, match="dose"):
        joint_covariance(fit, dose=-1.0)
