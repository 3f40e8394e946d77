"""The reader of run folders: what it reads, and one clear sentence for what it cannot."""

import contextlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from reports.records.bounds import read_bounds
from reports.records.run_folder import load_run
from reports.records.run_info import read_run_info
from stembench.errors import InputError
from stembench.sealed_json import content_hash
from tests.made_run import make_run
from tests.records_factory import Estimator, change_records, change_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(
        tmp_path_factory.mktemp("made") / "run",
        realizations=2,
        cases=("edge_dislocation",),
        estimators={"raw": Estimator(), "cgrdn": Estimator()},
        bounds=True,
    )


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="module")
def described(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the description of a run alone."""
    folder = tmp_path_factory.mktemp("described")
    shutil.copyfile(made / "run.json", folder / "run.json")
    return folder


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
    with pytest.raises(InputError, match=r"lacks examples\.h5, which its run\.json lists"):
        load_run(folder)
    change_run(folder, files=())
    examples = load_run(folder).examples
    assert examples.clean("edge_dislocation", "core") is None
    assert examples.positions("edge_dislocation", "core", dose=500.0, restorer="raw") is None


def test_an_incomplete_run_loads_as_such(folder: Path) -> None:
    change_run(folder, complete=False)
    next((folder / "records").iterdir()).unlink()
    assert not load_run(folder).complete


def test_a_block_that_is_missing_from_a_complete_run_is_named(folder: Path) -> None:
    path = next((folder / "records").iterdir())
    path.unlink()
    with pytest.raises(InputError, match=rf"{path.name}, which run\.json lists, is missing"):
        load_run(folder)


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
    (folder / "run.json").write_text(json.dumps({**info, "schema_version": 3}))
    with pytest.raises(InputError, match="record schema 3, this version reads schema 4"):
        load_run(folder)


def test_no_records_yet(folder: Path) -> None:
    change_run(folder, complete=False)
    for path in (folder / "records").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no records yet"):
        load_run(folder)


def test_files_that_are_not_listed_are_not_read(folder: Path) -> None:
    before = load_run(folder).records
    path = next((folder / "records").iterdir())
    (folder / "records" / "again.parquet").write_bytes(path.read_bytes())
    (folder / "records" / "nonsense.parquet").write_text("no")
    pd.testing.assert_frame_equal(load_run(folder).records, before)


def test_a_block_under_another_name_is_refused(folder: Path) -> None:
    first, second = sorted((folder / "records").iterdir())[:2]
    second.write_bytes(first.read_bytes())
    with pytest.raises(InputError, match=r"of another run .block"):
        load_run(folder)


def test_a_block_of_another_seed_or_identity_is_refused(folder: Path, tmp_path: Path) -> None:
    name = sorted(path.name for path in (folder / "records").iterdir())[0]
    for changes, word in (({"seed": 7}, "seed 7 there, 0 in"), ({"profile": "more"}, "identity")):
        other = Path(shutil.copytree(folder, tmp_path / f"other {word}"))
        change_run(other, **changes)
        mixed = Path(shutil.copytree(folder, tmp_path / word.partition(" ")[0]))
        shutil.copyfile(other / "records" / name, mixed / "records" / name)
        with pytest.raises(InputError, match=f"of another run .{word}"):
            load_run(mixed)


def test_an_absurd_number_is_refused(folder: Path) -> None:
    change_records(folder, lambda rows: rows.assign(x_fit=9e304))
    with pytest.raises(InputError, match=r"x_fit = 9e\+304"):
        load_run(folder)


def read_everything(folder: Path) -> None:
    run = load_run(folder)
    run.examples.clean("edge_dislocation", "core")
    read_bounds(folder, origin=run.origin)


def test_every_flipped_bit_is_noticed(folder: Path) -> None:
    """200 bits, spread evenly over files of every kind and drawn within a file."""
    kinds = ("run.json", "examples.h5", "bounds.parquet", "records/*.parquet")
    paths = [path for kind in kinds for path in sorted(folder.glob(kind))[:2]]
    few = {"records": tuple(path.stem for path in paths if path.parent.name == "records")}
    change_run(folder, blocks=few)
    rng = np.random.default_rng(2024)
    for number in range(200):
        path = paths[number % len(paths)]
        whole = path.read_bytes()
        content = bytearray(whole)
        content[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        with pytest.raises(InputError, match=re.escape(path.name)) as caught:
            read_everything(folder)
        assert "\n" not in str(caught.value)
        path.write_bytes(whole)
    read_everything(folder)


@pytest.mark.parametrize("keep", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["examples.h5", "bounds.parquet", "records/*.parquet"])
def test_every_truncated_file_is_named(folder: Path, kind: str, keep: float) -> None:
    path = next(folder.glob(kind))
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(InputError, match=rf"{re.escape(path.name)} is damaged"):
        read_everything(folder)


OTHER = st.sampled_from(
    [None, True, -1, 0, 1e308, 10**400, "", "x", [], [1], {}, {"a": 1}, [[[]]], "../../etc"]
)


def places(value: object, path: tuple = ()) -> list[tuple]:
    """Paths of all values of nested JSON."""
    found = [path] if path else []
    parts = value.items() if isinstance(value, dict) else []
    parts = enumerate(value) if isinstance(value, list) else parts
    return found + [place for key, part in parts for place in places(part, (*path, key))]


@given(data=st.data(), honest=st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_structured_damage_of_run_json_is_one_sentence(
    described: Path, data: st.DataObject, honest: bool
) -> None:
    """A key removed or a value replaced, with the hash that was there or one that fits."""
    path = described / "run.json"
    whole = path.read_text()
    content = json.loads(whole)
    place = data.draw(st.sampled_from(places(content)))
    holder = content
    for key in place[:-1]:
        holder = holder[key]
    before = holder[place[-1]]
    if data.draw(st.booleans()):
        del holder[place[-1]]
    else:
        holder[place[-1]] = data.draw(OTHER)
    unchanged = place[-1] in holder if isinstance(holder, dict) else len(holder) > place[-1]
    unchanged = unchanged and same(holder[place[-1]], before)
    if honest:
        content = {**content, "sha256": content_hash(without(content, "sha256"))}
    try:
        path.write_text(json.dumps(content))
        if honest:
            with contextlib.suppress(InputError):
                read_run_info(described).identity()
        elif not unchanged:
            with pytest.raises(InputError) as caught:
                read_run_info(described)
            assert "\n" not in str(caught.value)
    finally:
        path.write_text(whole)


def test_a_commit_that_leaves_the_source_as_it_is_ends_no_run(described: Path) -> None:
    info = read_run_info(described)

    def identity(version: str) -> str:
        return replace(info, versions={**info.versions, "stembench": version}).origin.identity

    same = ("0.2.0.dev7+g1a2b3c4d5e", "0.2.0.dev8+g5e4d3c2b1a.changed", "0.2.0.dev0")
    assert {identity(version) for version in same} == {identity("0.2.0")}
    assert identity("0.2.1") != identity("0.2.0")


def without(content: dict, key: str) -> dict:
    return {name: value for name, value in content.items() if name != key}


def same(one: object, other: object) -> bool:
    return json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"seed": NaN}', '{"seed": 1e999}', '{"seed": ' + "9" * 5000 + "}", "\x00", ""],
    ids=["deep", "nan", "infinite", "digits", "zero", "empty"],
)
def test_no_text_makes_a_traceback(described: Path, text: str) -> None:
    whole = (described / "run.json").read_text()
    (described / "run.json").write_text(text)
    with pytest.raises(InputError, match=r"run\.json cannot be read"):
        read_run_info(described)
    (described / "run.json").write_text(whole)
