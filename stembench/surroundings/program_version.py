"""Version of this program, from the tags of its checkout: one place for builds and for runs.

A tag ``v1.2.3`` is a release. Commits after it are ``1.2.4.devN+gCOMMIT``, as setuptools-scm counts
them, and changes that are in no commit add ``.changed``. As git is asked while the program runs,
and no file that an installation wrote is read, an editable one never states the version of another
commit; and no generated file is among the sources that a run is bound to.
"""

import importlib.metadata
import re
import subprocess
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from stembench.surroundings.own_source import HOME, IN_WHEEL

PREPARED: Final = "0.1.0"
"""The release that is worked towards, for where no tag is known: none yet, or a shallow clone."""
_DESCRIBED: Final = re.compile(
    r"(?:v(?P<release>\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?)-(?P<since>\d+)-g)?"
    r"(?P<commit>[0-9a-f]+)(?P<changed>-dirty)?"
)


def program_version() -> str:
    """Return the version of this program.

    Returns
    -------
    str
        As PEP 440 has it. In a wheel what its metadata state; in a checkout what its tags tell; in
        an unpacked source distribution that of its ``PKG-INFO``; else that of `unknown_version`.
    """
    if IN_WHEEL:
        try:
            return importlib.metadata.version("stembench")
        except importlib.metadata.PackageNotFoundError:  # copied without its metadata
            return unknown_version()
    return checkout_version(HOME)


def checkout_version(folder: Path, /) -> str:
    """Return the version of the source in a folder, a checkout or a source distribution."""
    if (folder / ".git").exists():
        described = asked_of_git(
            folder, "describe", "--tags", "--long", "--always", "--abbrev=10", "--dirty",
            "--match=v[0-9]*",
        )  # fmt: skip
        found = _DESCRIBED.fullmatch(described or "")
        if found is None:  # no git here, no commit yet, or a tag that is no version
            return unknown_version()
        local = f"+g{found['commit']}" + (".changed" if found["changed"] else "")
        if found["release"] is None:
            # A clone without its history would count but a part of the commits.
            shallow = asked_of_git(folder, "rev-parse", "--is-shallow-repository") != "false"
            count = None if shallow else asked_of_git(folder, "rev-list", "--count", "HEAD")
            return f"{PREPARED}.dev{count or 0}{local}"
        if found["since"] == "0" and not found["changed"]:
            return found["release"]
        return f"{_next(found['release'])}.dev{found['since']}{local}"
    try:
        stated = (folder / "PKG-INFO").read_text(encoding="utf-8")
    except OSError:
        return unknown_version()
    return HeaderParser().parsestr(stated).get("Version", unknown_version())


def unknown_version() -> str:
    """Return the version of source of which nothing but its release is known."""
    return f"{PREPARED}.dev0"


def asked_of_git(folder: Path, /, *arguments: str) -> str | None:
    """Return what git answers of a checkout; None if there is no git, or it refuses."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _next(release: str) -> str:
    """The release after one: its last number and one."""
    return re.sub(r"\d+$", lambda last: str(int(last[0]) + 1), release)
