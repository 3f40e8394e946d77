"""Judgement of tuned networks: table, choice, figure, last judgement, and the file that ships.

    python bench/shipped/faithful_results.py FOLDER [FOLDER ...] [--shares 0.25 0.5 0.75 1]
        [--seed-shares ...] [--gain 1.5] [--share 0.8] [--realizations 4] [--engine onnx]
        [--work out/faithful] [--out results/faithful] [--last] [--ship]

Each FOLDER holds a tuning of a seed of its own (`faithful_tuning.py`), or is the file of such a
tuning's difference, as the work folder and `results/faithful` hold them. Of several, the network
whose weights are their mean is judged beside them, and with ``--gain`` what they agree on times
that (`restore.agreed_difference`); ``--seed-shares`` are the shares at which the single ones are,
if others, and without a number after it the single ones are not judged. What is judged is kept in
the work folder by what it depends on, so that a stopped call goes on; tables keep what they hold of
other networks, shares and engines. The choice sees held-out lattices and the published pairs of
this call alone, and with ``--share`` that share alone; with ``--last`` the chosen network and the
published one are then judged on the unseen specimen, and with ``--ship`` the chosen share of the
chosen difference is put where the restorer is declared, if it misses no target beyond two standard
errors; the file states the targets that stay open.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import typer

from bench.images.faithfulness.judged_network import Faithfulness
from bench.images.faithfulness.last_judgement import LastJudgement
from bench.images.faithfulness.share_curve import share_figure
from bench.images.faithfulness.targets import TARGETS, chosen, misses, undecided
from bench.images.faithfulness.unseen_specimen import read_unseen_image
from bench.images.faithfulness.weight_judgement import SHARES, WeightJudgement
from restore import (
    ContractRestorer,
    Restorer,
    WeightDifference,
    agreed_difference,
    combined_difference,
    difference_of,
    load_restorer,
    load_tuned,
    read_difference,
    read_published_weights,
    write_difference,
)
from stembench.arrays import Floats
from stembench.atomic_files import replacing
from stembench.errors import InputError
from training import read_tuned_fusions

ROOT: Final = Path(__file__).parents[2]
NAME: Final = "cgrdn-faithful"
PUBLISHED: Final = "published"
LICENCE: Final = "GPL-3.0-only (the published weights, tk_r_em 1.0.4, and what was tuned of them)"
Measures = Mapping[str, float]
#: What tells one judgement from another in a table.
_JUDGED: Final = ("network", "share", "engine")


@dataclass(frozen=True)
class Work:
    """Folder of kept judgements, engine and settings of a call."""

    folder: Path
    engine: str
    judgement: WeightJudgement

    def kept(
        self, part: str, settings: Any, network: str, make: Callable[[], Measures]
    ) -> Measures:
        """Return a judgement that is kept, or make it and keep it.

        Parameters
        ----------
        part : str
        settings : dataclass instance
        network : str
            Hash of the difference and share, or 'published'.
        make : callable
        """
        told = json.dumps(
            {"part": part, "settings": asdict(settings), "network": network, "engine": self.engine},
            sort_keys=True,
        )
        path = self.folder / f"{part}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
        if path.exists():
            measures: Measures = json.loads(path.read_text(encoding="utf-8"))["measures"]
            return measures
        typer.echo(f"judging {network[:12]}{network[64:]}: {part}")
        found = dict(make())
        with replacing(path) as temporary:
            temporary.write_text(
                json.dumps({"of": json.loads(told), "measures": found}), encoding="utf-8"
            )
        return found

    def judged(self, network: str, load: Callable[[], Restorer]) -> Measures:
        """Return all measures that a choice may see."""
        loaded: list[Restorer] = []

        def restorer() -> Restorer:
            if not loaded:
                loaded.append(load())
            return loaded[0]

        judgement = self.judgement
        return {
            **self.kept(
                "lattices", judgement.lattices, network, lambda: judgement.on_lattices(restorer())
            ),
            **self.kept(
                "psnr", judgement, network, lambda: judgement.on_published_pairs(restorer())
            ),
        }


def difference_file(folder: Path, work: Path) -> tuple[str, Path]:
    """Write the difference that a tuning has come to, or take a written one; name and file."""
    if folder.is_file():
        read_difference(folder)  # refuses what is none
        return folder.stem, folder
    tuned = read_tuned_fusions(folder)
    seed = tuned.settings["batches"]["seed"]
    # One that went on from earlier tunings says so in its name.
    begun = "continued-" if "start_sha256" in tuned.settings else ""
    path = work / f"{begun}seed{seed}-step{tuned.steps}.npz"
    published = read_published_weights(tuned.settings["batches"]["network"])
    git = shutil.which("git")
    commit = "unknown"
    if git is not None:
        commit = subprocess.run(  # noqa: S603 (git itself)
            [git, "rev-parse", "HEAD"], cwd=ROOT, check=False, capture_output=True, text=True
        ).stdout.strip()
    if path.exists():
        _require_recipe(path, tuned.settings)
    else:
        origin = {
            "recipe": tuned.settings, "seed": seed, "steps": tuned.steps, "commit": commit,
            "licence": LICENCE, "published": f"tk_r_em {published.version}",
        }  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        write_difference(path, difference_of(published, tuned.weights, origin=origin))
    return path.stem, path


def joined_files(
    paths: Sequence[Path], work: Path, *, gain: float | None = None
) -> dict[str, Path]:
    """Write the mean of tunings of several seeds and, with a gain, what they agree on.

    Returns
    -------
    dict of str to pathlib.Path
        Files by name.

    Raises
    ------
    InputError
        If they differ in more than their seed.
    """
    differences = [read_difference(path) for path in paths]
    seeds = sorted(each.origin["seed"] for each in differences)
    if len({_but_seed(each) for each in differences}) > 1 or len(set(seeds)) < len(seeds):
        raise InputError(
            f"{', '.join(path.stem for path in paths)} differ in more than their seed, or have the "
            "same, and their mean is not judged; name tunings of one recipe that came equally far"
        )
    first = differences[0].origin
    listed = ", ".join(map(str, seeds))
    begun = "continued-" if "start_sha256" in first["recipe"] else ""
    ending = f"seeds{'-'.join(map(str, seeds))}-step{first['steps']}"
    joined = {
        f"{begun}mean-{ending}": (
            f"{listed}, their weights averaged",
            partial(combined_difference, [(each, 1 / len(differences)) for each in differences]),
        )
    }
    if gain is not None:
        joined[f"{begun}agreed{gain:g}-{ending}"] = (
            f"{listed}, what they agree on times {gain:g}",
            partial(agreed_difference, differences, gain=gain),
        )
    files = {name: work / f"{name}.npz" for name in joined}
    for name, (seed, combine) in joined.items():
        if files[name].exists():
            _require_recipe(files[name], first["recipe"])
        else:
            write_difference(files[name], combine(origin={**first, "seed": seed}))
    return files


def _require_recipe(path: Path, recipe: Mapping[str, Any]) -> None:
    """Refuse a kept difference of the same name that another recipe made."""
    if read_difference(path).origin["recipe"] != recipe:
        raise InputError(
            f"{path} is of another recipe with the same seed and steps; remove it or name another "
            "work folder"
        )


def _but_seed(difference: WeightDifference) -> str:
    """What two tunings have in common if their seeds alone differ."""
    recipe = difference.origin["recipe"]
    batches = {key: value for key, value in recipe["batches"].items() if key != "seed"}
    return json.dumps([{**recipe, "batches": batches}, difference.origin["steps"]], sort_keys=True)


def tables(
    judged: Mapping[tuple[str, float], Measures],
    published: Measures,
    images: Mapping[str, int],
    *,
    engine: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all measures, and the targets with their verdicts, as tables."""
    measures: list[dict[str, Any]] = []
    verdicts: list[dict[str, Any]] = []
    for (name, share), found in {(PUBLISHED, 0.0): published, **judged}.items():
        for key, value in found.items():
            if not key.endswith("_se"):
                measure, _, dose = key.partition("@")
                measures.append(
                    {
                        "network": name, "share": share, "engine": engine, "measure": measure,
                        "dose": dose, "value": value, "standard_error": found[f"{key}_se"],
                        "images": images["psnr" if key == "psnr" else "lattices"],
                    }
                )  # fmt: skip
        verdicts += [
            {
                "network": name, "share": share, "engine": engine, "measure": target.measure,
                "target": target.words(published), "value": found[target.measure],
                "standard_error": found[f"{target.measure}_se"],
                "verdict": target.verdict(found, published),
            }
            for target in TARGETS
        ]  # fmt: skip
    return pd.DataFrame(measures), pd.DataFrame(verdicts)


def write_table(table: pd.DataFrame, path: Path, *, keys: Sequence[str]) -> None:
    """Write a table as CSV, whole or not at all; what it holds of other `keys` stays."""
    if path.exists():
        held = pd.read_csv(path, dtype={"dose": object})
        anew = pd.MultiIndex.from_frame(held[[*keys]]).isin(
            pd.MultiIndex.from_frame(table[[*keys]])
        )
        table = pd.concat([table, held[~anew]], ignore_index=True)
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


def main(arguments: list[str]) -> int:
    """Judge, choose and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--shares", nargs="+", type=float, default=SHARES[1:])
    parser.add_argument("--seed-shares", nargs="*", type=float)
    parser.add_argument("--gain", type=float)
    parser.add_argument("--share", type=float)
    parser.add_argument("--realizations", type=int, default=4)
    parser.add_argument("--engine", default="onnx")
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "faithful")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "faithful")
    parser.add_argument("--last", action="store_true")
    parser.add_argument("--ship", action="store_true")
    told = parser.parse_args(arguments)
    try:
        return _judge(told)
    except InputError as error:
        typer.echo(str(error), err=True)
        return 2


def _judge(told: argparse.Namespace) -> int:
    judgement = WeightJudgement(lattices=Faithfulness(realizations=told.realizations))
    work = Work(told.work, told.engine, judgement)
    files = dict(difference_file(folder, told.work) for folder in told.folders)
    published = work.judged(PUBLISHED, lambda: load_restorer(f"cgrdn@{told.engine}"))
    shares = dict.fromkeys(files, told.shares)
    if len(files) > 1:
        shares = dict.fromkeys(files, told.shares if told.seed_shares is None else told.seed_shares)
        joined = joined_files(list(files.values()), told.work, gain=told.gain)
        files, shares = {**joined, **files}, {**dict.fromkeys(joined, told.shares), **shares}
    judged: dict[tuple[str, float], Measures] = {}
    for name, path in files.items():
        for share in sorted(shares[name], reverse=True):
            load = partial(_loaded, path, share, told.engine)
            judged[name, share] = work.judged(_identity(path, share), load)
            measures, verdicts = tables(judged, published, judgement.images, engine=told.engine)
            write_table(measures, told.out / "judged.csv", keys=_JUDGED)
            write_table(verdicts, told.out / "targets.csv", keys=_JUDGED)
    asked = judged
    if told.share is not None:
        asked = {key: found for key, found in judged.items() if key[1] == told.share}
    name, share = chosen(asked, published)
    missed = misses(judged[name, share], published)
    typer.echo(f"chosen: {name}, share {share:g}; missed: {', '.join(missed) or 'none'}")
    with replacing(told.out / "share_curve.png") as temporary:
        note = f"{judgement.images['lattices']} images a number, engine {told.engine}."
        share_figure(judged, published, marked=share, note=note).savefig(
            temporary, dpi=200, format="png", metadata={"Software": None}
        )
    if told.last:
        _judge_last(told, work, name=name, path=files[name], share=share)
    if told.ship:
        _ship(work, files[name], share=share, found=judged[name, share], published=published)
    return 0


def _ship(work: Work, path: Path, *, share: float, found: Measures, published: Measures) -> None:
    """Put a share of a difference where the restorer is declared, with the targets left open.

    Raises
    ------
    InputError
        If a target is missed beyond two standard errors.
    """
    if missed := misses(found, published):
        raise InputError(f"{path.stem} misses {', '.join(missed)} and does not ship")
    target = ROOT / "restore" / "cgrdn" / "data" / f"{NAME}.npz"
    target.parent.mkdir(exist_ok=True)
    whole = read_difference(path)
    left_open = undecided(found, published)
    origin = {
        **whole.origin, "share": share, "open": left_open,
        "judged": {"engine": work.engine, "images": work.judgement.images},
    }  # fmt: skip
    # The share that was chosen is the whole of what ships: share=1 of the restorer.
    write_difference(target, combined_difference([(whole, share)], origin=origin))
    for measure, told_of in left_open.items():
        side = "reached" if told_of["reached"] else "not reached"
        typer.echo(
            f"open: {measure} {told_of['value']:.4g} ± {told_of['standard_error']:.2g} for "
            f"{told_of['target']}, {side}"
        )
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    typer.echo(f'SHIPPED in restore/cgrdn/faithful_restorer.py: {{"{NAME}": "{digest}"}}')


def _identity(path: Path, share: float) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()} {share:g}"


def _loaded(path: Path, share: float, engine: str) -> Restorer:
    return ContractRestorer(load_tuned(path, name=NAME, engine=engine, share=share))


def _last(last: LastJudgement, load: Callable[[], Restorer], image: Floats) -> Measures:
    return last(load(), image)


def _judge_last(
    told: argparse.Namespace, work: Work, *, name: str, path: Path, share: float
) -> None:
    """Judge the chosen network and the published one on the unseen specimen."""
    last = LastJudgement()
    image = read_unseen_image(told.out / "unseen.npz")
    rows = []
    networks: tuple[tuple[str, str, Callable[[], Restorer]], ...] = (
        ("raw", "raw", partial(load_restorer, "raw")),
        (PUBLISHED, PUBLISHED, partial(load_restorer, f"cgrdn@{told.engine}")),
        (
            f"{name}, share {share:g}",
            _identity(path, share),
            partial(_loaded, path, share, told.engine),
        ),
    )
    seen = hashlib.sha256(image.tobytes()).hexdigest()
    for label, identity, load in networks:
        found = work.kept("last", last, f"{identity} {seen}", partial(_last, last, load, image))
        rows += [
            {
                "network": label, "engine": told.engine, "measure": key.partition("@")[0],
                "dose": key.partition("@")[2], "value": value, "standard_error": found[f"{key}_se"],
                "images": last.realizations,
            }
            for key, value in found.items()
            if not key.endswith("_se")
        ]  # fmt: skip
    write_table(pd.DataFrame(rows), told.out / "last_judgement.csv", keys=("network", "engine"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
