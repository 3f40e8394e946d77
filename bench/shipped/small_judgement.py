"""What `stembench-small` is judged on at last: the case particle, and a specimen that nobody saw.

    python bench/shipped/small_judgement.py [RESTORER] [--realizations 16]
        [--work out/small-judged] [--out results/small]

RESTORER is `stembench-small@onnx`, or any file or name that `stembench run` takes. Both are under
the noise of the studies at 5e3 e/Å², beside raw images, the best image filter, the fit of scan
lines and, on the unseen specimen, the published network. Writes `particle.csv` and `unseen.csv`;
the run of the particle stays in the work folder, for `stembench compare ... --run`, and a stopped
call goes on with it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import typer

from bench.images.faithfulness.judged_run import judged_run
from bench.images.faithfulness.last_judgement import LastJudgement
from bench.images.faithfulness.unseen_specimen import read_unseen_image
from noise import STUDY_SCAN
from reports import summarise
from restore import load_restorer
from stembench.atomic_files import replacing
from stembench.errors import InputError

ROOT: Final = Path(__file__).parents[2]
UNSEEN: Final = ROOT / "results" / "faithful" / "unseen.npz"
DOSE: Final = 5e3
#: The best of the image filters at counting, and what straightens scan lines by a fit.
BESIDE: Final = ("patch-pca", "unwarp")
#: On the unseen specimen, of which no run has numbers.
PUBLISHED: Final = "cgrdn@onnx"
METRICS: Final = ("count_accuracy", "position_mae_pm", "position_mae_unshifted_pm", "scs_rmse_pct")
_COLUMNS: Final = ("restorer", "metric", "value", "low", "high", "n_realizations")


def particle(restorer: str, *, realizations: int, folder: Path) -> pd.DataFrame:
    """Run the particle and return its metrics with their 95 % intervals, a row each."""
    run = judged_run(
        folder, (*BESIDE, restorer), case="nanoparticle", doses=(DOSE,), realizations=realizations
    )
    found = summarise(run.records)
    return found.loc[found["metric"].isin(METRICS), list(_COLUMNS)].reset_index(drop=True)


def unseen(restorer: str, *, realizations: int, path: Path = UNSEEN) -> pd.DataFrame:
    """Judge restorers on the specimen that nobody saw: mean and its standard error, a row each."""
    judge = LastJudgement(doses=(DOSE,), realizations=realizations, noise=STUDY_SCAN)
    image = read_unseen_image(path)
    rows = []
    for name in ("raw", *BESIDE, PUBLISHED, restorer):
        values = judge(load_restorer(name), image)
        rows += [
            {"restorer": name, "measure": measure.partition("@")[0], "value": value,
             "standard_error": values[f"{measure}_se"], "n_realizations": realizations}
            for measure, value in values.items() if not measure.endswith("_se")
        ]  # fmt: skip
    return pd.DataFrame(rows)


def main(arguments: Sequence[str]) -> int:
    """Run, judge and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("restorer", nargs="?", default="stembench-small@onnx")
    parser.add_argument("--realizations", type=int, default=16)
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "small-judged")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "small")
    told = parser.parse_args(arguments)
    try:
        tables = {
            "unseen": unseen(told.restorer, realizations=told.realizations),
            "particle": particle(
                told.restorer, realizations=told.realizations, folder=told.work
            ),
        }  # fmt: skip
        for name, table in tables.items():
            with replacing(told.out / f"{name}.csv") as temporary:
                table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
            typer.echo(table.to_string(index=False))
    except InputError as error:
        typer.echo(str(error), err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
