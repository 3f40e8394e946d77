"""Colours: one scheme, off where they are not wanted, and never alone."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.color import ANSI_COLOR_NAMES

from bench.output.colours import SCHEME, SIGNS, Tone, Wish, sign, told, wished

ROOT = Path(__file__).parents[3]
#: A style of Rich: attributes and colours, with or without a background.
WORDS = "|".join(("bold", "dim", "italic", *ANSI_COLOR_NAMES))
STYLE = re.compile(rf"(?:{WORDS})(?: (?:on )?(?:{WORDS}))*")
#: Their colours are of figures, or wait until they come from the scheme.
OTHERS = {"bench/cli/comparison.py", "bench/speed/speed_table.py"}


def doctor(*options: str, **variables: str) -> bytes:
    """What `stembench doctor` writes to a pipe."""
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    done = subprocess.run(
        [sys.executable, "-c", "from bench.cli.app import main; main()", "check", "raw", *options],
        cwd=ROOT, capture_output=True, check=True, env={**plain, "TERM": "xterm", **variables},
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    ("options", "variables", "coloured"),
    [
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "auto"), {"FORCE_COLOR": "1"}, True),
        ((), {}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_in_a_pipe(
    options: tuple[str, ...], variables: dict[str, str], coloured: bool
) -> None:
    written = doctor(*options, **variables)
    assert (b"\x1b[32m" in written) == coloured  # green
    assert (b"\x1b" in written) == coloured
    # with or without colours, each outcome has its sign and its word
    assert "✓ pass".encode() in written


def test_no_color_takes_colours_alone() -> None:
    """Whoever sets NO_COLOR may still want what else terminals show."""
    written = doctor(NO_COLOR="1", FORCE_COLOR="1")
    assert b"\x1b[32m" not in written
    assert "✓ pass".encode() in written


def test_old_terminals_are_shown_signs_that_they_know() -> None:
    written = doctor(PYTHONIOENCODING="ascii")
    assert b"+ pass" in written
    assert written.isascii()
    assert {len(set(column)) for column in zip(*SIGNS.values(), strict=True)} == {4}
    assert sign(Tone.BAD, "cp437") == "x"
    assert sign(Tone.BAD, "utf-8") == "✗"
    assert sign(Tone.BAD, None) == "x"
    assert sign(Tone.BAD, "no such encoding") == "x"
    assert told(Tone.GOOD, "pass", encoding="ascii") == "+ pass"


def test_a_wish_ends_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "yes")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    with wished(Wish.ALWAYS):
        assert "NO_COLOR" not in os.environ
        assert os.environ["FORCE_COLOR"] == "1"
    assert os.environ["NO_COLOR"] == "yes"
    assert "FORCE_COLOR" not in os.environ


def styles_in(source: str) -> list[str]:
    """Texts of a source that are styles of Rich and nothing else."""
    return [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and STYLE.fullmatch(node.value)
    ]


def test_the_scheme_is_the_only_place_of_colours() -> None:
    assert styles_in("x = {'a': 'bold red', 'b': 'redo', 'c': 'green'}") == ["bold red", "green"]
    places = {
        path.relative_to(ROOT).as_posix()
        for room in ("cli", "output", "run", "executor", "plan", "own_images", "assessment")
        for path in (ROOT / "bench" / room).rglob("*.py")
        if styles_in(path.read_text(encoding="utf-8"))
    }
    assert places - OTHERS == {"bench/output/colours.py"}
    assert set(SCHEME) == set(Tone) == set(SIGNS)


def test_consoles_are_made_in_one_place() -> None:
    makers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bench").rglob("*.py")
        if "rich.console" in path.read_text(encoding="utf-8")
    }
    assert makers - OTHERS == {"bench/output/colours.py"}
