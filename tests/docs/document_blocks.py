"""Code blocks of the documents, and those that no test runs, each with its reason."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "site"
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if SITE not in path.parents
)
#: A comment of a recipe, if there is one, and a fenced block.
_BLOCK = re.compile(
    r"(?P<recipe>^<!-- recipe: .+? -->\n+)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MOST_EXEMPT = 5


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes
    ----------
    page : str
        Place in the checkout.
    number : int
        From 1, within the page.
    language : str
    body : str
    recipe : bool
        Whether it is a step of a recipe, which `tests/test_recipes.py` follows.
    """

    page: str
    number: int
    language: str
    body: str
    recipe: bool

    def __str__(self):
        """Return its name in the output of tests."""
        return f"{self.page}-{self.number}"


def blocks_of(text, page):
    """Blocks of a Markdown text, in order."""
    return [
        Block(page, number, found["language"], found["body"], bool(found["recipe"]))
        for number, found in enumerate(_BLOCK.finditer(text), start=1)
    ]


BLOCKS = [
    block
    for path in PAGES
    for block in blocks_of(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
]
EXEMPT = tomllib.loads((Path(__file__).parent / "exempt_blocks.toml").read_text(encoding="utf-8"))[
    "block"
]


def is_exempt(block):
    """Whether the file of exemptions names a block, by its page and a line of it."""
    lines = block.body.splitlines()
    return any(each["page"] == block.page and each["line"] in lines for each in EXEMPT)


def run_blocks(language):
    """Blocks of a language that are run by a test of their own."""
    return [
        block
        for block in BLOCKS
        if block.language == language and not block.recipe and not is_exempt(block)
    ]


def training_block():
    """Return the recipe of a training that docs/training.md shows."""
    (block,) = [block for block in run_blocks("toml") if "[[stages]]" in block.body]
    return block
