"""Pages of the public names of each package: those that its door lists, from their docstrings."""

import ast
import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: From the top: who may use whom goes downwards. The first is what `import stembench` offers.
PACKAGES_WITH_DOOR = (
    "bench.library",
    "reports",
    "training",
    "restore",
    "fitting",
    "cases",
    "noise",
)


@dataclass(frozen=True)
class PublicName:
    """A name at a door and the module that defines it.

    Attributes
    ----------
    package, module, name : str
        The module in full.
    """

    package: str
    module: str
    name: str

    @property
    def room(self) -> str:
        """Room of the package, or the module itself where it stands in none."""
        return self.module.removeprefix(f"{self.package}.").partition(".")[0]


def public_names(package: str) -> list[PublicName]:
    """Names that `__init__.pyi` of a package lists, in its order."""
    folder = ROOT.joinpath(*package.split("."))
    stub = ast.parse((folder / "__init__.pyi").read_text(encoding="utf-8"))
    return [
        PublicName(package, f"{package}.{node.module}", alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def door_page(package: str) -> str:
    """Write the page of one package in reStructuredText.

    Parameters
    ----------
    package : str
        One of `PACKAGES_WITH_DOOR`.

    Returns
    -------
    str
        A heading for each room, and a directive of `autodoc` for each name. Constants are written
        out, because their comments stand in the module that defines them and not at the door.
    """
    summary = inspect.getdoc(importlib.import_module(package)) or ""
    lines = [_headed(package, "="), summary, "", f".. currentmodule:: {package}", ""]
    room = ""
    for public in sorted(public_names(package), key=lambda each: each.room):
        if public.room != room:
            room = public.room
            lines += [_headed(f"{package}.{room}", "-")]
        lines += [*_entry(public), ""]
    return "\n".join(lines)


def _headed(title: str, mark: str) -> str:
    return f"{title}\n{mark * len(title)}\n"


def _entry(public: PublicName) -> list[str]:
    """Lines of one name."""
    value = getattr(importlib.import_module(public.package), public.name)
    full = f"{public.package}.{public.name}"
    if inspect.isclass(value):
        bases = [] if value.__bases__ == (object,) else ["   :show-inheritance:"]
        return [f".. autoclass:: {full}", "   :members:", *bases]
    if inspect.isroutine(inspect.unwrap(value)):  # cached ones are objects of their own
        return [f".. autofunction:: {full}"]
    annotation, text, comment = declaration_of(public.module, public.name)
    lines = [f".. py:data:: {full}"]
    if annotation:
        lines.append(f"   :type: {annotation}")
    if text:
        lines.append(f"   :value: {text}")
    return [*lines, "", *(f"   {line}" for line in comment.splitlines())]


#: Longer values, tables for example, are left to the source.
_LONGEST_VALUE = 120


def declaration_of(module: str, name: str) -> tuple[str, str, str]:
    """Annotation, value and comment of a constant, as its module writes them.

    Returns
    -------
    tuple of str
        Type ('' if none is stated), value ('' if it is long), and the comment of `#:` lines before
        it or of the string behind it.

    Raises
    ------
    ValueError
        If the module does not assign the name.
    """
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    source = path.read_text(encoding="utf-8")
    body = ast.parse(source).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            target, annotation = node.target, ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign):
            target, annotation = node.targets[0], ""
        else:
            continue
        if not (isinstance(target, ast.Name) and target.id == name):
            continue
        annotation = annotation.removeprefix("Final").removeprefix("[").removesuffix("]")
        text = " ".join(ast.unparse(node.value).split()) if node.value else ""
        comment = _comment(source.splitlines(), node, following) or _meaning_of_flag(name)
        return annotation, text if len(text) <= _LONGEST_VALUE else "", comment
    raise ValueError(f"{path.name} does not assign {name}")


def _meaning_of_flag(name: str) -> str:
    """Sentence with which the flags of fits declare themselves; '' for other names."""
    from fitting.flags import FLAGS

    return "".join(f"Flag of a fit: {flag.meaning}." for flag in FLAGS if flag.name == name)


def _comment(lines: list[str], node: ast.stmt, following: ast.stmt | None) -> str:
    """Text of the `#:` lines before a statement, else the string behind it."""
    above = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.startswith("#:"):
            break
        above.insert(0, line.removeprefix("#:").strip())
    if above:
        return "\n".join(above)
    if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
        return inspect.cleandoc(str(following.value.value))
    return ""
