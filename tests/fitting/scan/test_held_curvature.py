"""Newton's steps with a held factor against a descent that renews it in every step."""

from dataclasses import replace

import numpy as np
import pytest

from fitting.scan import scan_fit
from fitting.scan.posterior import held_curvature
from fitting.scan.posterior.fisher_scoring import descend
from fitting.scan.posterior.held_curvature import held_factor, settle
from tests.fitting.scan.test_statistics import KNOWN, fit, image

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def fitted():
    """Setting and peak of a fit with a lattice prior, and its image with a column displaced."""
    caught = []

    def measure(setting, peak, *, sampling):
        caught.append((setting, peak))
        return 1.0, 0.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_fit, "measure_response", measure)
        fit(*image(100), **KNOWN, lattice_prior=0.3)
    [(setting, peak)] = caught
    columns = peak.at.columns.copy()
    columns[len(columns) // 2, 0] += 0.5
    displaced = replace(peak.at, columns=columns)
    light = setting.scene.expected(displaced) - peak.expected
    return setting, peak, replace(setting.scene, counts=setting.scene.counts + light), displaced


def cost(scene, priors, at):
    return scene.cost(scene.expected(at)) + priors.cost_and_gradient(at)[0]


def test_it_ends_where_full_steps_end(fitted, monkeypatch):
    setting, peak, moved, displaced = fitted
    priors = setting.priors
    factor = held_factor(setting.scene, priors, peak)
    exact = descend(moved, priors, displaced, tolerance=1e-10, still=0.0, steps=400)
    assert exact.converged
    assert cost(moved, priors, displaced) > exact.cost + 100 * TOLERANCE
    monkeypatch.setattr(held_curvature, "descend", None)  # not needed here
    found = settle(moved, priors, displaced, factor=factor, tolerance=TOLERANCE, otherwise=1)
    assert cost(moved, priors, found) == pytest.approx(exact.cost, abs=3 * TOLERANCE)
    # A gain of t nats is left by steps of sqrt(2 t) standard errors, which are below 1 px here.
    apart = np.abs(found.columns[:, :2] - exact.at.columns[:, :2]).max()
    assert apart < 3 * np.sqrt(2 * TOLERANCE)


def test_full_steps_take_over_where_directions_are_not_enough(fitted, monkeypatch):
    setting, peak, moved, displaced = fitted
    factor = held_factor(setting.scene, setting.priors, peak)
    steps = descend(moved, setting.priors, displaced, tolerance=TOLERANCE, still=0.0, steps=60)
    for gradients in (0, 1):
        monkeypatch.setattr(held_curvature, "GRADIENTS", gradients)
        found = settle(
            moved, setting.priors, displaced, factor=factor, tolerance=TOLERANCE, otherwise=60
        )
        assert np.array_equal(found.columns, steps.at.columns)


@pytest.mark.parametrize("seed", range(6))
def test_the_cost_never_rises_however_far_the_start(fitted, seed):
    setting, peak, _, _ = fitted
    scene, priors = setting.scene, setting.priors
    rng = np.random.default_rng(seed)
    far = replace(
        peak.at,
        columns=peak.at.columns + rng.normal(size=peak.at.columns.shape) * [1.5, 1.5, 20, 0],
        lines=peak.at.lines + rng.normal(size=peak.at.lines.shape),
    )
    factor = held_factor(scene, priors, peak)
    found = settle(scene, priors, far, factor=factor, tolerance=TOLERANCE, otherwise=60)
    assert cost(scene, priors, found) <= cost(scene, priors, far)
    assert np.isfinite(found.lines).all()
