"""The registry of built-in restorers: unique names, a light listing, and declared families."""

import subprocess
import sys
from pathlib import Path

import pytest

from restore import RESTORERS, is_built_in, is_raw, metadata_of
from restore.cgrdn.faithful_restorer import SHIPPED
from restore.registry import unique_names


def in_new_process(code: str) -> str:
    """Standard output of a fresh interpreter in the repository."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        text=True,
    ).stdout


def test_names_are_unique() -> None:
    names = [name for entry in RESTORERS for name in entry.names]
    assert len(names) == len(set(names))
    assert {"raw", "identity", "gaussian", "nlm", "cgrdn", "cgrdn-hrstem"} < set(names)
    assert sum("cgrdn" in entry.name for entry in RESTORERS) == 6 + len(SHIPPED)


def test_a_name_taken_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="found twice: identity, raw"):
        unique_names((*RESTORERS, RESTORERS[0]))


def test_listing_and_metadata_import_nothing_heavy() -> None:
    """Not even the networks' metadata, with the version of what would run them."""
    code = """
import sys
from restore import RESTORERS, metadata_of
print([entry.name for entry in RESTORERS][:2])
for spec in ("cgrdn", "cgrdn-lrtem@keras", "cgrdn@onnx", "n2v:steps=3", "wiener"):
    print(metadata_of(spec).name)
print([m for m in ("tensorflow", "keras", "onnx", "onnxruntime", "scipy") if m in sys.modules])
"""
    assert in_new_process(code) == (
        "['raw', 'gaussian']\ncgrdn\ncgrdn-lrtem@keras\ncgrdn@onnx\nn2v:steps=3\nwiener\n[]\n"
    )


def test_what_fits_each_image_anew_is_slow() -> None:
    assert [entry.name for entry in RESTORERS if entry.slow] == ["unwarp", "n2v"]


@pytest.mark.parametrize(
    ("spec", "built_in", "raw"),
    [
        ("raw", True, True),
        ("identity", True, True),
        ("gaussian:sigma=0.4", True, False),
        ("cgrdn@onnx", True, False),
        ("raw.keras", False, False),
        ("mynet:restore", False, False),
        ("", False, False),
    ],
)
def test_specs_of_built_in_restorers(spec: str, built_in: bool, raw: bool) -> None:
    assert is_built_in(spec) is built_in
    assert is_raw(spec) is raw


def test_raw_is_the_only_one_of_its_family() -> None:
    families = {
        entry.name: metadata_of(entry.name).family for entry in RESTORERS if not entry.extra
    }
    assert [name for name, family in families.items() if family == "raw"] == ["raw"]
    assert [name for name, family in families.items() if family == "classical"] == [
        "gaussian",
        "wiener",
        "bragg",
        "nlm",
        "wavelet",
        "tv",
        "patch-pca",
    ]
    assert [name for name, family in families.items() if family == "model"] == ["unwarp"]
