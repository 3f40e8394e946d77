"""Going on with a run: damage is named and made again, files of other runs are refused."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.blocks import plan_blocks
from bench.plan.profiles import Profile, Selection, get_profile, narrow
from bench.run import run as run_module, store
from bench.run.run import run_benchmark
from reports.records.run_folder import load_run
from reports.records.run_info import read_run_info
from restore import metadata_of
from stembench.errors import InputError
from tests.records_factory import change_run

PROFILE = Profile(
    name="small",
    summary="for tests",
    selections=(Selection("pt_bulk", ("z02",), (1e6, 1e6 + 1), 2),),
    restorers=("raw", "gaussian"),
)


class Here(Placement):
    """Work in this process: others take seconds to start."""

    workers = 1

    @contextmanager
    def executor(self, *_: object, **__: object) -> Iterator["Here"]:
        yield self

    def completed(self, function, tasks):
        for key, arguments in tasks:
            yield key, function(*arguments)


def go(folder: Path, profile: Profile = PROFILE, *, seed: int = 5) -> list[str]:
    """Run, and return what was said of damage."""
    said: list[str] = []
    run_benchmark(profile, folder, seed=seed, placement=Here(jobs=1), note=said.append)
    return said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resume") / "run"
    assert go(folder) == []
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def of(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def test_doses_of_seven_digits_are_kept_apart(made: Path) -> None:
    run = load_run(made)
    assert sorted(set(run.records["dose"])) == [1e6, 1e6 + 1]
    names = [path.name for path in (made / "records").iterdir()]
    assert len(names) == 4
    assert not any(set(name) & set('<>:"/\\|?*') for name in names)
    for dose in (1e6, 1e6 + 1):
        image = run.examples.image("pt_bulk", "z02", dose=dose, restorer="raw")
        assert image is not None


def test_each_damaged_file_is_named_and_made_again(made: Path, folder: Path) -> None:
    damaged = [
        of(folder, "records/*gaussian*"),
        of(folder, "records/*__raw*"),
        of(folder, "intensity/*1000001*gaussian*"),
        of(folder, "examples/*1000001__raw*"),
        folder / "bounds.parquet",
        folder / "examples.h5",
    ]
    damaged[0].write_bytes(b"")
    damaged[2].unlink()
    for path in damaged[1:2] + damaged[3:]:
        flip(path)
    said = go(folder)
    assert len(said) == len(damaged)
    for path in damaged:
        assert sum(path.name in sentence and path.parent.name in sentence for sentence in said) == 1
    assert all("made again" in sentence and "\n" not in sentence for sentence in said)
    assert go(folder) == []
    for path in damaged[2:]:
        assert path.read_bytes() == (made / path.relative_to(folder)).read_bytes()
    both = load_run(made), load_run(folder)
    pd.testing.assert_frame_equal(both[0].records, both[1].records, check_exact=True)
    pd.testing.assert_frame_equal(both[0].intensity, both[1].intensity, check_exact=True)


def test_every_flipped_bit_is_noticed(folder: Path) -> None:
    """100 bits over the files of a real run, read as `run` and as reports read them."""
    info = read_run_info(folder)
    (block,) = [
        block
        for block in plan_blocks(PROFILE, seed=5)
        if block.restorer == "gaussian" and block.dose == 1e6 + 1
    ]
    beside = ("records", "intensity", "examples")
    paths = [of(folder, f"{kind}/{block.name}.*") for kind in beside]
    paths += [folder / name for name in info.files]
    rng = np.random.default_rng(11)
    for number in range(100):
        path = paths[number % len(paths)]
        whole = path.read_bytes()
        content = bytearray(whole)
        content[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        if path.parent == folder:
            said = store.run_file_fault(folder, path.name, info=info)
        else:
            said = store.fault_of(folder, block, origin=info.origin)
        assert said is not None
        assert f"{path} is damaged" in said
        if path.parent.name == "intensity":
            with pytest.raises(InputError, match="is damaged"):
                _ = load_run(folder).intensity
        path.write_bytes(whole)
    assert store.fault_of(folder, block, origin=info.origin) is None


def test_a_damaged_description_is_made_again_beside_its_records(folder: Path) -> None:
    flip(folder / "run.json")
    (sentence,) = go(folder)
    assert "run.json" in sentence
    assert load_run(folder).complete
    flip(folder / "run.json")
    with pytest.raises(InputError, match="of another run"):
        go(folder, seed=6)


def test_a_block_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    change_run(other, seed=6)
    path = of(other, "records/*")
    shutil.copyfile(path, folder / "records" / path.name)
    for call in (go, load_run):
        with pytest.raises(InputError, match=r"of another run \(seed 6 there, 5 in this run\)"):
            call(folder)


@pytest.mark.parametrize(
    ("part", "value", "word"),
    [
        ("source_sha256", "0" * 64, "source_sha256"),
        ("arithmetic", {"numpy": "1.0"}, "arithmetic"),
    ],
)
def test_another_program_or_library_is_another_run(
    folder: Path, part: str, value: object, word: str
) -> None:
    change_run(folder, **{part: value})
    with pytest.raises(InputError, match=rf"another run's records \({word}"):
        go(folder)


def test_other_restorers_are_named_before_the_arithmetic_they_bring(folder: Path) -> None:
    change_run(folder, arithmetic={"numpy": "1.0"})
    with pytest.raises(InputError, match=r"another run's records \(restorers\."):
        go(folder, replace(PROFILE, restorers=("raw", "nlm")))


def test_an_edited_callable_is_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "edited_filter.py"
    source.write_text("def f(images, *, sampling):\n    return images\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        run_module, "read_metadata", lambda specs: {spec: metadata_of(spec) for spec in specs}
    )
    profile = replace(PROFILE, restorers=("raw", "edited_filter:f"))
    go(tmp_path / "run", profile)
    restorers = read_run_info(tmp_path / "run").restorers
    assert restorers["raw"].source_sha256 is None
    (own,) = (info for info in restorers.values() if not info.built_in and not info.fit)
    assert len(own.source_sha256 or "") == 64
    assert go(tmp_path / "run", profile) == []
    source.write_text("def f(images, *, sampling):\n    return images + 1\n")
    with pytest.raises(InputError, match=r"another run's records .restorers\..*source_sha256"):
        go(tmp_path / "run", profile)


def test_impossible_amounts_leave_nothing(tmp_path: Path) -> None:
    quick = get_profile("quick")
    for changes, message in (
        ({"doses": [1e308]}, "dose must be > 0 and <= 1e"),
        ({"realizations": 10**12}, "images in"),
        ({"realizations": 10**30}, "images in"),
    ):
        with pytest.raises(InputError, match=message):
            go(tmp_path / "run", narrow(quick, **changes))
    with pytest.raises(InputError, match="seed must be between"):
        go(tmp_path / "run", seed=10**30)
    with pytest.raises(InputError, match="jobs must be between"):
        run_benchmark(PROFILE, tmp_path / "run", seed=1, placement=Placement(jobs=10**9))
    assert not (tmp_path / "run").exists()


def test_the_folder_is_refused_before_a_restorer_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "read_metadata", None)
    with pytest.raises(InputError, match=r"another run's records \(seed"):
        go(folder, seed=6)
    (folder / "thesis.tex").touch()
    (folder / "run.json").unlink()
    with pytest.raises(InputError, match="not empty"):
        go(folder)
