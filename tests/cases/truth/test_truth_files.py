"""Ground-truth files: written, read once, sealed, and refused when damaged or foreign."""

import dataclasses
import json

import h5py
import numpy as np
import pytest

from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from cases.truth.sealing import seal_files
from cases.truth.truth_file import (
    Scan,
    default_path,
    read_scan,
    read_scan_once,
    write_scan,
)
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, write_sealed


def test_missing_foreign_and_damaged_files_are_refused(tmp_path):
    case = get_case("pt_bulk")
    with pytest.raises(InputError, match="nox -s simulate"):
        load_ground_truth(case, path=tmp_path / "none.h5")
    text = tmp_path / "text.h5"
    text.write_text("not HDF5")
    with pytest.raises(InputError, match="cannot be read"):
        load_ground_truth(case, path=text)
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["image"] = np.zeros(3)
    with pytest.raises(InputError, match="not a ground-truth file"):
        load_ground_truth(case, path=foreign)
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(default_path(case).read_bytes())
    with h5py.File(damaged, "r+") as file:
        file["scan/mean"][3, 4, 5] *= 1.01
    with pytest.raises(InputError, match=r"damaged\.h5 is damaged: it is not as it was written"):
        load_ground_truth(case, path=damaged)
    # A seal that fits is no excuse for data that do not have the hash that is stated.
    reseal(damaged)
    with pytest.raises(InputError, match="do not have the hash"):
        load_ground_truth(case, path=damaged)
    reseal(damaged, format_version=99)
    with pytest.raises(InputError, match="newer version"):
        load_ground_truth(case, path=damaged)


def reseal(path, **changes):
    with h5py.File(path, "r+") as file:
        file.attrs.update(changes)
        file.attrs["seal"] = np.bytes_(BLANK_SEAL)
    write_sealed(path, path.read_bytes())


def test_every_flipped_bit_is_noticed(tmp_path):
    """30 bits, half of them in the head of the file, which holds description and provenance."""
    whole = default_path(get_case("pt_112")).read_bytes()
    rng = np.random.default_rng(3)
    path = tmp_path / "flipped.h5"
    for number in range(30):
        content = bytearray(whole)
        content[rng.integers(len(whole) if number % 2 else 6000)] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"flipped\.h5") as caught:
            read_scan(path)
        assert "\n" not in str(caught.value)
    path.write_bytes(whole)
    read_scan(path)


def test_a_file_is_read_once_until_it_changes(tmp_path):
    path = tmp_path / "truth.h5"
    path.write_bytes(default_path(get_case("pt_112")).read_bytes())
    first, provenance, simulated = read_scan_once(path)
    again = read_scan_once(path)
    assert again[0] is first
    provenance["of the caller"] = 1
    assert read_scan_once(path)[1:] == again[1:] == read_scan(path)[1:]
    assert again[2] == simulated
    with pytest.raises(ValueError, match="read-only"):
        first.mean[0, 0, 0] = 1
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"truth\.h5"):
        read_scan_once(path)
    path.unlink()
    with pytest.raises(InputError, match="there is no ground truth"):
        read_scan_once(path)


def test_files_from_before_seals_are_read_and_can_be_sealed(tmp_path):
    path = tmp_path / "before.h5"
    path.write_bytes(default_path(get_case("pt_112")).read_bytes())
    before = read_scan(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["seal"]
    with pytest.raises(InputError, match="lost its seal"):
        read_scan(path)
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 1
    # Nothing of the seal stays behind in the file.
    path.write_bytes(path.read_bytes().replace(b"stembench-sha256:", b"." * 17))
    again = read_scan(path)
    assert again[0].hash == before[0].hash
    assert seal_files([path]) == [path]
    assert seal_files([path]) == []
    assert read_scan(path)[1:] == before[1:]


def test_a_written_file_reads_back_and_leaves_no_temporary_file(tmp_path):
    case = get_case("edge_dislocation")
    rng = np.random.default_rng(7)
    scan = Scan(
        labels=case.labels,
        mean=rng.uniform(size=(1, 5, 6)).astype(np.float32),
        stderr=rng.uniform(size=(1, 5, 6)).astype(np.float32),
        step=0.1,
        first=-0.25,
        boundary="mirror",
    )
    path = write_scan(tmp_path / "new" / "x.h5", scan, case=case, provenance={"date": "today"})
    back, provenance, simulated = read_scan(path)
    np.testing.assert_array_equal(back.mean, scan.mean)
    np.testing.assert_array_equal(back.stderr, scan.stderr)
    assert back.hash == scan.hash
    assert (back.labels, back.step, back.first) == (scan.labels, scan.step, scan.first)
    assert provenance == {"date": "today"}
    assert back.step_y is None
    assert back.steps == (0.1, 0.1)
    assert json.loads(simulated) == json.loads(json.dumps(case.simulated()))
    assert [item.name for item in path.parent.iterdir()] == ["x.h5"]
    oblong = dataclasses.replace(scan, step_y=0.2)
    back = read_scan(write_scan(path, oblong, case=case, provenance={}))[0]
    assert back.steps == (0.1, 0.2)
    assert back.hash == oblong.hash != scan.hash
