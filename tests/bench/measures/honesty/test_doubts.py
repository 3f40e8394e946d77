"""Doubts: honest errors raise none, those that no image explains do."""

import numpy as np
import pandas as pd
import pytest

from bench.measures.honesty.doubts import BEST, Cell, Witness, image_errors, shift_variance
from bench.reference import reference_table
from cases import get_case

CASES = {name: get_case(name) for name in ("pt_bulk", "edge_dislocation", "defect_ladder")}
CELL = Cell("net", "pt_bulk", "z10", 5e2)
CRB = 0.3**2


def checks(witness: Witness) -> list[str]:
    return [doubt.check for doubt in witness.doubts(CASES)]


def errors(n: int, *, share: float, error: float, clean: float, seed: int) -> pd.DataFrame:
    """Images whose rigid shift has `share` of the least variance."""
    rng = np.random.default_rng(seed)
    least = shift_variance(CASES["pt_bulk"], "z10", dose=5e2, crb=CRB)
    shift = np.sqrt(share * least) * rng.standard_normal((n, 2))
    return pd.DataFrame(
        {
            "realization": range(n),
            "shift_x": shift[:, 0],
            "shift_y": shift[:, 1],
            "error": error * (1 + 0.1 * rng.standard_normal(n)),
            "clean_error": clean,
            "crb": CRB,
        }
    )


def probes(n: int = 1, **changes: object) -> pd.DataFrame:
    honest: dict[str, object] = {
        "realization": range(n),
        "transform": "moved by (+0.60, -0.70) px and mirrored",
        "failure": "",
        "repeated": np.nan,
        "columns": 64.0,
        "followed": 1.0,
        "followed_err": 0.05,
        "position_change": 0.0,
        "position_change_err": 0.25,
        "scs_change": 0.0,
        "scs_change_err": 0.4,
    }
    return pd.DataFrame({**honest, **changes})


class TestErrors:
    @pytest.mark.parametrize("n", [1, 2, 16])
    def test_the_best_possible_estimate_is_never_doubted_and_a_stamp_always(self, n: int) -> None:
        # P(doubt) of the best is below 1e-6 by construction; a stamp with a 1000th of the least
        # scatter is missed with n = 1 in exp(-1e-6 / 1e-3 / 2) of all trials or so.
        for seed in range(20):
            best = Witness(errors={CELL: [errors(n, share=1, error=1, clean=0, seed=seed)]})
            assert checks(best) == []
            stamp = Witness(errors={CELL: [errors(n, share=1e-9, error=1, clean=0, seed=seed)]})
            assert checks(stamp) == ["shift"]

    def test_a_scatter_that_is_half_the_least_takes_many_images(self) -> None:
        few, many = (
            Witness(errors={CELL: [errors(n, share=BEST / 4, error=1, clean=0, seed=1)]})
            for n in (2, 64)
        )
        assert checks(few) == []
        assert checks(many) == ["shift"]

    def test_errors_below_the_noise_free_fits_are_doubted_from_four_images_on(self) -> None:
        for n, error, expected in (
            (4, 0.1, ["truth"]), (3, 0.1, []), (16, 0.9, []), (16, 1.5, []), (16, 0.3, ["truth"]),
        ):  # fmt: skip
            witness = Witness(errors={CELL: [errors(n, share=4, error=error, clean=1, seed=2)]})
            assert checks(witness) == expected, (n, error)

    def test_positions_that_a_case_holds_say_nothing(self) -> None:
        rows = errors(8, share=0, error=0, clean=1, seed=1)
        held = Cell("net", "defect_ladder", "z10", 5e2)
        assert checks(Witness(errors={held: [rows]})) == []
        assert set(checks(Witness(errors={CELL: [rows]}))) == {"shift", "truth"}

    def test_the_least_variance_is_that_of_all_columns_together(self) -> None:
        for name, image in (("pt_bulk", "z10"), ("edge_dislocation", "core")):
            case = CASES[name]
            table = reference_table(case, image, dose=5e2)
            stated = np.square(table.loc[table["measured"], ["x_crb", "y_crb"]]).to_numpy()
            crb = 1 / np.mean(1 / stated)
            one, ten = (
                shift_variance(case, image, dose=dose, crb=np.nan if np.isnan(crb) else crb * part)
                for dose, part in ((5e2, 1.0), (5e3, 0.1))
            )
            assert one == pytest.approx(10 * ten, rel=1e-6)
            # Columns of 0.1 to 1 px precision, some 200 of them.
            assert 0.1**2 / 250 < one < 1 / 100

    def test_errors_of_images_are_means_over_fitted_columns(self) -> None:
        rows = pd.DataFrame(
            {
                "restorer": ["net"] * 4 + ["net/true-width"],
                "realization": [0, 0, 1, 1, 0],
                "x_fit": [1.2, 2.4, np.nan, 2.0, 9.0], "y_fit": [0.0, 0.0, np.nan, 1.0, 9.0],
                "x_ref": [1.0, 2.0, 1.0, 2.0, 1.0], "y_ref": 0.0,
                "x_true": [1.1, 2.0, 1.1, 2.0, 1.0], "y_true": 0.0,
                "x_crb": [0.1, 0.2, 0.1, 0.2, 0.1], "y_crb": [0.1, 0.2, 0.1, 0.2, 0.1],
            }
        )  # fmt: skip
        found = image_errors(rows, "net").set_index("realization")
        assert found["shift_x"].tolist() == pytest.approx([0.3, 0.0])
        assert found["shift_y"].tolist() == pytest.approx([0.0, 1.0])
        assert found["error"].tolist() == pytest.approx([(0.01 + 0.16) / 2, 1.0])
        assert found["clean_error"].tolist() == pytest.approx([0.005, 0.0])
        assert found["crb"].tolist() == pytest.approx([2 / (100 + 25), 0.04])


class TestProbes:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, []),
            ({"repeated": 1e-6}, []),
            ({"repeated": 1e-3}, ["repeat"]),
            ({"repeated": np.inf}, ["repeat"]),
            ({"followed": 0.0}, ["follow"]),
            ({"followed": 0.5, "followed_err": 0.01}, ["follow"]),
            ({"followed": 1.5, "followed_err": 0.01}, ["follow"]),
            # Six standard errors of 0.05 and a quarter of the move: 0.45.
            ({"followed": 0.6}, []),
            ({"position_change": 5.0}, ["transform"]),
            ({"position_change": -5.0}, ["transform"]),
            ({"scs_change": 5.0}, ["transform"]),
            ({"position_change": 2.5, "scs_change": 3.5}, []),
            ({"followed": np.nan, "position_change": np.nan, "scs_change": np.nan}, []),
            ({"failure": "restorer 'net' failed on image 0: no"}, ["transform"]),
        ],
    )
    def test_limits(self, changes: dict[str, object], expected: list[str]) -> None:
        assert checks(Witness(probes={CELL: [probes(**changes)]})) == expected

    def test_images_that_disagree_widen_the_error(self) -> None:
        agree = probes(2, followed=[0.4, 0.4])
        differ = probes(2, followed=[0.0, 0.8])
        assert checks(Witness(probes={CELL: [agree]})) == ["follow"]
        assert checks(Witness(probes={CELL: [differ]})) == []
