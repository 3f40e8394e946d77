"""Image metrics of restorers over pairs: sources, scales, failures, tables and the command."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.images.measure import default_restorers, measure_images, network_of
from bench.images.pairs import (
    EMPTY,
    EMPTY_LEVELS,
    GreyScale,
    effective_scale,
    number_of_pairs,
    pairs,
    sources,
)
from cases import get_case
from reports.metrics.images.agreement import psnr
from reports.page.image_report import write_image_report
from reports.records.image_folder import load_images
from reports.summaries.image_summary import mean_with_interval, psnr_gaps, summarise_images
from restore import load_restorer
from stembench.errors import InputError

#: Mean PSNR of the distorted hrstem images with MAX = 65535, computed apart from this project.
RAW_HRSTEM = 22.49


class TestGreyScale:
    def test_gain_and_offset_of_counted_electrons_come_back(self) -> None:
        rng = np.random.default_rng(1)
        y, x = np.mgrid[:256, :256]
        counts = 20 * (1.2 + np.sin(x / 5) * np.sin(y / 5))
        made = GreyScale(gain=37.0, offset=1200.0)
        found = effective_scale(made.to_grey(rng.poisson(counts).astype(float)),
                                made.to_grey(counts))  # fmt: skip
        # Variances of 20 bins of 3277 pixels: 2.5 % each, the slope better than that; k = 4.
        assert found.gain == pytest.approx(37, rel=0.05)
        assert found.offset == pytest.approx(1200, abs=4 * 0.025 * 37 * 20 / np.sqrt(20))

    def test_noise_that_does_not_follow_the_image_is_that_of_many_counts(self) -> None:
        rng = np.random.default_rng(2)
        truth = 1000 + 50 * np.sin(np.mgrid[:128, :128][1] / 4)
        distorted = truth + rng.normal(scale=8, size=truth.shape)
        counts = effective_scale(distorted, truth).to_counts(distorted)
        expected = effective_scale(distorted, truth).to_counts(truth)
        assert counts.min() > 100
        # Variance 1 per count, to the scatter of a variance of 16384 values; k = 4.
        assert np.var(counts - expected) / expected.mean() == pytest.approx(1, abs=0.05)

    def test_equal_images_stay_as_they_are(self) -> None:
        image = np.random.default_rng(3).random((64, 64))
        assert effective_scale(image, image) == GreyScale()


class TestPairs:
    def test_every_source_gives_the_number_it_announces(self) -> None:
        for source in ("lrsem", "edge_dislocation", EMPTY):
            found = list(pairs(source, seed=1, realizations=2))
            assert len(found) == number_of_pairs(source, realizations=2)
            assert {pair.source for pair in found} == {source}

    def test_published_pairs_state_their_maximum(self) -> None:
        found = list(pairs("lrsem", seed=1, realizations=1))
        assert {pair.maximum for pair in found} == {65535}
        assert [np.array_equal(p.distorted, p.truth) for p in found].count(True) == 1

    def test_cases_meet_the_noise_of_the_benchmark(self) -> None:
        case = get_case("edge_dislocation")
        first, second = list(pairs(case.name, seed=1, realizations=1))
        assert (first.dose, second.dose) == (min(case.doses), max(case.doses))
        assert first.maximum == first.truth.max()
        again = next(pairs(case.name, seed=1, realizations=1))
        assert np.array_equal(first.distorted, again.distorted)
        other = next(pairs(case.name, seed=2, realizations=1))
        assert not np.array_equal(first.distorted, other.distorted)

    def test_empty_fields_have_the_level_they_state(self) -> None:
        for pair in pairs(EMPTY, seed=1, realizations=1):
            # Poisson mean over 65536 pixels; the studies' response keeps it; k = 5.
            tolerance = 5 * np.sqrt(pair.level / pair.distorted.size)
            assert pair.distorted.mean() == pytest.approx(pair.level, abs=tolerance)
        assert {p.level for p in pairs(EMPTY, seed=1, realizations=1)} == set(EMPTY_LEVELS)

    def test_unknown_source(self) -> None:
        with pytest.raises(InputError, match=r"gold.*hrstem"):
            list(pairs("gold", seed=1, realizations=1))


class TestNetworks:
    def test_the_network_of_each_modality(self) -> None:
        assert network_of("cgrdn", "hrstem") == "cgrdn"
        assert network_of("cgrdn", "lrtem") == "cgrdn-lrtem"
        assert network_of("cgrdn@onnx", "hrsem") == "cgrdn-hrsem@onnx"
        assert network_of("cgrdn", "nanoparticle") == "cgrdn"
        assert network_of("cgrdn-lrsem", "hrstem") == "cgrdn-lrsem"
        assert network_of("nlm", "lrtem") == "nlm"

    def test_defaults_hold_one_cgrdn(self) -> None:
        names = default_restorers()
        assert {"raw", "gaussian", "nlm", "cgrdn"} <= set(names)
        assert not any(name.startswith("cgrdn-") for name in names)

    def test_the_published_golden_value_survives_our_scales(self) -> None:
        pair = next(pairs("hrstem", seed=1, realizations=1))
        restored = load_restorer("cgrdn@onnx").restore(
            pair.grey.to_counts(pair.distorted)[None], sampling=pair.sampling
        )[0]
        found = psnr(pair.grey.to_grey(restored), pair.truth, maximum=pair.maximum)
        assert found == pytest.approx(37.91, abs=0.01)


BROKEN = """
import numpy as np

def nan(images, *, sampling):
    return np.full_like(images, np.nan)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("images")
    (made / "broken_images.py").write_text(BROKEN)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(made)
        failures = measure_images(
            made / "out",
            restorers=("gaussian", "broken_images:nan"),
            chosen=("hrstem", "edge_dislocation", EMPTY),
            seed=1,
            realizations=1,
        )
    assert len(failures) == 3
    return made / "out"


class TestMeasuring:
    def test_every_restoration_is_a_row_failed_or_not(self, folder: Path) -> None:
        run = load_images(folder)
        assert len(run.rows) == 3 * (8 + 2 + 6)
        broken = run.rows[run.rows["restorer"] == "broken_images:nan"]
        assert broken["failure"].str.contains("NaN").all()
        assert broken["psnr_db"].isna().all()
        fine = run.rows[run.rows["restorer"].isin(["raw", "gaussian"])]
        assert (fine["failure"] == "").all()
        assert fine.query("kind != 'empty'")["psnr_db"].notna().all()
        assert fine.query("kind == 'empty'")["empty_field_std"].notna().all()

    def test_the_distorted_images_have_their_known_psnr(self, folder: Path) -> None:
        raw = load_images(folder).rows.query("source == 'hrstem' and restorer == 'raw'")
        assert raw["psnr_db"].mean() == pytest.approx(RAW_HRSTEM, abs=0.005)
        assert (raw["mean_shift"].abs() < 0.5).all()

    def test_raw_leaves_an_empty_field_as_it_is(self, folder: Path) -> None:
        raw = load_images(folder).rows.query("kind == 'empty' and restorer == 'raw'")
        assert raw["empty_field_std"].to_numpy() == pytest.approx(1)
        assert raw["empty_field_mean"].to_numpy() == pytest.approx(0)

    def test_the_report(self, folder: Path) -> None:
        text = write_image_report(folder).read_text(encoding="utf-8")
        for phrase in ("failed: broken_images:nan",
                       "MAX = 65535", "100 000 images", "Empty fields", "22.49"):  # fmt: skip
            assert phrase in text
        for name in ("summary.csv", "gaps.csv", "figure_images.png", "figure_images.pdf"):
            assert (folder / name).stat().st_size > 40
        assert not [path for path in folder.iterdir() if path.is_dir()]

    def test_settings_tell_what_was_run(self, folder: Path) -> None:
        settings = json.loads((folder / "images.json").read_text())
        assert settings["sources"] == ["hrstem", "edge_dislocation", EMPTY]
        assert settings["restorers"]["gaussian"]["training_data"] == "none"

    def test_a_folder_with_the_earlier_names_is_refused(self, folder: Path, tmp_path) -> None:
        earlier = Path(shutil.copytree(folder, tmp_path / "earlier"))
        settings = json.loads((earlier / "images.json").read_text())
        del settings["images_version"]
        (earlier / "images.json").write_text(json.dumps(settings))
        with pytest.raises(InputError, match=r"of version 1, .* reads 3: run 'stembench images"):
            load_images(earlier)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"chosen": ("gold",)}, "gold"),
            ({"chosen": ("hrstem", "hrstem")}, "twice"),
            ({"restorers": ("nlm", "nlm")}, "twice"),
            ({"seed": -1}, "seed"),
            ({"realizations": 0}, "realizations"),
            ({"realizations": 10**12}, "realizations"),
            ({"seed": 10**40}, "seed"),
            ({"restorers": ("raw", "absent.onnx")}, "does not exist"),
        ],
    )
    def test_impossible_choices(self, tmp_path: Path, change: dict, message: str) -> None:
        good = {"restorers": ("raw",), "chosen": (EMPTY,), "seed": 1, "realizations": 1}
        with pytest.raises(InputError, match=message):
            measure_images(tmp_path / "out", **{**good, **change})
        assert not (tmp_path / "out").exists()

    def test_every_flipped_bit_is_noticed(self, folder: Path, tmp_path: Path) -> None:
        copy = Path(shutil.copytree(folder, tmp_path / "copy"))
        rng = np.random.default_rng(7)
        for name in ("images.parquet", "rings.parquet", "examples.npz", "images.json"):
            whole = (copy / name).read_bytes()
            for _ in range(5):
                content = bytearray(whole)
                content[rng.integers(len(whole))] ^= 1 << rng.integers(8)
                (copy / name).write_bytes(content)
                with pytest.raises(InputError, match=name.replace(".", r"\.")):
                    load_images(copy)
            (copy / name).write_bytes(whole)
        assert len(load_images(copy).rows)

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").write_text("precious")
        with pytest.raises(InputError, match="not empty"):
            measure_images(tmp_path, restorers=("raw",), seed=1, realizations=1)
        with pytest.raises(InputError, match="no image metrics"):
            load_images(tmp_path)


def table(values: dict[str, list[float]], **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "source": "hrstem", "kind": "published", "image": "", "dose": np.nan,
                "level": np.nan, "restorer": restorer, "number": k, "psnr_db": value,
                "undistorted": False, "failure": "", **more,
            }
            for restorer, row in values.items()
            for k, value in enumerate(row)
        ]
    )  # fmt: skip


class TestSummary:
    def test_student_interval(self) -> None:
        # n = 4, mean 2.5, s = 1.29099, t(3, 0.975) = 3.18245.
        mean, low, high = mean_with_interval(pd.Series([1.0, 2, 3, 4]))
        assert mean == 2.5
        assert high - mean == pytest.approx(3.18245 * 1.290994 / 2, rel=1e-5)
        assert low == pytest.approx(5 - high)
        assert np.isnan(mean_with_interval(pd.Series([1.0]))[1])

    def test_gaps_are_paired(self) -> None:
        rows = table({"cgrdn": [30.0, 40.0, 50.0], "bm3d": [28.0, 37.0, 48.0], "raw": [1, 2, 3]})
        gaps = psnr_gaps(rows).set_index("restorer")
        assert gaps.loc["bm3d", "value"] == pytest.approx(7 / 3)
        assert gaps.loc["bm3d", "high"] - gaps.loc["bm3d", "low"] < 3
        rows.loc[(rows["restorer"] == "bm3d") & (rows["number"] == 1), "failure"] = "broke"
        assert psnr_gaps(rows).set_index("restorer").loc["bm3d", "n"] == 2
        assert psnr_gaps(rows.query("restorer != 'cgrdn'")).empty

    def test_undistorted_and_failed_images_are_left_out_and_counted(self) -> None:
        rows = table({"nlm": [30.0, np.inf, np.nan]})
        rows.loc[1, "undistorted"] = True
        rows.loc[2, "failure"] = "broke"
        summary = summarise_images(rows).iloc[0]
        assert (summary["value"], summary["n"]) == (30, 1)
        assert (summary["n_failed"], summary["n_undistorted"]) == (1, 1)


class TestCommand:
    def test_a_small_call(self, tmp_path: Path) -> None:
        arguments = ["images", "-o", tmp_path / "out", "-r", "gaussian", "--source", EMPTY,
                     "--realizations", "1"]  # fmt: skip
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        assert "Gaussian filter" in (tmp_path / "out" / "images.md").read_text(encoding="utf-8")

    def test_failures_give_exit_code_1_and_bad_choices_2(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        common = ["images", "-o", str(tmp_path / "out"), "--realizations", "1", "--source"]
        (tmp_path / "broken_output.py").write_text(BROKEN)
        monkeypatch.chdir(tmp_path)
        failed = CliRunner().invoke(app, [*common, EMPTY, "-r", "broken_output:nan"])
        assert failed.exit_code == 1
        assert "broken_output:nan" in failed.output
        absent = CliRunner().invoke(app, [*common, EMPTY, "-r", "absent.onnx"])
        assert absent.exit_code == 2
        assert "absent.onnx does not exist" in absent.output
        unknown = CliRunner().invoke(app, [*common, "gold"])
        assert unknown.exit_code == 2
        assert all(name in unknown.output.replace("\n", " ") for name in sources())


def test_a_folder_of_a_call_that_was_killed_is_gone_on_with(tmp_path):
    """Before its settings are written a call leaves its lock and other files of ours."""
    (tmp_path / "examples.npz").write_bytes(b"half a call")
    wanted = {"restorers": ["raw"], "chosen": ["empty"], "seed": 1, "realizations": 1}
    with pytest.raises(InputError, match="not empty"):
        measure_images(tmp_path, **wanted)  # nothing says that the file is ours
    (tmp_path / ".run.lock").touch()
    assert not measure_images(tmp_path, **wanted)
    assert load_images(tmp_path).settings["sources"] == ["empty"]
