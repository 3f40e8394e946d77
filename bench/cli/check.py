"""Conformance table of a restorer, printed by `stembench check`."""

from typing import Final

import typer

from bench.executor.memory import peak_memory
from bench.output.bars import progress_bar
from bench.output.colours import Tone
from bench.output.tables import OutputTable, print_json, print_tables
from restore import ContractRestorer, Finding, check_restorer, load_restorer

_TONES: Final = {
    "pass": Tone.GOOD,
    "fail": Tone.BAD,
    "not applicable": Tone.QUIET,
    "reported": Tone.TOLD,
}


def check_and_print(
    spec: str,
    *,
    size: int | None,
    large: bool,
    shape: tuple[int, int] | None = None,
    as_json: bool = False,
    stderr: bool = False,
) -> bool:
    """Test a restorer against the contract and print a table of the findings.

    Parameters
    ----------
    spec : str
        Restorer as on the command line.
    size : int or None
        Side in px of the image that most items use, for a network of one fixed size.
    large : bool
        Whether 2048 x 2048 px are tested too.
    shape : (int, int), optional
        Height and width in px in place of `size`.
    as_json : bool
        Whether the table is written as JSON.
    stderr : bool
        Whether the table goes to standard error: what is asked for is something else.

    Returns
    -------
    bool
        Whether no item failed.

    Raises
    ------
    InputError
        If the restorer cannot be loaded.
    """
    restorer = load_restorer(spec)
    if not isinstance(restorer, ContractRestorer):
        raise TypeError(f"{spec} was loaded as {type(restorer).__name__}")
    shape = shape or ((size, size) if size else (48, 40))
    metadata = restorer.metadata
    findings: list[Finding] = []
    with progress_bar(f"Checking {metadata.name}") as bar:
        for finding in check_restorer(restorer, shape=shape, large=large, peak_memory=peak_memory):
            findings.append(finding)
            bar.advance(description=f"Checking {metadata.name}: {finding.item}")
    keys = ("item", "outcome", "measured", "wanted", "value")
    table = OutputTable(
        name="findings",
        title=f"{metadata.name} ({metadata.label}, {metadata.family}), version {metadata.version}, "
        f"{metadata.engine}",
        columns={key: key for key in keys},
        rows=tuple(tuple(getattr(finding, key) for key in keys) for finding in findings),
        tones={"outcome": _TONES},
        shown=keys[:4],
    )
    notes = tuple(dict.fromkeys(note for finding in findings for note in finding.notes))
    failed = [finding.item for finding in findings if finding.outcome == "fail"]
    if as_json:
        told = ("name", "label", "family", "version", "engine")
        facts = {key: getattr(metadata, key) for key in told}
        print_json([table], command="check", facts={**facts, "failed": failed, "notes": notes})
        return not failed
    print_tables([table], command="check", stderr=stderr)
    for note in notes:
        typer.echo(f"note: {note}", err=stderr)
    typer.echo(f"failed: {', '.join(failed)}" if failed else "no item failed", err=stderr)
    return not failed
