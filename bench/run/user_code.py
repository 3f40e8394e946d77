"""Code and models of a run's restorers that are a user's: hashed as it starts, watched after."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bench.executor.environment import hash_of
from bench.plan.acquisitions import is_acquisition
from bench.run.code_hash import code_files
from restore import find_plugins, is_built_in, split_model_spec
from stembench.errors import InputError


class UserCode:
    """Code and models of some restorers.

    Parameters
    ----------
    specs : sequence of str
        Restorers as on the command line.

    Attributes
    ----------
    hashes : dict of str to str
        SHA-256 of the code of each restorer that is a function or a plug-in, and of each model
        file, by its spec.
    """

    def __init__(self, specs: Sequence[str]) -> None:
        self._factories = {spec: name for spec in specs if (name := _factory(spec))}
        self._files = {spec: _files(name) for spec, name in self._factories.items()}
        self.hashes = {spec: hash_of(files) for spec, files in self._files.items() if files}
        self._seen = self._looks()

    def check(self) -> None:
        """Refuse to go on if the code is no longer what it was.

        Raises
        ------
        InputError
        """
        looks = self._looks()
        if looks == self._seen:
            return
        for spec, name in self._factories.items():
            files = _files(name)
            if (hash_of(files) if files else None) != self.hashes.get(spec):
                raise InputError(
                    f"the code or the model of {spec} was changed while the run went on: put it"
                    " back, or run again into another folder"
                )
        self._seen = looks

    def _looks(self) -> list[tuple[int, int] | None]:
        """Size and time of change of every file, which are read quickly."""
        looks: list[tuple[int, int] | None] = []
        for files in self._files.values():
            for path in files.values():
                try:
                    state = path.stat()
                    looks.append((state.st_size, state.st_mtime_ns))
                except OSError:
                    looks.append(None)
        return looks


def _files(name: str) -> dict[str, Path]:
    """Files of a function, or of a model."""
    path = Path(name)
    if path.is_file():
        return {path.name: path}
    if path.is_dir():
        return {str(one.relative_to(path)): one for one in path.rglob("*") if one.is_file()}
    search = [Path.cwd(), *(Path(folder) for folder in sys.path if folder)]
    return code_files(name, search=search)


def _factory(spec: str) -> str:
    """The `module:callable` or the model behind a restorer; empty for one that is built in."""
    if is_built_in(spec) or is_acquisition(spec):
        return ""
    name = spec.partition(":")[0]
    path = spec if Path(spec).exists() else split_model_spec(spec)[0]
    return next((plugin.factory for plugin in find_plugins() if plugin.name == name), path)
