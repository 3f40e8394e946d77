"""Seal ground-truth files that were written before files were sealed.

``python -m cases.truth.sealing FILE ...`` writes each anew, with the same data and provenance; one
that is sealed already stays as it is.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from cases.truth.truth_file import read_scan, record_provenance
from stembench.sealed_files import read_bytes, seal_of


def seal_files(paths: Sequence[Path]) -> list[Path]:
    """Seal files and return those that were not.

    Raises
    ------
    InputError
        If one is no ground-truth file, or its data do not have the hash that it states.
    """
    unsealed = []
    for path in paths:
        read_scan(path)
        if not seal_of(read_bytes(path)):
            record_provenance(path, {})
            unsealed.append(path)
    return unsealed


if __name__ == "__main__":
    for sealed in seal_files([Path(name) for name in sys.argv[1:]]):
        sys.stdout.write(f"sealed {sealed}\n")
