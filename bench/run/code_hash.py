"""Hash of a user's code: a module, what it imports of its own folder, and data that it names.

Nothing is imported for it: modules are found and parsed. What a program makes up while it runs,
such as a file name put together from numbers, is not seen.
"""

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from stembench.surroundings.own_source import is_own_source

_CALLABLE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_][\w.]*")
#: Longest text that can be the name of a file.
_NAME_LENGTH: Final = 255


def code_files(factory: str, *, search: Iterable[Path]) -> dict[str, Path]:
    """Find the files of the code behind ``module:callable``.

    Parameters
    ----------
    factory : str
    search : iterable of Path
        Folders in which modules are looked for. Where several have it, all are taken: which of them
        a process imports depends on its path.

    Returns
    -------
    dict of str to Path
        By their name within the folder of the module; empty if there is no such module.
    """
    if not _CALLABLE.fullmatch(factory):
        return {}
    module = factory.partition(":")[0]
    found: dict[str, Path] = {}
    for root in dict.fromkeys(folder.resolve() for folder in search):
        # Of installed packages the own one alone: its neighbours have versions.
        top = module.partition(".")[0]
        installed = root.name in ("site-packages", "dist-packages")
        only = top if installed else ""
        waiting = [module]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen or (only and name.partition(".")[0] != only):
                continue
            seen.add(name)
            for own, path in _files_of(name, root):
                if path in found.values() or is_own_source(path):
                    continue
                found[_unused(os.path.relpath(path, root), found)] = path
                tree = _parsed(path)
                waiting += _imported(tree, own, is_package=path.name == "__init__.py")
                for text, data in _data(tree, path, root).items():
                    if data not in found.values():
                        found[_unused(text, found)] = data
    return found


def _files_of(module: str, root: Path) -> Iterator[tuple[str, Path]]:
    """Files that the import of a module from a folder runs: its packages', and its own."""
    places = [str(root)]
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:depth]), places)
        if spec is None:
            return
        if spec.origin and Path(spec.origin).is_file():
            yield spec.name, Path(spec.origin)
        if spec.submodule_search_locations is None:
            return
        places = list(spec.submodule_search_locations)


def _unused(name: str, taken: dict[str, Path]) -> str:
    """A name that is not taken: two folders may have a module of one name."""
    return name if name not in taken else _unused(f"{name}'", taken)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):  # machine code, or broken
        return ast.Module(body=[], type_ignores=[])


def _imported(tree: ast.Module, module: str, *, is_package: bool) -> list[str]:
    """Modules that a file imports, anywhere in it."""
    names: list[str] = []
    parent = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = parent[: len(parent) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names += [base] if base else []
            names += [f"{base}.{alias.name}" if base else alias.name for alias in node.names]
    return names


def _data(tree: ast.Module, source: Path, root: Path) -> dict[str, Path]:
    """Files beside a source, or in the current folder, that its texts name."""
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and 0 < len(node.value) <= _NAME_LENGTH
        and node.value.isprintable()
    }
    found = {}
    for base in dict.fromkeys((source.parent, root, Path.cwd())):
        for folder in (base, *(base / text for text in texts if _has(base / text, Path.is_dir))):
            for text in texts:
                path = folder / text
                if _has(path, Path.is_file) and not is_own_source(path):
                    found[f"data {os.path.relpath(path, root)}"] = path
    return found


def _has(path: Path, kind: Callable[[Path], bool]) -> bool:
    """Whether a path is of a kind; not if the file system refuses its name."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False
