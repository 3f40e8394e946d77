"""Malformed files, names, numbers, outputs and options for every command."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from tests.torture.malformed_files import (
    FILES,
    TINY,
    Maker,
    Random,
    Words,
    some_image,
    with_restorer,
)
from tests.torture.trial import Trial, command, fault_of_ending, fork, orphans

_NUMBERS: Final = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "0",
    "1e308",
    "-1e-308",
    "1e400",
    "",
    " ",
    "abc",
    "1,2",
    "０",
    "0x10",
    "1e-320",
    "99999999999999999999999999",
    "--",
    "\x1b[31m",
    "5000,",
    ",",
    "1;2",
    "é",
    "1_000",
)
_NAMES: Final = (
    "", " ", ".", "..", "/", "~", "x" * 300, "é\n", "[/bold]", "raw:", ":", "a:b", "os:system",
    "gaussian:sigma=", "gaussian:sigma=nan", "gaussian:sigma=-1", "gaussian:sigma=1e308",
    "gaussian:a=1", "missing.onnx", "missing.keras", "json:loads:x", "a.b.c:d", "-", "\x00x"[1:],
    "../x:y", "%s", "{0}", "raw,raw",
)  # fmt: skip


def _spec(rng: Random, folder: Path, _: Path) -> Words:
    return with_restorer(_NAMES[int(rng.integers(len(_NAMES)))], rng, folder)


def _number(option: str, *words: str) -> Maker:
    """An option that takes a number, with what is none or none that can be."""

    def given(rng: Random, folder: Path, base: Path) -> Words:
        np.save(folder / "i.npy", some_image(rng))
        value = _NUMBERS[int(rng.integers(len(_NUMBERS)))]
        return [*(str(base / "run") if word == "RUN" else word for word in words), option, value]

    return given


def _name(option: str, *words: str) -> Maker:
    """An option that takes a name."""

    def given(rng: Random, folder: Path, base: Path) -> Words:
        np.save(folder / "i.npy", some_image(rng))
        value = _NAMES[int(rng.integers(len(_NAMES)))]
        return [*(str(base / "run") if word == "RUN" else word for word in words), option, value]

    return given


def _output(rng: Random, folder: Path, base: Path) -> Words:
    """Outputs that are folders, devices, links, too long, or below a file."""
    np.save(folder / "i.npy", some_image(rng))
    (folder / "d.npy").mkdir()
    (folder / "l.npy").symlink_to("elsewhere")
    out = str(
        rng.choice(
            [
                "d.npy",
                "l.npy",
                "x" * 300 + ".npy",
                "/dev/null",
                "i.npy/x.npy",
                "",
                ".",
                "/proc/x.npy",
                "a\nb.npy",
                "o.jpg",
                "o",
                "no/such/deep.xyz",
            ]
        )
    )
    run = str(base / "run")
    return [
        ["distort", "i.npy", "--dose", "500", "--sampling", "0.2", "-o", out],
        ["restore", "i.npy", "-r", "gaussian", "--sampling", "0.2", "-o", out],
        ["fit", "i.npy", "--sampling", "0.2", "-o", out],
        ["baseline", run, "--restorer", "gaussian", "-o", out],
        ["compare", "raw", "gaussian", "--run", run, "--csv", out],
    ][int(rng.integers(5))]


def _words(rng: Random, folder: Path, _: Path) -> Words:
    """Commands and options that there are not, or are there too often or without their value."""
    pool = [
        "run",
        "fit",
        "--out",
        "-o",
        "--seed",
        "--jobs",
        "--help-me",
        "plan",
        "-x",
        "--",
        "report",
        "compare",
        "--version=1",
        "i.npy",
        "--dose",
        "simulate",
        "noise-figures",
        "images",
        "convergence",
        "power",
        "list",
        "é",
        "",
    ]
    first = str(rng.choice(["nothing", "fit", "compare", "power", "convergence", "baseline"]))
    return [first, *(str(word) for word in rng.choice(pool, size=int(rng.integers(0, 4))))]


_FIT = ("fit", "i.npy", "-o", "o.csv", "--sampling", "0.2")
_DISTORT = ("distort", "i.npy", "--dose", "500", "-o", "o.npy", "--sampling", "0.2")
_RUN = (*TINY, "--restorer", "raw", "--jobs", "1", "--out", "r")
_IMAGES = ("images", "-r", "raw", "--source", "empty", "--realizations", "1", "-o", "f")

KINDS: Final[dict[str, Maker]] = {
    **FILES,
    "restorer names": _spec,
    "outputs": _output,
    "words": _words,
    "run --doses": _number("--doses", *TINY, "--restorer", "raw", "--jobs", "1", "--out", "r"),
    "run --seed": _number("--seed", *_RUN),
    "run --jobs": _number("--jobs", *_RUN[:-4], "--out", "r"),
    "run --case": _name("--case", "run", "--restorer", "raw", "--out", "r"),
    "run --scheduler": _name("--scheduler", *_RUN[:-4], "--out", "r"),
    "fit --width": _number("--width", *_FIT),
    "fit --dose": _number("--dose", *_FIT),
    "fit --sampling": _number("--sampling", *_FIT[:4]),
    "fit --scan": _number("--scan", *_FIT),
    "fit --background": _name("--background", *_FIT),
    "distort --dose": _number("--dose", *_DISTORT),
    "distort --preset": _name("--preset", *_DISTORT),
    "images": _name("--source", *_IMAGES[:3], "-o", "f"),
    "images --realizations": _number(
        "--realizations", *_IMAGES[:3], "--source", "nothing", "-o", "f"
    ),
    "verify-fit": _number("-n", "verify-fit", "RUN", "--case", "nothing"),
    "power --cells": _number("--cells", "power", "RUN", "raw", "gaussian"),
    "simulate": _name("--folder", "simulate", "nothing", "--quiet"),
    "noise-figures": _name("-o", "noise-figures", "nothing"),
    "convergence": _name("--only", "convergence", "nothing"),
    "plan --doses": _number("--doses", "plan", *TINY[1:3], "--restorer", "raw"),
    "plan --realizations": _number("--realizations", "plan", *TINY[1:5], "--restorer", "raw"),
    "plan --case": _name("--case", "plan", "--restorer", "raw"),
    "check --size": _number("--size", "check", "raw"),
}


def feed(number: int, base: Path) -> Trial:
    """Give a command something malformed.

    Parameters
    ----------
    number : int
    base : Path
        Folder with a small run and its baseline (`tests.torture.flips.make`).
    """
    kind = list(KINDS)[number % len(KINDS)]
    rng = np.random.default_rng([2029, number])
    place = Path(tempfile.mkdtemp(prefix="torture-"))
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    try:
        words = KINDS[kind](rng, place, base)
        child = fork(command(words), place)
        code = child.wait()
        said = child.said()
        failed = words[0] in ("check", "run", "regression", "compare", "verify-fit")
        fault = fault_of_ending(code, said, failed=failed)
        left = orphans(before)
        if left and not fault:
            fault = f"{len(left)} processes are left"
        outcome = "done" if code == 0 else f"exit code {code} and one sentence"
        told = said[-5000:] if fault else ""
        return Trial("malformed inputs", kind, number, outcome, fault, " ".join(words)[:300], told)
    finally:
        shutil.rmtree(place, ignore_errors=True)
