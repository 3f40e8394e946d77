"""Conformance table of a restorer, printed by `stembench check`."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.executor.memory import peak_memory
from restore import ContractRestorer, Finding, check_restorer, load_restorer

_STYLE = {"pass": "green", "fail": "bold red", "not applicable": "dim", "reported": "cyan"}


def check_and_print(
    spec: str, *, size: int | None, large: bool, shape: tuple[int, int] | None = None
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

    Returns
    -------
    bool
        Whether no item failed.

    Raises
    ------
    InputError
        If the restorer cannot be loaded.
    """
    console = Console()
    restorer = load_restorer(spec)
    if not isinstance(restorer, ContractRestorer):
        raise TypeError(f"{spec} was loaded as {type(restorer).__name__}")
    shape = shape or ((size, size) if size else (48, 40))
    findings: list[Finding] = []
    with Console(stderr=True).status(escape(f"Checking {restorer.metadata.name}")) as status:
        for finding in check_restorer(restorer, shape=shape, large=large, peak_memory=peak_memory):
            findings.append(finding)
            status.update(escape(f"Checking {restorer.metadata.name}: {finding.item} done"))
    table = Table("item", "outcome", "measured", "wanted", title=escape(_title(restorer)))
    for finding in findings:
        style = _STYLE[finding.outcome]
        table.add_row(
            finding.item,
            f"[{style}]{finding.outcome}[/]",
            escape(finding.measured),
            escape(finding.wanted),
        )
    console.print(table)
    for note in dict.fromkeys(note for finding in findings for note in finding.notes):
        console.print(f"note: {note}", markup=False)
    failed = [finding.item for finding in findings if finding.outcome == "fail"]
    console.print(f"failed: {', '.join(failed)}" if failed else "no item failed", markup=False)
    return not failed


def _title(restorer: ContractRestorer) -> str:
    metadata = restorer.metadata
    return (
        f"{metadata.name} ({metadata.label}, {metadata.family}), version {metadata.version}, "
        f"{metadata.engine}"
    )
