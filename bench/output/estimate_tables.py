"""The estimate of a run as tables of JSON."""

from bench.output.tables import Cell, OutputTable
from bench.run.estimate.run_estimate import Estimate


def estimate_tables(found: Estimate) -> tuple[OutputTable, dict[str, Cell]]:
    """What each restorer takes, and what the whole run does.

    Returns
    -------
    table : OutputTable
    facts : dict
    """
    shares = OutputTable(
        name="restorers",
        title="",
        columns={
            "restorer": "restorer",
            "images": "images",
            "core_s": "core seconds",
            "restoring_s": "of these restoring",
        },
        rows=tuple(
            (share.restorer, share.images, share.core_seconds, share.restoring)
            for share in found.shares
        ),
    )
    return shares, {
        "images": found.images,
        "blocks": found.blocks,
        "core_s": found.core_seconds,
        "preparing_s": found.preparing,
        "wall_s": found.wall_seconds,
        "workers": found.workers,
        "memory_bytes": found.memory,
        "disk_bytes": found.disk,
        "rates_measured": found.measured,
        "rates_kept": found.kept,
    }
