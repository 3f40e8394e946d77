"""Simulated configurations on disk: damage is noticed, said and made again."""

import io
import os
import shutil
import zipfile

import numpy as np
import pytest

from cases.simulation import simulate as simulate_module
from cases.simulation.configuration_cache import (
    ConfigurationScan,
    configuration_fault,
    configuration_file,
    read_configuration,
    write_configuration,
)
from cases.simulation.simulate import Amount, simulate
from cases.truth.truth_file import read_scan
from stembench.errors import InputError
from stembench.sealed_files import DamagedFileError
from tests.toy_cases import tiny_bulk


@pytest.fixture
def written(tmp_path):
    scan = ConfigurationScan(np.arange(40), np.random.default_rng(1).normal(size=(2, 40)), 1.5)
    path = configuration_file(tmp_path / "case", 3)
    write_configuration(path, scan)
    return path, scan


def test_a_configuration_is_read_as_it_was_written(written):
    path, scan = written
    there = read_configuration(path)
    np.testing.assert_array_equal(there.index, scan.index)
    np.testing.assert_array_equal(there.fractions, scan.fractions)
    assert there.cpu_seconds == scan.cpu_seconds
    assert configuration_fault(path) is None
    assert configuration_fault(path.with_name("other.npz")) == ""


def test_every_flipped_bit_and_every_cut_is_noticed(written):
    path, _ = written
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for place in rng.choice(len(whole), 60, replace=False):
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        assert configuration_fault(path)
    for length in rng.choice(len(whole), 20, replace=False):
        path.write_bytes(whole[:length])
        assert configuration_fault(path)


def test_archives_without_a_seal_and_copies_are_no_configurations(written):
    path, scan = written
    other = configuration_file(path.parent, 4)
    shutil.copy(path, other)
    with pytest.raises(DamagedFileError, match="copy of case/configuration_00003"):
        read_configuration(other)
    content = io.BytesIO()
    np.savez(content, index=scan.index, fractions=scan.fractions, cpu_seconds=1.0)
    path.write_bytes(content.getvalue())
    assert zipfile.is_zipfile(path)
    with pytest.raises(DamagedFileError, match="damaged"):
        read_configuration(path)


@pytest.mark.skipif(os.name == "nt", reason="has no such rights")
def test_what_others_may_have_written_is_made_again(written):
    path, _ = written
    path.chmod(0o664)
    assert "another user" in (configuration_fault(path) or "")


def test_damage_is_said_and_made_again(tmp_path, monkeypatch):
    """A simulation that makes numbers of its own stands in for the multislice calculation."""
    made = []

    def simulated(case, number, **_):
        made.append(number)
        points = simulate_module.scan_plan(case.simulation).points
        values = np.random.default_rng(number).uniform(size=(len(case.labels), len(points)))
        return np.arange(len(points)), values

    monkeypatch.setattr(simulate_module, "simulate_configuration", simulated)
    case, said = tiny_bulk(), []
    out = tmp_path / "a.h5"
    folder = tmp_path / "cache"
    simulate(case, Amount(3), folder=folder, output=out, note=said.append)
    before, _, _ = read_scan(out)
    (second,) = folder.rglob("configuration_00001.npz")
    content = second.read_bytes()
    second.write_bytes(content[:-40] + b"\0" + content[-39:])
    simulate(case, Amount(3), folder=folder, output=out, note=said.append)
    assert made == [0, 1, 2, 1]
    assert len(said) == 1
    assert "configuration_00001.npz is damaged" in said[0]
    assert read_scan(out)[0].hash == before.hash


def test_a_place_that_cannot_be_written_is_refused_before_work(tmp_path, monkeypatch):
    monkeypatch.setattr(
        simulate_module, "simulate_configuration", lambda *_, **__: pytest.fail("simulated")
    )
    (tmp_path / "file").write_text("")
    for folder, output in (("file", "a.h5"), ("cache", "file/a.h5"), ("cache", ".")):
        with pytest.raises(InputError, match="file"):
            simulate(tiny_bulk(), Amount(1), folder=tmp_path / folder, output=tmp_path / output)
