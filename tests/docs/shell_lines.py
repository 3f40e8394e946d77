"""Lines of shell blocks as a test runs them: the same command, with files and amounts of a test."""

import itertools
import re
import shlex
from pathlib import Path

#: What is put behind the options of a command, so that it does little. Of an option that is given
#: twice the last counts.
SMALL = {
    "run": "--realizations 3 --doses 5000 --jobs 1",
    "plan": "--realizations 2 --doses 5000 --jobs 1",
    "images": "--realizations 1",
    "pairs": "--count 12 --jobs 1",
    "train": "--no-measures --jobs 1",
    "verify-fit": "-n 1",
    "assess": "--draws 3 --jobs 1 --roi 0:64,0:64",
    "regression": "--baseline small.json --jobs 1",
    "simulate": "--configurations 1 --coarse 0 --jobs 1",
}
#: What a command is given where the line gives none: its default is all of something.
WHERE_NONE = {
    "run": {"--case": "response", "--image": "z10", "--restorer": "raw"},
    "plan": {"--case": "response", "--image": "z10"},
    "images": {"--source": "empty", "-r": "raw"},
}
#: A case that takes minutes, and one that takes seconds in its place.
SMALL_CASE = {"nanoparticle": ("response", "--image", "z10")}
#: Exit codes that say something of what was judged, and not that a command failed.
ANSWERS = {"compare": {0, 1, 3}, "regression": {0, 1, 3}, "assess": {0, 3}}
#: Formats that cannot be written here, and packages that a test need not have.
INSTEAD = ((r"\.dm4\b", ".tif"), (r"\bbm3d\b", "gaussian"))
#: Sessions of nox that pass what is behind ``--`` on to a command.
SESSIONS = {"regression": "regression", "figures": "figures"}


def commands_of(body):
    """Commands of a block, each as its words, as they stand there.

    Raises
    ------
    ValueError
        If a line is neither a command of ours nor a session that is one.
    """
    found = []
    for line in body.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if ">" in words:  # what a shell would write is printed here
            words = words[: words.index(">")]
        if words[:2] == ["nox", "-s"] and words[2] in SESSIONS:
            words = ["stembench", SESSIONS[words[2]], *words[4:]]
        if words[0] != "stembench":
            raise ValueError(f"no command of ours: {line}")
        found.append(words[1:])
    return found


def made_small(words):
    """Words of a command with what makes it small."""
    command, *given = words
    for pattern, instead in INSTEAD:
        given = [re.sub(pattern, instead, word) for word in given]
    if command == "run":
        given = [part for word in given for part in SMALL_CASE.get(word, (word,))]
    if command == "figures":  # the only figure that needs neither a run nor minutes
        given = [word for word in given if not word.isdigit()] + ["8"]
    wanted = WHERE_NONE.get(command, {})
    if "--case" in given or "--scheduler" in given:
        wanted = {name: value for name, value in wanted.items() if name == "--restorer"}
    for name, value in wanted.items():
        if name not in given:
            given += [name, value]
    return [command, *given, *shlex.split(SMALL.get(command, ""))]


def outputs_of(words):
    """Files and folders that a command says it writes."""
    names = ("-o", "--out", "--output", "--markdown", "--junit")
    return [Path(value) for name, value in itertools.pairwise(words) if name in names]
