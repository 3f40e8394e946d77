"""`stembench doctor`: what is missing is broken or noted, and has its remedy."""

import dataclasses
import importlib.metadata
import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from bench.cli.inventory import doctor
from bench.executor import environment
from restore import RESTORERS
from stembench.errors import InputError
from tests.bench.cli.calling import call


def checks(*, code: int = 0) -> dict[str, dict[str, Any]]:
    """What the command says, by what was looked at."""
    told = json.loads(call("doctor", "--json", code=code))["checks"]
    return {check["name"]: check for check in told}


def test_a_sound_machine() -> None:
    found = checks()
    assert {check["state"] for check in found.values()} <= {"ok", "note"}
    assert found["numpy"]["found"] == importlib.metadata.version("numpy")
    assert {f"restorer {entry.name}" for entry in RESTORERS} <= set(found)
    assert f"keras {importlib.metadata.version('keras')}" in found["restorer cgrdn"]["found"]
    assert {"engine keras", "engine onnx", "threads", "cache", "GPU", "disk"} <= set(found)
    # Only what is not well has a remedy.
    assert all(bool(check["remedy"]) == (check["state"] != "ok") for check in found.values())


def test_a_missing_package_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {**environment.versions(), "h5py": "absent"}
    monkeypatch.setattr(environment, "versions", lambda: versions)
    broken = [check for check in checks(code=1).values() if check["state"] == "broken"]
    assert [check["name"] for check in broken] == ["h5py"]
    assert broken[0]["remedy"].startswith("Install h5py")


@pytest.mark.parametrize(("extra", "state", "code"), [("", "broken", 1), ("some", "note", 0)])
def test_a_restorer_that_cannot_be_had(
    extra: str, state: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(**_: object) -> None:
        raise InputError("its weights are missing; fetch them")

    entry = dataclasses.replace(RESTORERS[0], read_metadata=missing, extra=extra)
    monkeypatch.setattr(doctor, "RESTORERS", (entry, *RESTORERS[1:]))
    check = checks(code=code)[f"restorer {entry.name}"]
    assert check["state"] == state
    assert check["remedy"] == "its weights are missing; fetch them"


def test_a_package_that_a_restorer_misses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> None:
        raise importlib.metadata.PackageNotFoundError("scikit-image")

    entry = dataclasses.replace(RESTORERS[0], read_metadata=missing)
    monkeypatch.setattr(doctor, "RESTORERS", (entry, *RESTORERS[1:]))
    remedy = checks(code=1)[f"restorer {entry.name}"]["remedy"]
    assert remedy == "Install scikit-image into this environment with pip or uv pip."


def test_a_full_disk_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**12, 10**12, 10**8))
    check = checks(code=1)["disk"]
    assert check["state"] == "broken"
    assert "0.1 GB free" in check["found"]


def test_a_folder_that_cannot_be_written_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder that is gone refuses everybody, the system's administrator too.
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "gone"))
    monkeypatch.setattr("tempfile.tempdir", None)
    check = checks(code=1)["temporary folder"]
    assert check["state"] == "broken"
    assert "TMPDIR" in check["remedy"]


def test_the_size_of_the_cache_is_stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "kept").write_bytes(bytes(2_500_000))
    monkeypatch.setattr(doctor, "cache_root", lambda: tmp_path)
    assert checks()["cache"]["found"] == f"{tmp_path}, 2.5 MB"
    monkeypatch.setattr(doctor, "cache_root", lambda: None)
    assert checks()["cache"]["state"] == "note"
