"""The reader of run folders: what it reads, and one clear sentence for what it cannot."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.records.run_folder import load_run
from stembench.errors import InputError
from tests.records_factory import Estimator, make_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(
        tmp_path / "run",
        realizations=2,
        cases=("edge_dislocation",),
        estimators={"raw": Estimator(), "cgrdn": Estimator()},
    )


def test_a_run_is_read_whole(folder: Path) -> None:
    run = load_run(folder)
    assert run.complete
    assert run.title("edge_dislocation") == "Edge dislocation in Pt [112]"
    assert set(run.records["restorer"]) == {"raw", "cgrdn"}
    parts = [pd.read_parquet(path) for path in (folder / "records").glob("*.parquet")]
    assert len(run.records) == sum(len(part) for part in parts)
    clean = run.examples.clean("edge_dislocation", "core")
    raw = run.examples.image("edge_dislocation", "core", dose=500, restorer="raw")
    assert clean is not None
    assert raw is not None
    assert clean.shape == raw.shape == (128, 128)
    columns = run.examples.true_columns("edge_dislocation", "core")
    assert columns is not None
    assert columns[0].shape == (len(columns[1]), 2)
    assert 0 < np.sum(columns[1]) < len(columns[1])


def test_examples_that_were_not_kept_are_none(folder: Path) -> None:
    examples = load_run(folder).examples
    assert examples.image("edge_dislocation", "core", dose=501.0, restorer="raw") is None
    assert examples.image("edge_dislocation", "core", dose=500.0, restorer="nlm") is None
    assert examples.clean("pt_bulk", "z02") is None
    (folder / "examples.h5").unlink()
    assert examples.clean("edge_dislocation", "core") is None
    assert examples.positions("edge_dislocation", "core", dose=500.0, restorer="raw") is None


def test_an_incomplete_run_loads_as_such(folder: Path) -> None:
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**info, "complete": False}))
    assert not load_run(folder).complete
    del info["complete"]
    (folder / "run.json").write_text(json.dumps(info))
    assert not load_run(folder).complete


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run folder"):
        load_run(tmp_path / "absent")


def test_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no run\.json"):
        load_run(tmp_path)


@pytest.mark.parametrize(("text", "match"), [("{", "cannot be read"), ("[]", "no JSON object")])
def test_broken_description(folder: Path, text: str, match: str) -> None:
    (folder / "run.json").write_text(text)
    with pytest.raises(InputError, match=match):
        load_run(folder)


def test_unknown_schema(folder: Path) -> None:
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**info, "schema_version": 99}))
    with pytest.raises(InputError, match="record schema 99"):
        load_run(folder)


def test_no_records_yet(folder: Path) -> None:
    for path in (folder / "records").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no records yet"):
        load_run(folder)


def test_broken_records(folder: Path) -> None:
    path = next((folder / "records").iterdir())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        load_run(folder)


def test_records_of_two_runs(folder: Path) -> None:
    path = next((folder / "records").iterdir())
    (folder / "records" / "again.parquet").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="repeat a row"):
        load_run(folder)


def test_examples_that_are_no_hdf5(folder: Path) -> None:
    (folder / "examples.h5").write_text("no")
    with pytest.raises(InputError, match="HDF5"):
        load_run(folder).examples.clean("edge_dislocation", "core")
