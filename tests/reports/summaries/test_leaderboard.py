"""The leaderboard on made records: ranks, ties, marks and quantities."""

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from reports.records.run_folder import Run
from reports.summaries.leaderboard import leaderboard
from reports.summaries.summary import summarise
from reports.words.leaderboard import FAILED, NO_RANK, leaderboard_tables
from tests.records_factory import Estimator, Layout, as_run, make_records


def run_of(records: pd.DataFrame, *, complete: bool = True, **info: object) -> Run:
    return as_run(records, complete=complete, **info)


def two_cases() -> pd.DataFrame:
    how = {
        "raw": Estimator(std_pm=20.0, scs_std_pct=12.0),
        "twin": Estimator(std_pm=6.0, scs_std_pct=5.0),
        "net": Estimator(std_pm=6.0, scs_std_pct=5.0),
    }
    # A case that is ranked by RMSE; its records state a bound here, which the real case does not.
    core = Layout(case="edge_dislocation", image="core", bound_pm=10.0)
    bulk = make_records(core, how, doses=(500.0, 5000.0), realizations=12, seed=3)
    particle = make_records(
        Layout(case="nanoparticle", image="particle", counts=np.full(16, 5), bound_pm=None,
               scs_bound_pct=None),
        how, realizations=12, seed=4,
    )  # fmt: skip
    return pd.concat([bulk, particle], ignore_index=True)


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    return two_cases()


def ranks(board: pd.DataFrame, case: str = "edge_dislocation") -> dict[str, int]:
    return board[board["case"] == case].set_index("restorer")["rank"].to_dict()


class TestRanks:
    def test_what_cannot_be_told_apart_shares_a_rank(self, records: pd.DataFrame) -> None:
        board = leaderboard(run_of(records))
        assert ranks(board) == {"net": 1, "twin": 1, "raw": 3}
        assert set(board["score"]) == {"position_rmse", "count_accuracy"}

    def test_a_small_paired_difference_breaks_the_tie(self, records: pd.DataFrame) -> None:
        # One percent better on the same noise: the two intervals overlap almost wholly.
        better = records[records["restorer"] == "net"].assign(restorer="better")
        for axis in "xy":
            ref = better[f"{axis}_ref"]
            better[f"{axis}_fit"] = ref + 0.99 * (better[f"{axis}_fit"] - ref)
        board = leaderboard(run_of(pd.concat([records, better])))
        own = board[board["case"] == "edge_dislocation"].set_index("restorer")
        assert own.loc["better", "rank"] == 1
        assert own.loc["net", "rank"] > 1
        assert own.loc["better", "position_rmse_pm_high"] > own.loc["net", "position_rmse_pm_low"]

    def test_identical_results_tie(self, records: pd.DataFrame) -> None:
        copy = records[records["restorer"] == "net"].assign(restorer="copy")
        board = leaderboard(run_of(pd.concat([records, copy])))
        for case in ("edge_dislocation", "nanoparticle"):
            assert ranks(board, case)["copy"] == ranks(board, case)["net"]

    def test_an_incomplete_run_has_no_ranks(self, records: pd.DataFrame) -> None:
        run = run_of(records, complete=False)
        board = leaderboard(run)
        assert board["rank"].isna().all()
        table = leaderboard_tables(run, board)[0]
        assert {row[0] for row in table.rows} == {NO_RANK}
        assert "incomplete" in table.note

    def test_a_restorer_that_failed_is_marked_and_not_ranked(self, records: pd.DataFrame) -> None:
        broken = records.copy()
        lost = (broken["restorer"] == "net") & (broken["realization"] == 2)
        lost &= (broken["case"] == "edge_dislocation") & (broken["dose"] == 500)
        broken.loc[lost, ["x_fit", "y_fit", "scs"]] = np.nan
        run = run_of(broken)
        board = leaderboard(run)
        assert ranks(board)["twin"] == 1
        assert pd.isna(ranks(board)["net"])
        title = get_case("edge_dislocation").title
        table = next(t for t in leaderboard_tables(run, board) if t.title == title)
        assert table.rows[-1][:2] == (NO_RANK, f"net{FAILED}")
        assert table.rows[-1][table.header.index("failed fits")] == "16 of 384"
        assert FAILED in table.note
        # One failed fit is part of the failure rate and no reason to leave out the restorer.
        single = records.copy()
        single.loc[lost[lost].index[0], ["x_fit", "y_fit", "scs"]] = np.nan
        assert ranks(leaderboard(run_of(single)))["net"] == 1


class TestQuantities:
    def test_ratio_to_the_bound_and_bias(self, records: pd.DataFrame) -> None:
        board = leaderboard(run_of(records)).set_index(["case", "restorer"])
        net = board.loc[("edge_dislocation", "net")]
        # 6 pm over a bound of 10 pm; 24 images of 16 columns and 2 axes: 2.6 % standard error.
        assert net["position_over_bound"] == pytest.approx(0.6, abs=4 * 0.6 * 0.026)
        assert net["position_over_bound_low"] < 0.6 < net["position_over_bound_high"]
        assert net["position_rmse_pm"] == pytest.approx(10 * net["position_over_bound"])
        assert net["position_bias_share_low"] < 0 < net["position_bias_share_high"]
        assert np.isnan(board.loc[("nanoparticle", "net"), "position_over_bound"])
        assert 0 < board.loc[("nanoparticle", "net"), "count_accuracy"] <= 1

    def test_bias_share_of_a_known_bias(self) -> None:
        layout = Layout(
            case="edge_dislocation",
            image="core",
            positions=np.random.default_rng(0).random((300, 2)) * 100,
        )
        how = {"raw": Estimator(), "net": Estimator(std_pm=4.0, column_bias_pm=3.0)}
        board = leaderboard(run_of(make_records(layout, how, realizations=16, seed=2)))
        net = board.set_index("restorer").loc["net"]
        # 3² / (3² + 4²)
        assert net["position_bias_share"] == pytest.approx(0.36, abs=0.06)
        assert net["position_bias_share_low"] < 0.36 < net["position_bias_share_high"]

    def test_seconds_are_shared_by_pixels_and_memory_is_passed_on(self, records) -> None:
        run = run_of(records, stages={"restore net": 72.0}, restore_memory_bytes={"net": 3 * 2**20})
        board = leaderboard(run).set_index(["case", "restorer"])
        # 24 images of 10⁴ px and 12 of 4·10⁴ px: 72 s are 1 s per 10⁴ px.
        assert board.loc[("edge_dislocation", "net"), "seconds_per_image"] == pytest.approx(1.0)
        assert board.loc[("nanoparticle", "net"), "seconds_per_image"] == pytest.approx(4.0)
        assert np.isnan(board.loc[("edge_dislocation", "raw"), "seconds_per_image"])
        table = leaderboard_tables(run, board.reset_index())[0]
        assert table.header[-2:] == ("s per image", "memory (MiB)")

    def test_one_realization_has_values_without_intervals(self, records: pd.DataFrame) -> None:
        board = leaderboard(run_of(records[records["realization"] == 0]))
        assert board["position_rmse_pm"].notna().all()
        assert board["position_rmse_pm_low"].isna().all()
        # Nothing can be told apart.
        assert set(ranks(board).values()) == {1}

    @pytest.mark.parametrize("realizations", [2, 12])
    def test_a_share_has_one_interval_in_leaderboard_and_table(self, realizations: int) -> None:
        layout = Layout(case="nanoparticle", image="particle", counts=np.full(16, 5),
                        bound_pm=None, scs_bound_pct=None)  # fmt: skip
        how = {"raw": Estimator(scs_std_pct=12.0), "net": Estimator(scs_std_pct=0.1)}
        records = make_records(layout, how, realizations=realizations, seed=4)
        board = leaderboard(run_of(records)).set_index("restorer")
        table = summarise(records)
        table = table[table["metric"] == "count_accuracy"].set_index("restorer")
        for name in how:
            for end in ("low", "high"):
                found = board.loc[name, f"count_accuracy_{end}"]
                assert found == pytest.approx(table.loc[name, end], abs=1e-12)
        # All right in every image: Wilson's interval, and none that ends above 1.
        assert board.loc["net", "count_accuracy"] == board.loc["net", "count_accuracy_high"] == 1
        assert board.loc["net", "count_accuracy_low"] < 1
