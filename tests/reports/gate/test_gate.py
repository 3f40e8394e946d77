"""The gate on made records: its verdicts, what it refuses, its baseline, its files."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from reports.gate.comparability import not_comparable
from reports.gate.evidence import Evidence, chosen, evidence_of_run, read_baseline, write_baseline
from reports.gate.gate import judge_versions
from reports.gate.gate_files import write_csv, write_junit, write_markdown
from reports.gate.gate_matrix import deciding, matrices
from reports.gate.gate_text import closing_text, markdown
from reports.gate.margins import load_margins, parse_margins
from reports.gate.result import FAILURES, POOLED, GateResult, Verdict
from stembench.errors import InputError
from tests.records_factory import Estimator, Layout, make_records
from tests.reports.gate.made_sides import MARGINS, changed, made_records, run_of, side


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    return made_records()


@pytest.fixture(scope="module")
def regressed(records: pd.DataFrame) -> GateResult:
    broken = changed(records, 1.05, scatter=0.005)
    lost = (broken["restorer"] == "net") & (broken["realization"] == 3) & (broken["column"] == 7)
    broken.loc[lost & (broken["case"] == "nanoparticle"), ["x_fit", "y_fit", "scs"]] = np.nan
    return judge_versions([(side(records), side(broken))], MARGINS)


class TestVerdicts:
    def test_the_same_network_is_equivalent(self, records: pd.DataFrame) -> None:
        result = judge_versions([(side(records), side(records))], MARGINS)
        assert result.verdict is Verdict.EQUIVALENT
        assert result.count(Verdict.EQUIVALENT) == len(result.rows)
        # 3 cells x (failures, 4 errors, limits), counts in one, and 5 pooled over the two doses.
        assert len(result.rows) == 3 * 6 + 1 + 5

    def test_a_network_that_differs_by_round_off_is_equivalent(self, records) -> None:
        result = judge_versions(
            [(side(records), side(changed(records, 1.0, scatter=1e-5)))], MARGINS
        )
        assert result.verdict is Verdict.EQUIVALENT

    @pytest.mark.parametrize(("factor", "verdict"), [(1.02, "worse"), (0.98, "better")])
    def test_two_percent_is_found_where_power_suffices(self, records, factor, verdict) -> None:
        # Scatter 0.57 % as between two fine-tuned networks: power above 97 % at n = 8.
        result = judge_versions(
            [(side(records), side(changed(records, factor, scatter=0.0057)))], MARGINS
        )
        rmse = [row for row in result.rows if row.metric.endswith("_rmse")]
        assert {row.verdict.value for row in rmse} == {verdict}
        for row in rmse:
            assert row.low < factor - 1 < row.high or abs(row.change - factor + 1) < 0.004
            if row.image != POOLED:
                assert row.new / row.old == pytest.approx(factor, abs=0.01)

    def test_two_percent_is_left_open_where_power_does_not_suffice(self, records) -> None:
        result = judge_versions(
            [(side(records), side(changed(records, 1.02, scatter=0.08)))], MARGINS
        )
        rows = [row for row in result.rows if row.metric == "scs_rmse" and row.image != POOLED]
        assert all(row.verdict is Verdict.INCONCLUSIVE for row in rows)
        assert all(row.needed is None or row.needed > 12 for row in rows)

    def test_a_new_failure_is_worse_and_a_mended_one_better(self, records) -> None:
        broken = records.copy()
        row = broken.index[(broken["restorer"] == "net") & (broken["case"] == "nanoparticle")][5]
        broken.loc[row, ["x_fit", "y_fit", "scs"]] = np.nan
        forth = judge_versions([(side(records), side(broken))], MARGINS)
        back = judge_versions([(side(broken), side(records))], MARGINS)
        worse = [row for row in forth.rows if row.verdict is Verdict.WORSE]
        assert [(row.metric, row.new) for row in worse] == [(FAILURES, 1.0)]
        assert "column 5 in realization 0" in worse[0].why
        better = [row for row in back.rows if row.verdict is Verdict.BETTER]
        assert [(row.metric, row.old, row.new) for row in better] == [(FAILURES, 1.0, 0.0)]
        allowed = replace(MARGINS, new_failures=1)
        assert judge_versions([(side(records), side(broken))], allowed).count(Verdict.WORSE) == 0

    def test_one_mended_and_one_new_failure_is_worse(self, records) -> None:
        rows = records.index[(records["restorer"] == "net") & (records["case"] == "nanoparticle")]
        old, new = records.copy(), records.copy()
        old.loc[rows[4], ["x_fit", "y_fit", "scs"]] = np.nan
        new.loc[rows[5], ["x_fit", "y_fit", "scs"]] = np.nan
        assert judge_versions([(side(old), side(new))], MARGINS).verdict is Verdict.WORSE

    def test_a_failed_restorer_is_worse(self, records) -> None:
        broken = records.copy()
        own = (broken["restorer"] == "net") & (broken["case"] == "nanoparticle")
        broken.loc[own, ["x_fit", "y_fit", "scs", "count_fit"]] = np.nan
        result = judge_versions([(side(records), side(broken))], MARGINS)
        assert result.verdict is Verdict.WORSE
        why = [row.why for row in result.rows if row.verdict is Verdict.WORSE]
        assert any("restorer failed" in text for text in why)

    def test_a_lost_column_is_worse(self, records) -> None:
        kept = records[(records["restorer"] != "net") | (records["column"] != 9)]
        result = judge_versions([(side(records), side(kept))], MARGINS)
        lost = [row for row in result.rows if "columns lost: 9" in row.why]
        assert {row.verdict for row in lost} == {Verdict.WORSE}
        assert len(lost) == 3

    def test_a_bias_that_hides_behind_less_scatter_is_worse(self) -> None:
        how = {"raw": Estimator(std_pm=30.0), "net": Estimator(std_pm=4.0)}
        other = {"raw": how["raw"], "net": Estimator(std_pm=2.4, column_bias_pm=3.2)}
        layout = Layout(positions=np.random.default_rng(0).random((200, 2)) * 100)
        old = make_records(layout, how, realizations=16, seed=1)
        new = make_records(layout, other, realizations=16, seed=1)
        new = pd.concat([old[old["restorer"] == "raw"], new[new["restorer"] == "net"]])
        result = judge_versions([(side(old), side(new))], MARGINS)
        found = {row.metric: row for row in result.rows}
        assert found["position_bias"].verdict is Verdict.WORSE
        # 3.2² / 4²: 64 % of the old mean square error.
        assert found["position_bias"].change == pytest.approx(0.64, abs=0.15)

    def test_pairing_finds_what_unpaired_noise_would_hide(self, records) -> None:
        # The images scatter by far more than two percent, and both versions alike.
        cell = side(records).cells[("pt_bulk", "z05", 500.0)]
        assert np.std(np.log(cell.by_metric["position_rmse"]) / 2, ddof=1) > 0.05


class TestRefusals:
    def reasons(self, old: Evidence, new: Evidence) -> set[str]:
        result = judge_versions([(old, new)], MARGINS)
        assert result.verdict is Verdict.NOT_COMPARABLE
        return {row.why for row in result.rows if row.verdict is Verdict.NOT_COMPARABLE}

    def test_another_seed_is_not_paired(self, records) -> None:
        (why,) = self.reasons(side(records), side(made_records(50), seed=1))
        assert "not paired" in why
        assert "seed 0 against 1" in why

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"version": 2}, "version"),
            ({"hash": "x"}, "description"),
            ({"data_hash": "x"}, "truth"),
        ],
    )
    def test_another_case_or_ground_truth(self, records, change, word) -> None:
        (why,) = self.reasons(side(records), side(records, **change))
        assert word in why

    def test_other_noise_under_the_same_seed(self, records) -> None:
        old, new = side(records), side(made_records(50))
        (why,) = {why.split(" by ")[0] for why in self.reasons(old, new)}
        assert why == "not paired: raw differs"
        # Round-off of another machine is no other noise.
        nudged = records.assign(scs=records["scs"] * (1 + 1e-9))
        assert not not_comparable(old, side(nudged), key=("pt_bulk", "z05", 500.0))

    def test_what_was_not_run(self, records) -> None:
        part = records[records["case"] == "pt_bulk"]
        assert self.reasons(side(records), side(part)) == {
            "the new side did not run this image and dose"
        }
        result = judge_versions([(side(records), side(part))], MARGINS, common=True)
        assert result.verdict is Verdict.EQUIVALENT
        assert any("left out" in note for note in result.notes)
        more = judge_versions([(side(part), side(records))], MARGINS)
        assert any("not judged" in note for note in more.notes)

    def test_incomplete_and_disjoint_sides(self, records) -> None:
        with pytest.raises(InputError, match="not complete"):
            judge_versions([(side(records), side(records, complete=False))], MARGINS)
        one, other = (records[records["case"] == name] for name in ("pt_bulk", "nanoparticle"))
        with pytest.raises(InputError, match="in common"):
            judge_versions([(side(one), side(other))], MARGINS)

    def test_a_note_where_raw_is_missing(self, records) -> None:
        bare = records[records["restorer"] == "net"]
        result = judge_versions([(side(bare), side(bare))], MARGINS)
        assert any("raw" in note for note in result.notes)

    def test_choosing_a_restorer(self, records) -> None:
        evidence = evidence_of_run(run_of(records))
        assert chosen(evidence, None).restorer == "net"
        assert chosen(evidence, "raw").restorer == "raw"
        with pytest.raises(InputError, match="no restorer 'other'"):
            chosen(evidence, "other")
        with pytest.raises(InputError, match="several"):
            chosen({**evidence, "two": evidence["net"]}, None)


class TestBaseline:
    def test_a_packed_side_gives_the_same_verdicts(self, records, tmp_path: Path) -> None:
        path = tmp_path / "baseline.json"
        write_baseline(side(records), path)
        packed = read_baseline(path)
        new = side(changed(records, 1.02, scatter=0.01))
        whole, small = (judge_versions([(old, new)], MARGINS) for old in (side(records), packed))
        assert [row.verdict for row in whole.rows] == [row.verdict for row in small.rows]
        pd.testing.assert_frame_equal(
            whole.table().drop(columns="verdict"), small.table().drop(columns="verdict"), rtol=1e-6
        )
        assert judge_versions([(packed, side(records))], MARGINS).verdict is Verdict.EQUIVALENT

    def test_another_ground_truth_names_the_commands_that_renew_it(self, records, tmp_path) -> None:
        path = tmp_path / "baseline.json"
        write_baseline(side(records), path)
        result = judge_versions([(read_baseline(path), side(records, data_hash="new"))], MARGINS)
        why = result.rows[0].why
        assert "stembench run --profile quick --restorer net --seed 0" in why
        assert f"stembench baseline out/baseline -o {path}" in why

    def test_it_holds_its_provenance_and_a_hash(self, records, tmp_path: Path) -> None:
        path = tmp_path / "baseline.json"
        write_baseline(side(records), path)
        content = json.loads(path.read_text())
        assert content["provenance"]["commit"] == "abc"
        assert content["cases"]["pt_bulk"] == {"version": 1, "hash": "h", "data_hash": "d"}
        content["cells"][0]["values"]["scs_rmse"][0] *= 0.9
        path.write_text(json.dumps(content))
        with pytest.raises(InputError, match="altered"):
            read_baseline(path)

    @pytest.mark.parametrize(
        ("text", "word"),
        [("{}", "not a baseline"), ("nonsense", "read"), ("[]", "no JSON object")],
    )
    def test_files_that_are_no_baseline(self, tmp_path: Path, text: str, word: str) -> None:
        path = tmp_path / "b.json"
        path.write_text(text)
        with pytest.raises(InputError, match=word):
            read_baseline(path)

    def test_an_incomplete_run_makes_none(self, records, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="not complete"):
            write_baseline(side(records, complete=False), tmp_path / "b.json")
        assert not list(tmp_path.iterdir())


class TestMargins:
    def test_a_case_may_have_its_own(self, tmp_path: Path) -> None:
        path = tmp_path / "m.toml"
        path.write_text("[margin]\nscs_rmse = 0.3\n[case.pt_bulk]\nscs_rmse = 0.001\n")
        margins = load_margins(path)
        assert margins.margin("scs_rmse", case="pt_bulk") == 0.001
        assert margins.margin("scs_rmse", case="nanoparticle") == 0.3
        assert margins.margin("scs_bias", case="pt_bulk") == MARGINS.metrics["scs_bias"]

    def test_wide_margins_make_a_regression_equivalent(self, records) -> None:
        wide = parse_margins("[margin]\nposition_rmse = 0.2\nscs_rmse = 0.2\nposition_bias = 0.3\n"
                             "scs_bias = 0.3\n", source="test")  # fmt: skip
        new = side(changed(records, 1.05, scatter=0.005))
        assert judge_versions([(side(records), new)], MARGINS).verdict is Verdict.WORSE
        assert judge_versions([(side(records), new)], wide).verdict is Verdict.EQUIVALENT

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("alhpa = 0.1", "unknown key 'alhpa' in m.toml"),
            ("[margin]\nscs = 0.1", r"unknown key 'scs' under \[margin\] in m.toml"),
            ("[case.pt_bulk]\nnone = 1", r"unknown key 'none' under \[case.pt_bulk\]"),
            ("alpha = 2", "alpha"),
            ("alpha = true", "alpha"),
            ("new_failures = -1", "new_failures"),
            ("new_failures = 0.5", "new_failures"),
            ("[margin]\nscs_rmse = -0.1", "scs_rmse"),
            ("[margin]\nscs_rmse = 'x'", "scs_rmse"),
            ("margin = 3", "table"),
            ("case = 3", "tables"),
            ("= 3", "not TOML"),
        ],
    )
    def test_bad_files(self, text: str, word: str) -> None:
        with pytest.raises(InputError, match=word):
            parse_margins(text, source="m.toml")

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            load_margins(tmp_path / "none.toml")


class TestFiles:
    @pytest.mark.parametrize("strict", [False, True])
    def test_junit_is_well_formed_and_counts_right(self, regressed, tmp_path, strict) -> None:
        path = tmp_path / "gate.xml"
        write_junit(regressed, path, strict=strict)
        root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 (our own file)
        assert root.tag == "testsuites"
        totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        for suite in root:
            assert suite.tag == "testsuite"
            cases = list(suite)
            assert {case.tag for case in cases} == {"testcase"}
            names = [(case.get("classname"), case.get("name")) for case in cases]
            assert len(set(names)) == len(names)
            tags = [outcome.tag for case in cases for outcome in case]
            assert set(tags) <= {"failure", "error", "skipped"}
            expected = {
                "tests": len(cases), "failures": tags.count("failure"),
                "errors": tags.count("error"), "skipped": tags.count("skipped"),
            }  # fmt: skip
            for name, number in expected.items():
                assert int(suite.get(name, "-1")) == number
                totals[name] += number
        assert {name: int(root.get(name, "-1")) for name in totals} == totals
        assert totals["tests"] == len(regressed.rows)
        undecided = regressed.count(Verdict.INCONCLUSIVE)
        assert totals["failures"] == regressed.count(Verdict.WORSE) + undecided * strict
        assert totals["skipped"] == undecided * (not strict)

    def test_junit_holds_hostile_names(self, records, tmp_path: Path) -> None:
        hostile = 'a<b>&"\x07\ud800'
        made = side(records)
        result = judge_versions([(made, replace(made, restorer=hostile))], MARGINS)
        write_junit(result, tmp_path / "gate.xml")
        root = ET.fromstring((tmp_path / "gate.xml").read_text(encoding="utf-8"))  # noqa: S314
        assert 'a<b>&"??' in str(root[0][0].get("classname"))

    def test_markdown_table_has_all_rows_of_one_width(self, regressed) -> None:
        text = markdown(regressed, alpha=0.05)
        matrix, *rest = text[text.index("| change of") :].split("| verdict |")
        lines = [line for part in rest for line in f"| verdict |{part}".splitlines()]
        lines = [line for line in lines if line.startswith("|")]
        assert {line.count(" | ") for line in lines} == {8}
        tables = 2
        assert len(lines) == len(regressed.rows) + 2 * tables
        assert text.index("REGRESSED") < text.index("| change of")
        assert "| worse |" not in matrix
        assert text.index("| worse |") < text.index("| equivalent |")

    def test_a_field_of_the_matrix_is_the_gravest_of_its_rows(self, records, regressed) -> None:
        (matrix,) = matrices(regressed)
        fields = {
            (label, case): field
            for label, row in matrix.rows
            for case, field in zip(matrix.cases, row, strict=True)
        }
        assert len(fields) == len(matrix.cases) * len({row.metric for row in regressed.rows})
        for name, metric in (("RMSE of SCS, %", "scs_rmse"), ("newly failed fits", FAILURES)):
            for case in matrix.cases:
                rows = [r for r in regressed.rows if (r.metric, r.case) == (metric, case)]
                field = fields[name, case]
                assert field.verdict is GateResult(tuple(rows), "", "").verdict
        # two doses are pooled; the particle has one cell, whose change is the case's; one fit lost
        pooled = next(
            r for r in regressed.rows
            if (r.metric, r.case, r.image) == ("scs_rmse", "pt_bulk", POOLED)
        )  # fmt: skip
        assert fields["RMSE of SCS, %", "pt_bulk"].text == f"✗ {100 * pooled.change:+.1f}"
        assert fields["newly failed fits", "nanoparticle"].text == "✗ +1"
        assert fields["newly failed fits", "pt_bulk"].text == "= 0"
        # the bulk is not counted
        assert fields["columns counted right, points", "pt_bulk"] is None
        assert deciding(regressed)
        assert {row.verdict for row in deciding(regressed)} == {Verdict.WORSE}
        # every field that decided has its row before any has its second, the pooled one first
        wanted = [f for _, row in matrix.rows for f in row if f and f.verdict is Verdict.WORSE]
        first = deciding(regressed)[: len(wanted)]
        assert len({(row.case, row.metric) for row in first}) == len(wanted)
        assert len(deciding(regressed)) == regressed.count(Verdict.WORSE) > len(wanted)
        assert pooled in first
        same = judge_versions([(side(records), side(records))], MARGINS)
        (matrix,) = matrices(same)
        found = {f.verdict for _, row in matrix.rows for f in row if f is not None}
        assert found == {Verdict.EQUIVALENT}

    def test_the_csv_holds_every_row(self, regressed, tmp_path: Path) -> None:
        write_csv(regressed, tmp_path / "gate.csv")
        write_markdown(regressed, tmp_path / "gate.md", alpha=0.05)
        table = pd.read_csv(tmp_path / "gate.csv")
        assert table["verdict"].tolist() == [row.verdict.value for row in regressed.rows]
        assert table["change"].to_numpy() == pytest.approx(
            np.array([row.change for row in regressed.rows]), nan_ok=True
        )

    def test_a_file_that_cannot_be_written_leaves_nothing(self, regressed, tmp_path) -> None:
        (tmp_path / "taken").write_text("")
        with pytest.raises(InputError):
            write_csv(regressed, tmp_path / "taken" / "gate.csv")

    def test_closing_sentences(self, records, regressed) -> None:
        same = judge_versions([(side(records), side(records))], MARGINS)
        assert closing_text(same, alpha=0.05).startswith("PASSED")
        assert closing_text(regressed, alpha=0.05).startswith("REGRESSED")
        refused = judge_versions([(side(records), side(records, seed=3))], MARGINS)
        assert closing_text(refused, alpha=0.05).startswith("REFUSED")
