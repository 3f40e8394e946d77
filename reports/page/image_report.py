"""Writing the report of image metrics: tables in Markdown and CSV, and the figure."""

from pathlib import Path

import pandas as pd

from reports.metrics.table import metrics_of
from reports.records.image_folder import ImageRun, load_images
from reports.summaries.image_summary import psnr_gaps, summarise_images
from reports.words.images import image_tables
from reports.words.numbers import seconds_text
from reports.words.tables import Table, markdown
from stembench.atomic_files import replacing
from stembench.errors import InputError
from stembench.surroundings.leftovers import staging_folder
from stembench.surroundings.refusals import not_written

PAGE = "images.md"


def write_image_report(folder: str | Path) -> Path:
    """Write summary, gaps, tables and figure beside the rows they are made of.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder that `stembench images` wrote.

    Returns
    -------
    pathlib.Path
        ``images.md``. Beside it ``summary.csv``, ``gaps.csv``, ``figure_images.png`` and ``.pdf``;
        the figure is made if there are published pairs.

    Raises
    ------
    InputError
        If the folder holds no image metrics, or cannot be written.
    """
    run = load_images(Path(folder))
    summary, gaps = summarise_images(run.rows), psnr_gaps(run.rows)
    for name, frame in (("summary.csv", summary), ("gaps.csv", gaps)):
        with replacing(run.folder / name) as temporary:
            frame.to_csv(temporary, index=False, lineterminator="\n")
    drawn = (run.rows["kind"] == "published").any()
    if drawn:
        _write_figure(run, summary)
    lines = ["# Image metrics", "", _lead(run), ""]
    lines += [f"- failed: {sentence}" for sentence in _failures(run)]
    lines += ["", "![Image metrics](figure_images.png)", ""] if drawn else []
    tables = [*image_tables(run, summary, gaps), _definitions()]
    text = "\n".join(lines) + "\n" + "\n".join(markdown(table) for table in tables)
    with replacing(run.folder / PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return run.folder / PAGE


def _write_figure(run: ImageRun, summary: pd.DataFrame) -> None:
    from matplotlib import rc_context

    from reports.figures import panels
    from reports.figures.paper.images import figure_images

    with rc_context(panels.RC):
        figure = figure_images(run, summary)
        try:
            with staging_folder(run.folder) as made:
                for file in panels.save(figure, made / "figure_images"):
                    file.replace(run.folder / file.name)
        except OSError as error:
            raise InputError(not_written(run.folder / "figure_images.png", error)) from error


def _lead(run: ImageRun) -> str:
    settings = run.settings
    return (
        f"{len(run.rows)} restorations of {', '.join(settings['sources'])}; seed "
        f"{settings['seed']}, {settings['realizations']} realizations of each image of ours, "
        f"created {settings['created']} in {seconds_text(float(settings['seconds']))} by stembench "
        f"{settings['versions']['stembench']}. Every row: images.csv; every mean with its interval "
        "and n: summary.csv."
    )


def _failures(run: ImageRun) -> list[str]:
    failed = run.rows[run.rows["failure"] != ""]
    return [
        f"{restorer} on {source}, {len(rows)} images: {failure}"
        for (restorer, source, failure), rows in failed.groupby(
            ["restorer", "source", "failure"], sort=False
        )
    ]


def _definitions() -> Table:
    return Table(
        title="What the metrics are",
        note="None of them knows of atoms: an image near in every pixel may miss a vacancy.",
        header=("name in the CSV files", "label", "unit", "definition"),
        rows=tuple(
            (metric.name, metric.label, metric.unit, metric.definition)
            for metric in metrics_of("images")
        ),
        n_labels=4,
    )
