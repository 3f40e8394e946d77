"""The version that a checkout, a source distribution and a build state."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

import stembench
from bench.executor.environment import source_files
from stembench.surroundings import program_version as asked
from stembench.surroundings.program_version import PREPARED, checkout_version

ROOT = Path(__file__).parents[3]
#: Nothing of the user's settings, so that commits need no name of theirs and are not signed.
CLEAN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],  # noqa: S607
        env=os.environ | CLEAN, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path) -> str:
    path = folder / "file"
    path.write_text(f"{path.read_text()}x" if path.exists() else "x")
    git(folder, "add", "file")
    git(folder, "commit", "-qm", "one more")
    return git(folder, "rev-parse", "--short=10", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def test_a_tag_is_a_release_and_commits_after_it_lead_to_the_next(checkout: Path) -> None:
    commit(checkout)
    git(checkout, "tag", "v1.4.0")
    assert checkout_version(checkout) == "1.4.0"
    commit(checkout)
    last = commit(checkout)
    assert checkout_version(checkout) == f"1.4.1.dev2+g{last}"
    git(checkout, "tag", "-a", "v1.5.0rc1", "-m", "try it")
    assert checkout_version(checkout) == "1.5.0rc1"
    last = commit(checkout)
    assert checkout_version(checkout) == f"1.5.0rc2.dev1+g{last}"


def test_versions_are_in_the_order_of_their_commits(checkout: Path) -> None:
    seen = []
    for tag in ("", "v0.1.0", "", "v0.2.0rc1", "", "v0.2.0", ""):
        commit(checkout)
        if tag:
            git(checkout, "tag", tag)
        seen.append(Version(checkout_version(checkout)))
    assert seen == sorted(seen)
    assert len(set(seen)) == len(seen)


def test_changes_that_are_in_no_commit_are_said(checkout: Path) -> None:
    last = commit(checkout)
    git(checkout, "tag", "v1.4.0")
    (checkout / "file").write_text("another")
    assert checkout_version(checkout) == f"1.4.1.dev0+g{last}.changed"


def test_other_tags_are_no_versions(checkout: Path) -> None:
    last = commit(checkout)
    git(checkout, "tag", "paper")
    git(checkout, "tag", "verified")
    assert checkout_version(checkout) == f"{PREPARED}.dev1+g{last}"


def test_without_tags_the_prepared_release_is_worked_towards(checkout: Path) -> None:
    assert checkout_version(checkout) == f"{PREPARED}.dev0"  # no commit yet
    commit(checkout)
    last = commit(checkout)
    assert checkout_version(checkout) == f"{PREPARED}.dev2+g{last}"


def test_a_shallow_clone_counts_no_commits(checkout: Path, tmp_path: Path) -> None:
    commit(checkout)
    last = commit(checkout)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", checkout.as_uri(), str(clone))
    assert checkout_version(clone) == f"{PREPARED}.dev0+g{last}"


def test_a_source_distribution_states_what_it_was_made_of(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: stembench\nVersion: 7.1\n\n")
    assert checkout_version(tmp_path) == "7.1"


def test_without_git_and_metadata_the_release_alone_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkout_version(tmp_path) == f"{PREPARED}.dev0"
    (tmp_path / ".git").mkdir()  # git refuses it
    assert checkout_version(tmp_path) == f"{PREPARED}.dev0"
    monkeypatch.setenv("PATH", "")  # nor is there a git
    assert checkout_version(tmp_path) == f"{PREPARED}.dev0"


def test_an_archive_within_another_checkout_does_not_take_its_version(checkout: Path) -> None:
    commit(checkout)
    git(checkout, "tag", "v9.0.0")
    inner = checkout / "unpacked"
    inner.mkdir()
    assert checkout_version(inner) == f"{PREPARED}.dev0"


def test_no_file_is_generated_for_it() -> None:
    """The hash of a run's program is that of what lies in the checkout."""
    names = set(source_files())
    assert "stembench/surroundings/program_version.py" in names
    assert not [name for name in names if re.search(r"(^|/)_version", name)]


def test_a_build_states_the_version_of_the_program() -> None:
    """Setuptools reads it off the source, without an installation and its packages."""
    code = (
        "from setuptools import Distribution\n"
        "made = Distribution()\n"
        "made.parse_config_files(['pyproject.toml'])\n"
        "print(made.metadata.version)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split()[-1] == stembench.__version__ == asked.program_version()
    assert Version(stembench.__version__).local or (ROOT / ".git").exists() is False
