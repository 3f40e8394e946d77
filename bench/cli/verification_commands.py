"""The command that verifies a run's fits."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import Verbose, guarded


@guarded()
def verify_fit(
    folder: Annotated[Path, typer.Argument(help="Run folder.")] = Path("out/quick"),
    number: Annotated[
        int, typer.Option("--number", "-n", help="Images, spread evenly over the run.")
    ] = 3,
    case: Annotated[
        list[str] | None, typer.Option(help="Case to choose from; repeatable. All by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Fit some images of a run once more by lmfit, and state the largest differences.

    The images are made again from the run's seed. What is found is written to the run folder and
    shown by the report.

    Example: `stembench verify-fit out/quick -n 3 --case edge_dislocation`
    """
    from bench.run.verification import plan_verification, verify_fits
    from reports import refit_text, verification_sentence

    plan = plan_verification(folder, number=number, cases=case or ())
    typer.echo(f"stembench: {plan.estimate}", err=True)
    found = verify_fits(
        folder, plan, progress=lambda image: typer.echo(f"  {refit_text(image)}", err=True)
    )
    typer.echo(verification_sentence(found).text)
