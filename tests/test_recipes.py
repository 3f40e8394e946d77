"""The recipes of CONTRIBUTING.md, followed as written: each addition is one file and one line."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
MOST_FILES = 12
RECIPES = ("case", "restorer", "metric", "figure", "stage")
#: A recipe's step: a comment, then the code block that it speaks of.
STEP = re.compile(r"^<!-- recipe: (.+?) -->\n+```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One step of a recipe: write a file, add a line, or run commands."""

    recipe: str
    kind: str
    place: str
    after: str
    body: str

    def apply(self, checkout):
        """Carry the step out in a checkout; commands run each in a process of its own."""
        path = checkout / self.place
        if self.kind == "file":
            assert not path.exists(), f"{self.place} is there already"
            path.write_text(self.body, encoding="utf-8")
        elif self.kind == "line":
            text = path.read_text(encoding="utf-8")
            path.write_text(with_line_after(text, self.after, self.body), encoding="utf-8")
        else:
            for line in self.body.splitlines():
                command, *arguments = shlex.split(line)
                assert command == "stembench", f"a recipe runs stembench, not {command}"
                stembench(checkout, *arguments)


def steps_of(text):
    """Steps of the recipes in a Markdown text, in order."""
    steps = []
    for head, body in STEP.findall(text):
        recipe, *words = shlex.split(head)
        options = dict(word.partition("=")[::2] for word in words)
        (kind,) = {"file", "line", "run"} & set(options)
        steps.append(Step(recipe, kind, options[kind], options.get("after", ""), body))
    return steps


def with_line_after(text, after, line):
    """Text with a line added behind the only one that reads `after`."""
    lines = text.splitlines(keepends=True)
    (number,) = [k for k, each in enumerate(lines) if each.strip() == after]
    return "".join([*lines[: number + 1], line, *lines[number + 1 :]])


def copied(target):
    """Copy what belongs to the checkout: what git has or would add."""
    listed = subprocess.run(
        [shutil.which("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def stembench(checkout, *arguments):
    """Call the command of a checkout in a new process and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "COLUMNS": "200"}
    if arguments[0] != "simulate":  # abTEM cannot do without
        # Machine code is kept by a file's place: compiling for this copy would take longer than
        # interpreting the kernels for a few small images.
        environment["NUMBA_DISABLE_JIT"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli.app", *map(str, arguments)],
        cwd=checkout,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"stembench {' '.join(map(str, arguments))}\n{done.stderr}"
    return done.stdout


STEPS = steps_of((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_one_file_and_one_line(recipe):
    steps = [step for step in STEPS if step.recipe == recipe and step.kind != "run"]
    assert sorted(step.kind for step in steps) == ["file", "line"]
    (line,) = [step.body for step in steps if step.kind == "line"]
    assert line.count("\n") == 1
    assert line.strip()


@pytest.mark.parametrize("step", [step for step in STEPS if step.kind == "file"])
def test_the_room_of_a_recipe_has_a_place_left(step):
    room = (ROOT / step.place).parent
    held = [
        each for each in room.iterdir() if each.suffix == ".py" or (each / "__init__.py").is_file()
    ]
    assert (room / "__init__.py") in held
    assert len(held) - 1 < MOST_FILES


def test_the_parser_reads_nothing_into_other_code_and_refuses_a_place_that_is_not_one():
    text = (
        "```python\nx\n```\n<!-- recipe: a file=b/c.py -->\n\n```python\ny = 1\n```\n"
        '<!-- recipe: a line=d.py after=\'"e",\' -->\n```python\n    "c",\n```\n'
    )
    assert steps_of(text) == [
        Step("a", "file", "b/c.py", "", "y = 1\n"),
        Step("a", "line", "d.py", '"e",', '    "c",\n'),
    ]
    assert with_line_after('(\n    "e",\n)\n', '"e",', '    "c",\n') == '(\n    "e",\n    "c",\n)\n'
    for twice_or_never in ('"e",\n"e",\n', '"f",\n'):
        with pytest.raises(ValueError, match="values to unpack"):
            with_line_after(twice_or_never, '"e",', '"c",\n')


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    checkout = copied(tmp_path_factory.mktemp("checkout"))
    assert {step.recipe for step in STEPS} == set(RECIPES)
    for step in sorted(STEPS, key=lambda step: step.kind == "run"):
        step.apply(checkout)
    return checkout


@pytest.fixture(scope="module")
def report(checkout):
    stembench(
        checkout,
        "run",
        "--case",
        "toy_case",
        "--restorer",
        "median",
        "--realizations",
        "2",
        "--doses",
        "5000",
        "--jobs",
        "1",
        "--out",
        "toy",
    )
    stembench(checkout, "report", "toy")
    return checkout / "toy" / "report"


class TestRecipes:
    """All five additions in one copy of the checkout, each seen where a user would look for it."""

    def test_list_shows_case_and_restorer(self, checkout):
        listed = stembench(checkout, "list")
        assert "toy_case" in listed
        assert "median" in listed

    def test_the_report_holds_case_restorer_and_metric(self, report):
        summary = pd.read_csv(report / "summary.csv")
        assert set(summary["case"]) == {"toy_case"}
        main = summary[~summary["restorer"].str.contains("/")]  # further fits left out
        assert set(main["restorer"]) == {"raw", "median"}
        added = main[main["metric"] == "position_outliers"]
        assert len(added) == 2
        assert added["value"].between(0, 1).all()

    def test_the_report_has_the_figure(self, report):
        assert list(report.glob("figure_error_histogram*.png"))
        assert "error_histogram" in (report / "report.html").read_text(encoding="utf-8")

    def test_distort_applies_the_stage_and_leaves_other_draws_alone(self, checkout):
        clean, preset = checkout / "flat.npy", ("--preset", "full", "--dose", "1e6")
        np.save(clean, np.full((64, 64), 0.1))
        lines = []
        for place in (checkout, ROOT):
            distorted = checkout / "distorted.npy"
            options = (*preset, "--sampling", "0.2", "--seed", "1", "-o", distorted)
            stembench(place, "distort", clean, *options)
            lines.append(np.load(distorted).mean(axis=1))
        with_gain, without = lines
        # 2 % from line to line, where counting alone scatters each line's mean by 0.2 %.
        assert 0.01 < np.std(with_gain / without) < 0.04

    def test_the_new_files_keep_the_rules_of_style(self, checkout):
        pytest.importorskip("ruff", reason="ruff is in the group lint")
        places = [step.place for step in STEPS if step.kind != "run"]
        for action in (["format", "--check"], ["check"]):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *action, *places],
                cwd=checkout,
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout
