"""Restorers that other packages register: real distributions' metadata on the path."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from restore import find_plugins, load_restorer, metadata_of
from stembench.errors import InputError

MODULE = """
import numpy as np
from restore import RestorerMetadata

IMPORTED = []

class Factor:
    def __init__(self, factor=2, name="doubling", **declared):
        self.factor = factor
        self.metadata = RestorerMetadata(
            name=name,
            version="1",
            licence="MIT",
            training_data="none",
            input_scale="unchanged",
            **declared,
        )

    def restore_image(self, image, *, sampling):
        return self.factor * image

class Nameless:
    metadata = "me"

class Idle:
    metadata = Factor().metadata

def posing():
    return Factor(name="raw")

def untouched():
    return Factor(name="doubling", family="raw")

def filtering():
    return Factor(label="twice the counts", family="classical")

def broken():
    raise RuntimeError("no licence file\\nsecond line")
"""
FUNCTIONS = """
def as_raw(images, *, sampling):
    return images

def of_raw(images, *, sampling):
    return images

def acquiring(images, *, sampling):
    return images

def strange(images, *, sampling):
    return images

as_raw.metadata = {"name": "raw"}
of_raw.metadata = {"family": "raw"}
acquiring.metadata = {"family": "acquisition"}
strange.metadata = {"weights": 3}
"""
COUNTS = np.arange(12.0).reshape(1, 3, 4)

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Lay a distribution with entry points into a folder on the path."""
    (tmp_path / "plugin_of_the_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def lay(package: str, **entries: str) -> None:
        folder = tmp_path / f"{package}-1.5.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\n")
        lines = [f"{name} = plugin_of_the_test:{factory}" for name, factory in entries.items()]
        (folder / "entry_points.txt").write_text("\n".join(["[stembench.restorers]", *lines, ""]))

    yield lay
    sys.modules.pop("plugin_of_the_test", None)


def listed() -> str:
    result = CliRunner().invoke(app, ["list"], env={"COLUMNS": "250"})
    assert result.exit_code == 0, result.output
    return result.output


def test_a_package_brings_a_restorer(install: Install) -> None:
    install("mynets", doubling="Factor")
    assert [(p.name, p.package) for p in find_plugins()] == [("doubling", "mynets 1.5")]
    restorer = load_restorer("doubling")
    np.testing.assert_array_equal(restorer.restore(COUNTS, sampling=0.1), 2 * COUNTS)
    assert restorer.metadata.licence == "MIT"


def test_a_package_declares_label_and_family(install: Install) -> None:
    """Or neither: it is then a network by its own name."""
    install("mynets", doubling="Factor")
    metadata = metadata_of("doubling")
    assert (metadata.label, metadata.family) == ("doubling", "network")
    assert metadata == load_restorer("doubling").metadata


def test_a_package_may_declare_a_classical_filter(install: Install) -> None:
    install("myfilters", doubling="filtering")
    metadata = load_restorer("doubling").metadata
    assert (metadata.label, metadata.family) == ("twice the counts", "classical")


@pytest.mark.parametrize("read", [load_restorer, metadata_of])
def test_no_package_may_declare_the_family_raw(
    install: Install, read: Callable[[str], Any]
) -> None:
    """Reports exempt that family from verdicts."""
    install("mynets", doubling="untouched")
    with pytest.raises(InputError, match="'doubling' declares the family 'raw', which built-"):
        read("doubling")


def test_settings_are_the_factorys_keywords(install: Install) -> None:
    install("mynets", doubling="Factor")
    restorer = load_restorer("doubling:factor=3,name=doubling:factor=3")
    np.testing.assert_array_equal(restorer.restore(COUNTS, sampling=0.1), 3 * COUNTS)
    with pytest.raises(InputError, match=r"'doubling' of mynets 1\.5 .* \(TypeError: .*'colour'"):
        load_restorer("doubling:colour=red")


def test_listing_imports_nothing(install: Install) -> None:
    install("mynets", doubling="Factor", failing="absent_module")
    assert "from mynets 1.5, plugin_of_the_test:Factor" in listed()
    assert "plugin_of_the_test" not in sys.modules


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (
            "broken",
            r"'mine' of mynets 1\.5 \(plugin_of_the_test:broken\) cannot be loaded "
            r"\(RuntimeError: no licence file\)$",
        ),
        ("absent", r"cannot be loaded \(AttributeError: "),
        ("Nameless", "has no attribute 'metadata' of type RestorerMetadata"),
        ("Idle", "calls itself 'doubling'; its metadata's name must be 'mine'"),
        ("posing", "calls itself 'raw'; its metadata's name must be 'mine'"),
    ],
)
def test_a_broken_one_is_one_sentence(factory: str, message: str, install: Install) -> None:
    install("mynets", mine=factory)
    with pytest.raises(InputError, match=message):
        load_restorer("mine")
    assert "mine" in listed()


def test_one_without_the_method(install: Install) -> None:
    install("mynets", doubling="Idle")
    with pytest.raises(InputError, match=r"has no method restore_image\(image, \*, sampling\)"):
        load_restorer("doubling")


@pytest.mark.parametrize("name", ["gaussian", "identity", "cgrdn-hrstem"])
def test_a_built_in_name_cannot_be_taken(name: str, install: Install) -> None:
    """Neither passes for the other, and the listing says so; other names go on working."""
    install("mynets", **{name: "Factor"})
    with pytest.raises(
        InputError, match=rf"'{name}' is built in and registered by mynets 1\.5 too"
    ):
        load_restorer(name)
    assert "not usable: restorer" in listed()
    load_restorer("tv")


def test_two_packages_with_one_name(install: Install) -> None:
    install("mynets", doubling="Factor")
    install("yournets", doubling="Factor")
    with pytest.raises(InputError, match=r"more than once, by mynets 1\.5 and yournets 1\.5"):
        load_restorer("doubling")
    assert listed().count("not usable: restorer 'doubling'") == 2


def test_unknown_name_lists_the_registered_ones(install: Install) -> None:
    install("mynets", doubling="Factor")
    with pytest.raises(
        InputError,
        match=r"known are raw, .*, cgrdn-lrtem, cgrdn-faithful, stembench-small, doubling, or name",
    ):
        load_restorer("tripling")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("as_raw", "calls itself 'raw', which is a built-in restorer's name"),
        ("of_raw", "declares the family 'raw'"),
        ("acquiring", "declares the family 'acquisition', which is the bench"),
        ("strange", "has no entry 'weights'; it has name, label"),
    ],
)
def test_a_function_may_not_pose_as_a_built_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    """Records of 'raw' are read as the untouched counts."""
    (tmp_path / "functions_of_the_test.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        load_restorer(f"functions_of_the_test:{name}")
