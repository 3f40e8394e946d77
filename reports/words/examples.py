"""The table of a run's example images: PSNR and SSIM of the one realization that was kept."""

import numpy as np

from reports.metrics.images.agreement import psnr, ssim
from reports.records.run_folder import Run
from reports.summaries.cells_of_run import cells_of
from reports.words.numbers import dose_text
from reports.words.tables import Table


def example_table(run: Run) -> Table | None:
    """Measure the kept images against the noise-free one.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Table or None
        One row per case, image, dose and restorer of which an image was kept; None without any.
        One realization each: no interval can be stated.
    """
    every = run.once(cells_of)
    cells = every.loc[~every["edited"], ["case", "image", "dose", "restorer"]]
    styles = run.restorers.styles(cells["restorer"].unique())
    rows = []
    for (case, image, _), cell in cells.groupby(["case", "image", "dose"], sort=True):
        clean = run.examples.clean(str(case), str(image))
        if clean is None:
            continue
        maximum = float(np.max(clean))
        for restorer in run.restorers.order(cell["restorer"].unique()):
            pixels = run.examples.image(
                str(case), str(image), dose=float(cell["dose"].iloc[0]), restorer=restorer
            )
            if pixels is None or pixels.shape != clean.shape:
                continue
            rows.append(
                (
                    f"{case} {image}",
                    dose_text(float(cell["dose"].iloc[0])),
                    styles[restorer].label,
                    f"{psnr(pixels, clean, maximum=maximum):.1f}",
                    f"{ssim(pixels, clean, maximum=maximum):.3f}",
                )
            )
    if not rows:
        return None
    return Table(
        title="Example images: PSNR and SSIM",
        note="n = 1: the one realization that the figures show, so that neighbouring values say "
        "nothing of which is better. MAX and dynamic range = largest value of the noise-free "
        "image. 'stembench images' measures more, over many images.",
        header=("image", "dose (e/Å²)", "restorer", "PSNR (dB)", "SSIM"),
        rows=tuple(rows),
        n_labels=3,
    )
