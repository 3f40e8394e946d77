"""Try everything, go on where an earlier call stopped, and write the table of what came of it."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.torture.table import write_table
from tests.torture.trial import Trial, adopt

ROOT = Path(__file__).parents[2]
#: How many of each.
NUMBERS = {
    "kills": 108,
    "bit flips": 600,
    "malformed inputs": 322,
    "full disks": 28,
    "hostile models": 27,
}
#: The same among the tests, where they are to take half a minute.
SHORT = {
    "kills": 2,
    "bit flips": 34,
    "malformed inputs": 12,
    "full disks": 2,
    "hostile models": 1,
}


def attempts(group: str, place: Path) -> Callable[[int], Trial]:
    """Prepare a group's trials in a folder."""
    from tests.torture import flips, full_disks, hostile_models, kills, malformed

    if group in ("bit flips", "malformed inputs"):  # of the same files
        place = place.with_name("files")
    made = place.exists()
    place.mkdir(exist_ok=True)
    if group == "kills":
        references, seconds = kills.undisturbed(place)
        return lambda number: kills.kill(number, references, seconds=seconds)
    if group == "full disks":
        full_disks.write_image(place)
        return lambda number: full_disks.fill(number, place)
    if group == "hostile models":
        return hostile_models.meet
    if not made:
        flips.make(place)
    if group == "malformed inputs":
        return lambda number: malformed.feed(number, place)
    whole = flips.read_all(place)
    return lambda number: flips.flip(number, place, whole)


def main() -> int:
    """Run trials; the exit code is 1 if one came to a fault."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(NUMBERS)}; all by default")
    parser.add_argument("--journal", type=Path, default=ROOT / "out" / "torture.jsonl")
    parser.add_argument("--share", type=float, default=1.0, help="of the numbers of trials")
    parser.add_argument("--short", action="store_true", help="as among the tests")
    parser.add_argument("--document", type=Path, help="file whose table is written")
    parser.add_argument("--again", action="store_true", help="those that failed before")
    arguments = parser.parse_args()
    unknown = set(arguments.groups) - set(NUMBERS)
    if unknown:
        parser.error(f"no such group: {', '.join(unknown)}")
    warnings.simplefilter("ignore")
    journal = arguments.journal
    journal.parent.mkdir(parents=True, exist_ok=True)
    trials = read(journal)
    if arguments.again:
        trials = [trial for trial in trials if not trial.fault]
        write(journal, trials)
    done = {(trial.group, trial.number) for trial in trials}
    adopt()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        # Of children too: what they leave is seen, and goes with this folder.
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
        for group in arguments.groups or NUMBERS:
            numbers = SHORT if arguments.short else NUMBERS
            count = max(1, round(arguments.share * numbers[group]))
            todo = [number for number in range(count) if (group, number) not in done]
            if not todo:
                continue
            attempt = attempts(group, Path(folder) / group.replace(" ", "-"))
            for number in todo:
                trial = attempt(number)
                with journal.open("a") as lines:
                    lines.write(json.dumps(asdict(trial)) + "\n")
                if trial.fault:
                    sys.stdout.write(f"{group} {number}, {trial.kind}: {trial.fault}\n")
                    sys.stdout.flush()
    trials = read(journal)
    if arguments.document:
        write_table(arguments.document, trials)
    return int(any(trial.fault for trial in trials))


def read(journal: Path) -> list[Trial]:
    """Trials of earlier calls."""
    if not journal.exists():
        return []
    return [Trial(**json.loads(line)) for line in journal.read_text().splitlines()]


def write(journal: Path, trials: list[Trial]) -> None:
    """Keep these trials alone."""
    new = journal.with_suffix(".new")
    new.write_text("".join(json.dumps(asdict(trial)) + "\n" for trial in trials))
    shutil.move(new, journal)


if __name__ == "__main__":
    sys.exit(main())
