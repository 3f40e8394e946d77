"""Restoring with a progress bar over images, and over the windows or training steps of each."""

import warnings

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from restore import RestorationWarning, Restorer
from stembench.arrays import Floats


def restore_with_progress(restorer: Restorer, images: Floats, *, sampling: float) -> Floats:
    """Restore images and say on the terminal how far it is and what the restorer warns of.

    Parameters
    ----------
    restorer : Restorer
    images : ndarray, shape (n, h, w)
    sampling : float
        Å/px.

    Returns
    -------
    ndarray, shape (n, h, w)

    Raises
    ------
    restore.RestorationError
        If the restorer fails or returns something unusable.
    """
    console = Console(stderr=True)
    restored = np.empty(images.shape)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with warnings.catch_warnings(record=True) as caught, Progress(*columns, console=console) as bar:
        warnings.simplefilter("always", RestorationWarning)
        whole = bar.add_task(f"Restoring with {restorer.metadata.name}", total=len(images))
        within = bar.add_task("within one image", total=None, visible=False)

        def advance(done: int, total: int) -> None:
            bar.update(within, completed=done, total=total, visible=True)

        for k in range(len(images)):
            restored[k] = restorer.restore(images[k : k + 1], sampling=sampling, progress=advance)[
                0
            ]
            bar.advance(whole)
        bar.update(within, visible=False)
    for warning in caught:
        if issubclass(warning.category, RestorationWarning):
            console.print(f"stembench: note: {warning.message}", markup=False)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return restored
