"""Regression check of a model: run it on the noise of a baseline and judge it against that."""

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import typer

from bench.cli.check import check_and_print
from bench.cli.comparison import Outputs, judge_and_print
from bench.executor.placement import Placement
from bench.plan.profiles import Profile, get_profile, narrow
from cases import get_case, load_ground_truth
from noise import electrons_per_pixel
from reports import (
    Evidence,
    Margins,
    Restoring,
    Run,
    chosen,
    evidence_of_run,
    open_run,
    read_baseline,
    renewal,
    write_baseline,
)
from restore import load_restorer
from stembench.arrays import Floats
from stembench.errors import InputError


def golden_baseline() -> Path:
    """Path of the baseline of the published CGRDN.

    Raises
    ------
    InputError
        If this installation has none.
    """
    path = Path(str(files("reports").joinpath("data/cgrdn-quick.json")))
    if not path.is_file():
        raise InputError(
            f"this installation has no baseline {path}; make one: stembench run --profile quick"
            f" --out out/quick && stembench baseline out/quick --restorer cgrdn -o {path}"
        )
    return path


def pack(folder: Path, out: Path, *, restorer: str | None) -> str:
    """Save a run's restorer as a baseline file; return a sentence about it."""
    evidence = chosen(evidence_of_run(open_run(folder)), restorer, which=str(folder))
    write_baseline(evidence, out)
    return (
        f"Baseline of {evidence.restorer}, {len(evidence.cells)} images and doses, seed"
        f" {evidence.seed}, {out.stat().st_size / 1e3:.0f} kB: {out}"
    )


def regression_profile(baseline: Evidence, model: str) -> Profile:
    """Profile that runs raw and a model on the images and doses of a baseline.

    Raises
    ------
    InputError
        If a case or its ground truth has changed since; it names the commands that renew the
        baseline.
    """
    for name, declared in baseline.cases.items():
        case = get_case(name)
        present = {
            "version": case.version,
            "hash": case.hash,
            "data_hash": load_ground_truth(case).hash,
        }
        for key, what in (
            ("version", "version"),
            ("hash", "description"),
            ("data_hash", "ground truth"),
        ):
            if declared[key] != present[key]:
                raise InputError(
                    f"the {what} of case {name} has changed since the baseline {baseline.source}"
                    f" was made ({str(declared[key])[:12]} then, {str(present[key])[:12]} now);"
                    f" renew it: {renewal(baseline)}"
                )
    profile = narrow(get_profile(baseline.profile), restorers=(model,))
    kept = tuple(s for s in profile.selections if s.case in baseline.cases)
    return replace(profile, selections=kept, ladders=(), frames=())


def regress(
    model: str,
    *,
    baseline: Path | None,
    out: Path | None,
    margins: Margins,
    strict: bool,
    outputs: Outputs,
    placement: Placement,
    detail: bool,
    as_json: bool = False,
) -> int:
    """Check a model, run it on the noise of a baseline and judge it; return the exit code.

    Parameters
    ----------
    model : str
        Restorer spec.
    baseline : Path or None
        The published CGRDN's by default.
    out : Path or None
        Run folder; ``out/regression/<model>`` by default.
    margins, strict, outputs, detail
        As in `judge_and_print`.
    placement : Placement
        Where its blocks are computed.
    as_json : bool
        Whether the result is written as JSON; what the check found goes to standard error then.

    Raises
    ------
    InputError
        If the model breaks the restorer's contract on images of the baseline's own size: what it
        restores is then no measure of it.
    """
    from bench.output.progress import run_with_progress

    old = read_baseline(baseline or golden_baseline())
    profile = regression_profile(old, model)
    shape = get_case(next(iter(old.cases))).shape
    if not check_and_print(model, size=None, large=False, shape=shape, stderr=as_json):
        raise InputError(
            f"{model} breaks the restorer's contract (the table above says where); mend that first:"
            " `stembench check` alone repeats the table"
        )
    slug = re.sub(r"[^A-Za-z0-9.-]+", "-", model).strip("-.")[-60:] or "model"
    folder = out or Path("out/regression") / slug
    outcome = run_with_progress(profile, folder, seed=old.seed, placement=placement, verbose=detail)
    for sentence in outcome.failures[:5]:
        typer.echo(f"stembench: failed: {sentence}", err=True)
    new = chosen(evidence_of_run(open_run(folder)), None, which=str(folder))
    return judge_and_print(
        [(old, new)],
        margins=margins,
        strict=strict,
        common=False,
        outputs=outputs,
        detail=detail,
        as_json="regression" if as_json else "",
        restored=_restoring(old) if outputs.page else None,
    )


def _restoring(baseline: Evidence) -> Restoring | None:
    """Restore example images by the restorer of a baseline again, where it is here and the same."""
    told = baseline.provenance["restorer"]
    if not told.get("built_in"):
        return None
    try:
        restorer = load_restorer(baseline.restorer)
    except InputError as error:
        typer.echo(f"stembench: the page has no images of {baseline.restorer}: {error}", err=True)
        return None
    weights = restorer.metadata.weights_sha256
    if weights != told.get("weights_sha256"):
        typer.echo(
            f"stembench: the page has no images of {baseline.restorer}: its weights are no longer"
            " those of the baseline",
            err=True,
        )
        return None

    def restored(run: Run, case: str, dose: float, raw: Floats) -> Floats:
        sampling = run.case(case).sampling
        scale = electrons_per_pixel(dose, sampling)
        again: Floats = restorer.restore(raw[None] * scale, sampling=sampling)[0] / scale
        return again

    return restored
