"""The packages of a wheel moved below the one name ``stembench``.

In a checkout a package's path is its import name, which every tool resolves without settings. In
site-packages names such as ``cases`` or ``noise`` would meet those of others, so that the wheel has
them below ``stembench/packages/``, and what names them in source is rewritten: imports, paths of
modules in strings, and code in strings. Python's own parser finds these places; nothing else of
a file is changed, and ``stembench.packages.`` taken out of it gives that of the checkout, byte for
byte, but for what `APPENDED` adds.
"""

import ast
import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

NAME: Final = "stembench"
PREFIX: Final = f"{NAME}.packages."
MOVED: Final = ("bench", "cases", "fitting", "noise", "reports", "restore", "training")
_FOLDER: Final = f"{NAME}/packages/"
_DOOR: Final = b'"""The packages that lie beside this one in a checkout."""\n'
_SOURCES: Final = (".py", ".pyi")
_TOP: Final = "|".join(MOVED)
_DOTTED: Final = re.compile(rf"(?:{_TOP})(?:\.\w+)+")
_ENTRY: Final = re.compile(rf"(?m)^(.*= *)(?=(?:{_TOP})\b)".encode())
#: Imports in strings that hold code.
_CODE: Final = re.compile(
    rf"(?m)(?:^|[;\"'])[ \t]*(?:>>> |\.\.\. )?"
    rf"(?:from[ \t]+(?=(?:{_TOP})(?:\.\w+)*[ \t]+import\b)"
    rf"|import[ \t]+(?=(?:{_TOP})(?:\.\w+)+[ \t]*(?:$|[;\"'])|(?:{_TOP})(?:\.\w+)*[ \t]+as\b))"
)
MARK: Final = "\n# Of the wheel alone:\n"
"""Line after which a wheel's file has what its checkout has not."""
APPENDED: Final = {
    # Hashes of the source that defines a pack's numbers must be those of the checkout. That
    # function is among this source itself: changed, it would part new packs from those that ship.
    "reports/packs/pack.py": f'''{MARK}from {NAME}.surroundings.own_source import as_in_checkout


@lru_cache(maxsize=1)
def definitions_hash() -> str:
    """SHA-256 of all source that defines and computes the numbers of a pack, as in a checkout."""
    digest = hashlib.sha256()
    for room in _DEFINING:
        for path in sorted((_REPORTS / room).rglob("*.py")):
            digest.update(path.relative_to(_REPORTS).as_posix().encode())
            digest.update(as_in_checkout(path.read_bytes()))
    return digest.hexdigest()
''',
}
"""What is added to files, by their paths in a checkout."""


class RewriteError(ValueError):
    """A source says the name of a package in a way that is not rewritten."""


def below_one_name(files: Mapping[str, bytes], /) -> dict[str, bytes]:
    """Move the packages of a wheel below one name.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents of a wheel by path.

    Returns
    -------
    dict of str to bytes
        Contents of the wheel with sources, entry points and record rewritten; the record is last.

    Raises
    ------
    RewriteError
        When a source imports one of the packages in a way that is not rewritten.
    """
    is_module = modules_in(files)
    moved = {f"{_FOLDER}__init__.py": _DOOR}
    record = ""
    for path, content in files.items():
        top, _, rest = path.partition("/")
        if path.endswith(".dist-info/RECORD"):
            record = path
        elif rest == "top_level.txt":
            moved[path] = f"{NAME}\n".encode()
        elif rest == "entry_points.txt":
            moved[path] = _ENTRY.sub(rb"\1" + PREFIX.encode(), content)
        else:
            place = f"{_FOLDER}{path}" if top in MOVED else path
            moved[place] = content
            if path.endswith(_SOURCES):
                moved[place] = rewritten(content, path, is_module)
                moved[place] += APPENDED.get(path, "").encode()
    absent = APPENDED.keys() - files.keys()
    if absent:
        raise RewriteError(f"there is no {', '.join(absent)}, to which something is added")
    moved[record] = _record(moved, record)
    return moved


def modules_in(files: Mapping[str, bytes], /) -> Callable[[str], bool]:
    """Return whether a dotted name is a module among the files of a wheel or checkout."""

    def is_module(name: str) -> bool:
        path = name.replace(".", "/")
        return f"{path}.py" in files or f"{path}/__init__.py" in files

    return is_module


def rewritten(source: bytes, path: str, is_module: Callable[[str], bool], /) -> bytes:
    """Prefix each name of a moved package that a source imports or says.

    Parameters
    ----------
    source : bytes
        Of a Python file, UTF-8.
    path : str
        For messages.
    is_module : callable
        Whether a dotted name is a module.

    Raises
    ------
    RewriteError
        When it has an ``import package``, which would bind another name, or the prefix.
    """
    if PREFIX.encode() in source:
        raise RewriteError(f"{path} says {PREFIX}, which is of the wheel alone")
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    places = set()
    for node in ast.walk(ast.parse(source)):
        for first, last, found in _edits(node, path, is_module):
            begin, end = (starts[row - 1] + column for row, column in (first, last))
            places |= {begin + at for at in found(source[begin:end])}
    for place in sorted(places, reverse=True):
        source = source[:place] + PREFIX.encode() + source[place:]
    return source


_Place = tuple[int, int]


def _edits(
    node: ast.AST, path: str, is_module: Callable[[str], bool]
) -> Iterator[tuple[_Place, _Place, Callable[[bytes], list[int]]]]:
    """Yield stretches of a source, (row, byte) each, with what finds in them where to prefix."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.partition(".")[0] in MOVED:
                if alias.asname is None:
                    raise RewriteError(
                        f"{path}:{node.lineno} imports {alias.name} by its whole name, which is"
                        " another in a wheel; write 'from ... import' or 'import ... as'"
                    )
                yield *_stretch(alias), _after(b"")
    elif isinstance(node, ast.ImportFrom):
        if not node.level and (node.module or "").partition(".")[0] in MOVED:
            yield *_stretch(node), _after(rb"from\s+")
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        for argument in node.args:
            if called in ("files", "import_module") and _text(argument) in MOVED:
                yield *_stretch(argument), _after(rb"\w*[\"']+")
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _DOTTED.fullmatch(node.value) and _names_module(node.value, is_module):
            yield *_stretch(node), _after(rb"\w*[\"']+")
        elif _CODE.search(node.value):
            yield *_stretch(node), _code_in(len(_CODE.findall(node.value)), f"{path}:{node.lineno}")


def _stretch(node: ast.AST) -> tuple[_Place, _Place]:
    place: Any = node
    return (place.lineno, place.col_offset), (place.end_lineno, place.end_col_offset)


def _after(pattern: bytes) -> Callable[[bytes], list[int]]:
    """Return a function that finds the end of what stands at the beginning of a text."""

    def found(text: bytes) -> list[int]:
        start = re.match(pattern, text)
        return [start.end()] if start else []

    return found


def _code_in(expected: int, where: str) -> Callable[[bytes], list[int]]:
    """Return a function that finds as many imports in a literal as there are in its value."""

    def found(text: bytes) -> list[int]:
        ends = [each.end() for each in re.finditer(_CODE.pattern.encode(), text)]
        if len(ends) != expected:
            raise RewriteError(f"{where} has code in a string that is put together; write it whole")
        return ends

    return found


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _names_module(name: str, is_module: Callable[[str], bool]) -> bool:
    """Return whether a dotted name is a module below a package, or something in one."""
    parts = name.split(".")
    return any(is_module(".".join(parts[:depth])) for depth in range(2, len(parts) + 1))


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    """Return the list of a wheel's files with their hashes and sizes."""
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join([*rows, f"{own},,\n"]).encode()
