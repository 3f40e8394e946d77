"""Changes that are put in: their size, their places, and how much of them is found."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bench.assessment.column_fits import Columns
from bench.assessment.edits import SCS_PART, SHIFT_PM, edited_image, planned_edits
from bench.assessment.injected import InjectedDraw, injected_changes

_SIGMA, _HEIGHT, _SAMPLING, _PITCH = 2.0, 40.0, 0.2, 12.0


def lattice(side: int = 6, *, pitch: float = _PITCH) -> Columns:
    """Columns of a square lattice, their SCS in electrons x Å²."""
    y, x = (axis.ravel() * pitch + pitch for axis in np.mgrid[:side, :side].astype(float))
    scs = np.full(len(x), 2 * np.pi * _HEIGHT * (_SIGMA * _SAMPLING) ** 2)
    ones = np.ones(len(x))
    return Columns(
        x=x, y=y, height=_HEIGHT * ones, sigma=_SIGMA * ones, scs=scs, held_scs=scs,
        x_err=0.1 * ones, y_err=0.1 * ones, scs_err=0.1 * scs,
    )  # fmt: skip


def drawn(columns: Columns, size: int) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    image = np.full((size, size), 5.0)
    for cx, cy, height, sigma in zip(
        columns.x, columns.y, columns.height, columns.sigma, strict=True
    ):
        image += height * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2))
    return image


@given(seed=st.integers(0, 2**31), number=st.integers(0, 50), side=st.integers(4, 12))
@settings(max_examples=40, deadline=None)
def test_changed_columns_are_no_neighbours_and_lie_inside(seed, number, side) -> None:
    columns = lattice(side)
    size = int(_PITCH * (side + 1))
    edits = planned_edits(
        columns, (size, size), spacing=_PITCH, sampling=_SAMPLING, number=number,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    places = np.array([[columns.x[e.column], columns.y[e.column]] for e in edits])
    assert len(edits) >= 1
    assert len({edit.column for edit in edits}) == len(edits)
    gaps = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    assert (gaps[~np.eye(len(edits), dtype=bool)] > 3 * _PITCH).all()
    assert (places >= 1.5 * _PITCH).all()
    assert (places <= size - 1 - 1.5 * _PITCH).all()
    for edit in edits:
        shift = np.hypot(edit.dx, edit.dy) * _SAMPLING * 100
        assert {
            "vacancy": (edit.factor == 0, shift == 0),
            "shift": (edit.factor == 1, shift == pytest.approx(SHIFT_PM)),
            "scs": (abs(edit.factor - 1) == pytest.approx(SCS_PART), shift == 0),
        }[edit.kind] == (True, True)


@pytest.mark.parametrize(("apart", "changed"), [(1.4, False), (2.6, True)])
def test_columns_that_are_one_maximum_are_not_changed(apart, changed) -> None:
    """On SrTiO3 two Gaussians in one column moved each other by 4 px for a change of 1.1 px."""
    columns = lattice(5)
    columns.x[13] = columns.x[12] + apart * _SIGMA
    columns.y[13] = columns.y[12]
    found = {
        edit.column
        for number in range(40)
        for edit in planned_edits(
            columns, (72, 72), spacing=_PITCH, sampling=_SAMPLING, number=number,
            rng=np.random.default_rng(number),
        )
    }  # fmt: skip
    assert ({12, 13} <= found, bool({12, 13} & found)) == (changed, changed)
    assert len(found) > 3


def test_kinds_and_directions_take_turns() -> None:
    columns = lattice(4)
    found = [
        edit
        for number in range(24)
        for edit in planned_edits(
            columns, (60, 60), spacing=_PITCH, sampling=_SAMPLING, number=number,
            rng=np.random.default_rng(number),
        )
    ]  # fmt: skip
    kinds = [edit.kind for edit in found]
    assert kinds == ["vacancy", "shift", "scs"] * 8
    assert {kinds.count(kind) for kind in ("vacancy", "shift", "scs")} == {8}
    steps = {(np.sign(e.dx), np.sign(e.dy)) for e in found if e.kind == "shift"}
    assert steps == {(1, 0), (-1, 0), (0, 1), (0, -1)}
    assert {e.factor for e in found if e.kind == "scs"} == {1 - SCS_PART, 1 + SCS_PART}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_edited_image_is_that_of_the_changed_columns(number) -> None:
    columns = lattice()
    image = drawn(columns, 84)
    edits = planned_edits(
        columns, image.shape, spacing=_PITCH, sampling=_SAMPLING, number=number,
        rng=np.random.default_rng(3),
    )  # fmt: skip
    x, y, height = columns.x.copy(), columns.y.copy(), columns.height.copy()
    for edit in edits:
        x[edit.column] += edit.dx
        y[edit.column] += edit.dy
        height[edit.column] *= edit.factor
    np.testing.assert_allclose(
        edited_image(image, columns, edits),
        drawn(replace(columns, x=x, y=y, height=height), 84),
        atol=1e-9,
    )
    empty = edited_image(drawn(columns, 84) - 5.5, columns, edits)
    assert empty.min() == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_restorer_that_passes_on_a_share_responds_by_it(share) -> None:
    truth = lattice()
    draws = []
    rng = np.random.default_rng(8)
    for number in range(6):
        edits = planned_edits(
            truth, (84, 84), spacing=_PITCH, sampling=_SAMPLING, number=number, rng=rng
        )
        noise = {name: rng.normal(0, 0.1, len(truth.x)) for name in ("x", "y")}

        def changed(part, noise, edits=edits):
            x, y, scs = truth.x + noise["x"], truth.y + noise["y"], truth.scs.copy()
            for edit in edits:
                x[edit.column] += part * edit.dx
                y[edit.column] += part * edit.dy
                scs[edit.column] *= 1 + part * (edit.factor - 1)
            return replace(truth, x=x, y=y, scs=scs, held_scs=scs)

        draws.append(
            InjectedDraw(
                edits=edits, before=changed(0.0, noise), after=changed(share, noise),
            )
        )  # fmt: skip
    found = injected_changes(truth, draws)
    for value in (found.position, found.scs, found.vacancy):
        assert value.value == pytest.approx(share, abs=1e-9)
    assert found.filled == float(share < 0.5)
    assert sum(found.numbers.values()) == sum(len(draw.edits) for draw in draws)


def test_a_column_that_the_fit_loses_has_passed_nothing_on() -> None:
    truth = lattice(12)
    edits = [
        planned_edits(
            truth, (156, 156), spacing=_PITCH, sampling=_SAMPLING, number=number,
            rng=np.random.default_rng(1),
        )
        for number in range(3)
    ]  # fmt: skip
    gone = np.full_like(truth.x, np.nan)
    lost = replace(truth, x=gone, y=gone, scs=gone, held_scs=gone)
    found = injected_changes(
        truth, [InjectedDraw(edits=each, before=truth, after=lost) for each in edits]
    )
    assert min(found.numbers.values()) >= 1
    assert found.position.value == found.scs.value == found.vacancy.value == 0
    assert found.filled == 1
