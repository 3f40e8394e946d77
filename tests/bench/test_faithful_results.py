"""The script that judges tuned networks: kept judgements, tables, choice, and what ships."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from restore import read_difference, read_published_weights
from tests.loaded_script import loaded_script
from training import FusionTuning, TuningBatches

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script():
    return loaded_script("bench/shipped/faithful_results.py")


def checkpoint(folder, *, seed=7, change=1e-3, steps=9, **more):
    """A checkpoint as a tuning leaves it: each fusion changed a little."""
    folder.mkdir()
    arrays, place = {}, 0
    for _, (kernel, bias) in sorted(read_published_weights("hrstem").convolutions.items()):
        if kernel.shape[:2] == (1, 1):
            arrays[f"v{place:03d}"] = kernel + np.float32(change)
            arrays[f"v{place + 1:03d}"] = bias
            place += 2
    settings = asdict(FusionTuning(batches=TuningBatches(seed=seed), steps=steps)) | more
    np.savez(folder / "checkpoint.npz", tuning=json.dumps(settings), losses=np.ones(5), **arrays)
    return folder


@pytest.fixture
def tuning(tmp_path):
    return checkpoint(tmp_path / "tuning")


GOOD = {
    "vacancy@500": 1.0, "half@500": 0.9, "position_response@500": 0.3,
    "position_response@5000": 0.8, "scs_response@500": 0.8, "scs_response@5000": 0.9,
    "vacuum@5000": 0.0, "intensity@5000": 1.0, "position_information@500": 0.5,
    "position_information@5000": 0.5, "scs_information@500": 0.5, "scs_information@5000": 0.5,
}  # fmt: skip
#: Measures of networks by their name; the published one fills vacancies.
LATTICES = {"cgrdn@onnx": {**GOOD, "vacancy@500": 0.7, "position_information@500": 0.6}}


def with_errors(measures):
    return measures | {f"{name}_se": 1e-4 for name in measures}


@pytest.fixture
def counted(script, monkeypatch):
    """Judgements are looked up instead of made; which were asked for."""
    asked = []

    def on_lattices(_, restorer):
        asked.append(("lattices", restorer.metadata.name))
        return with_errors(LATTICES.get(restorer.metadata.name, GOOD))

    def on_published_pairs(_, restorer):
        asked.append(("psnr", restorer.metadata.name))
        share = restorer.metadata.name.partition("share=")[2]
        return with_errors({"psnr": 37.5 - float(share or 0.0)})

    monkeypatch.setattr(script.WeightJudgement, "on_lattices", on_lattices)
    monkeypatch.setattr(script.WeightJudgement, "on_published_pairs", on_published_pairs)
    return asked


def call(script, folder, tunings, *more):
    named = tunings if isinstance(tunings, list) else [tunings]
    return script.main(
        [*map(str, named), "--work", str(folder / "work"), "--out", str(folder / "out"), *more]
    )


def test_tables_choice_and_figure_and_a_second_call_judges_nothing(
    script, counted, tuning, tmp_path, capsys
):
    shares = ("--shares", "0.25", "0.5")
    assert call(script, tmp_path, tuning, *shares) == 0
    assert "chosen: seed7-step5, share 0.25; missed: none" in capsys.readouterr().out
    assert len(counted) == 6  # the published network and two shares, two parts each
    measures = pd.read_csv(tmp_path / "out" / "judged.csv")
    verdicts = pd.read_csv(tmp_path / "out" / "targets.csv")
    assert set(measures["network"]) == {"published", "seed7-step5"}
    assert set(measures["engine"]) == set(verdicts["engine"]) == {"onnx"}
    row = verdicts[(verdicts["network"] == "published") & (verdicts["measure"] == "vacancy@500")]
    assert row["verdict"].tolist() == ["missed"]
    half = verdicts[(verdicts["share"] == 0.5) & (verdicts["measure"] == "psnr")]
    assert half["verdict"].tolist() == ["missed"]  # 0.5 dB lost
    assert (tmp_path / "out" / "share_curve.png").read_bytes().startswith(b"\x89PNG")
    origin = read_difference(tmp_path / "work" / "seed7-step5.npz").origin
    assert (origin["seed"], origin["steps"]) == (7, 5)
    assert origin["recipe"]["steps"] == 9
    before = (tmp_path / "out" / "judged.csv").read_bytes()
    assert call(script, tmp_path, tuning, *shares) == 0
    assert len(counted) == 6
    assert (tmp_path / "out" / "judged.csv").read_bytes() == before
    assert call(script, tmp_path, tuning, *shares, "--realizations", "5") == 0
    assert len(counted) == 12  # other settings are other judgements


def test_what_misses_a_target_does_not_ship(script, counted, tuning, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(script, "ROOT", tmp_path)
    (tmp_path / "restore" / "cgrdn").mkdir(parents=True)
    assert call(script, tmp_path, tuning, "--shares", "0.5", "--ship") == 2
    assert "misses psnr and does not ship" in capsys.readouterr().err
    shipped = tmp_path / "restore" / "cgrdn" / "data" / "cgrdn-faithful.npz"
    assert not shipped.exists()
    assert call(script, tmp_path, tuning, "--shares", "0.25", "--ship") == 0
    digest = hashlib.sha256(shipped.read_bytes()).hexdigest()
    assert digest in capsys.readouterr().out
    assert shipped.stat().st_size <= 1_000_000
    # What ships is the share that was chosen, not the whole difference.
    difference = read_difference(shipped)
    assert difference.origin["share"] == 0.25
    kernel, _ = difference.changes[10]
    assert np.allclose(kernel, 0.25e-3, rtol=1e-3, atol=1e-7)


def test_what_is_open_ships_and_the_file_says_so(
    script, counted, tuning, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setitem(GOOD, "vacancy@500", 0.96991)  # within two standard errors, not reached
    monkeypatch.setitem(GOOD, "half@500", 0.80011)  # the same, reached
    (tmp_path / "restore" / "cgrdn").mkdir(parents=True)
    assert call(script, tmp_path, tuning, "--shares", "0.25", "--ship") == 0
    said = capsys.readouterr().out
    assert "open: vacancy@500 0.9699 ± 0.0001 for >= 0.97, not reached" in said
    assert "open: half@500 0.8001 ± 0.0001 for >= 0.8, reached" in said
    origin = read_difference(tmp_path / "restore" / "cgrdn" / "data" / "cgrdn-faithful.npz").origin
    assert origin["open"]["vacancy@500"] == {
        "target": ">= 0.97", "value": 0.9699, "standard_error": 1e-4, "reached": False
    }  # fmt: skip
    assert origin["open"]["half@500"]["reached"]
    assert [name for name, told in origin["open"].items() if not told["reached"]] == ["vacancy@500"]
    assert origin["judged"] == {"engine": "onnx", "images": {"lattices": 12, "psnr": 8}}
    # Negative control: a little less is a clear miss.
    monkeypatch.setitem(GOOD, "vacancy@500", 0.9697)
    assert call(script, tmp_path, tuning, "--shares", "0.24", "--ship") == 2
    assert "misses vacancy@500 and does not ship" in capsys.readouterr().err


def test_tables_keep_what_another_engine_gave(script, counted, tuning, tmp_path):
    assert call(script, tmp_path, tuning, "--shares", "0.5") == 0
    out = tmp_path / "out"
    for name in ("judged.csv", "targets.csv"):
        rows = pd.read_csv(out / name)
        other = rows.assign(engine="bf16", value=0.125)
        pd.concat([rows.assign(value=7.0), other]).to_csv(out / name, index=False)
    assert call(script, tmp_path, tuning, "--shares", "0.5") == 0
    for name in ("judged.csv", "targets.csv"):
        rows = pd.read_csv(out / name)
        assert (rows.loc[rows["engine"] == "bf16", "value"] == 0.125).all()
        assert len(rows[rows["engine"] == "bf16"]) == len(rows[rows["engine"] == "onnx"])
        assert not (rows["value"] == 7.0).any()  # what was judged again is written anew


def test_a_share_that_is_named_is_the_only_one_to_choose(script, counted, tuning, tmp_path, capsys):
    shares = ("--shares", "0.2", "0.25")
    assert call(script, tmp_path, tuning, *shares) == 0
    assert "share 0.2; missed: none" in capsys.readouterr().out  # the higher PSNR
    assert call(script, tmp_path, tuning, *shares, "--share", "0.25") == 0
    assert "share 0.25; missed: none" in capsys.readouterr().out
    assert set(pd.read_csv(tmp_path / "out" / "judged.csv")["share"]) == {0.0, 0.2, 0.25}
    assert call(script, tmp_path, tuning, *shares, "--share", "0.3") == 2
    assert "no tuned network was judged" in capsys.readouterr().err


def test_single_seeds_may_be_left_out(script, counted, tuning, tmp_path):
    other = checkpoint(tmp_path / "other", seed=8, change=3e-3)
    assert call(script, tmp_path, [tuning, other], "--shares", "0.5", "--seed-shares") == 0
    names = set(pd.read_csv(tmp_path / "out" / "judged.csv")["network"])
    assert names == {"published", "mean-seeds7-8-step5"}


def test_of_several_seeds_the_mean_is_judged_too(script, counted, tuning, tmp_path, capsys):
    other = checkpoint(tmp_path / "other", seed=8, change=3e-3)
    shares = ("--shares", "0.25", "0.5", "--seed-shares", "0.5")
    assert call(script, tmp_path, [tuning, other], *shares) == 0
    assert "chosen: mean-seeds7-8-step5, share 0.25; missed: none" in capsys.readouterr().out
    judged = pd.read_csv(tmp_path / "out" / "judged.csv")
    assert set(zip(judged["network"], judged["share"], strict=True)) == {
        ("published", 0.0), ("mean-seeds7-8-step5", 0.25), ("mean-seeds7-8-step5", 0.5),
        ("seed7-step5", 0.5), ("seed8-step5", 0.5),
    }  # fmt: skip
    mean = read_difference(tmp_path / "work" / "mean-seeds7-8-step5.npz")
    assert np.allclose(mean.changes[10][0], 2e-3, rtol=1e-3, atol=1e-7)
    assert mean.origin["seed"] == "7, 8, their weights averaged"
    third = checkpoint(tmp_path / "third", seed=9, steps=10)
    assert call(script, tmp_path, [tuning, third], *shares) == 2
    assert "differ in more than their seed" in capsys.readouterr().err
    assert call(script, tmp_path, [tuning, tuning], *shares) == 0  # one tuning, named twice


def test_what_seeds_agree_on_is_judged_if_a_gain_is_named(
    script, counted, tuning, tmp_path, capsys
):
    other = checkpoint(tmp_path / "other", seed=8, change=1e-3)
    more = ("--shares", "0.25", "--seed-shares", "0.5")
    assert call(script, tmp_path, [tuning, other], *more, "--gain", "1.5") == 0
    assert "share 0.25; missed: none" in capsys.readouterr().out
    names = set(pd.read_csv(tmp_path / "out" / "judged.csv")["network"])
    assert {"agreed1.5-seeds7-8-step5", "mean-seeds7-8-step5"} < names
    agreed = read_difference(tmp_path / "work" / "agreed1.5-seeds7-8-step5.npz")
    # Both seeds changed every number alike: nothing is shrunk.
    assert np.allclose(agreed.changes[10][0], 1.5e-3, rtol=1e-3, atol=1e-7)
    assert agreed.origin["seed"] == "7, 8, what they agree on times 1.5"
    assert call(script, tmp_path, [tuning, other], *more, "--gain", "0") == 2
    assert "gain of an agreed difference" in capsys.readouterr().err


def test_what_went_on_from_earlier_tunings_says_so(script, counted, tmp_path, capsys):
    pair = [
        checkpoint(tmp_path / f"tuning{seed}", seed=seed, start_sha256="0" * 64) for seed in (7, 8)
    ]
    assert call(script, tmp_path, pair, "--shares", "0.25") == 0
    assert "chosen: continued-mean-seeds7-8-step5" in capsys.readouterr().out
    begun_anew = checkpoint(tmp_path / "anew", seed=8)
    assert call(script, tmp_path, [pair[0], begun_anew], "--shares", "0.25") == 2
    assert "differ in more than their seed" in capsys.readouterr().err


def test_a_kept_difference_of_another_recipe_is_not_taken_for_this_one(
    script, counted, tuning, tmp_path, capsys
):
    assert call(script, tmp_path, tuning, "--shares", "0.5") == 0
    longer = checkpoint(tmp_path / "longer", steps=10)  # the same seed, and steps so far
    assert call(script, tmp_path, longer, "--shares", "0.5") == 2
    assert "is of another recipe" in capsys.readouterr().err


def test_a_written_difference_stands_for_its_tuning(script, counted, tuning, tmp_path, capsys):
    assert call(script, tmp_path, tuning, "--shares", "0.5") == 0
    kept = tmp_path / "kept" / "seed7-step5.npz"
    kept.parent.mkdir()
    kept.write_bytes((tmp_path / "work" / "seed7-step5.npz").read_bytes())
    before = len(counted)
    assert call(script, tmp_path, kept, "--shares", "0.5") == 0
    assert "chosen: seed7-step5" in capsys.readouterr().out
    assert len(counted) == before  # the same network: nothing is judged again
    kept.write_bytes(b"")
    assert call(script, tmp_path, kept) == 2
    assert "no difference to published weights" in capsys.readouterr().err


def test_a_folder_without_a_tuning_is_a_sentence(script, tmp_path, capsys):
    assert call(script, tmp_path, tmp_path / "none") == 2
    assert "holds no checkpoint" in capsys.readouterr().err
