"""Text for terminals and pipes that know few characters."""

import codecs
import sys
import unicodedata
from typing import Final

_HANDLER: Final = "stembench.plain"
#: Characters of our sentences that no decomposition turns into ASCII.
_PLAIN: Final = {
    "σ": "sigma", "φ": "phi", "χ": "chi", "Σ": "sum", "±": "+-", "×": "x", "–": "-", "—": "-",
    "−": "-", "·": "*", "≤": "<=", "≥": ">=", "→": "->", "½": "1/2", "⟨": "<", "⟩": ">", "“": '"',
    "”": '"', "’": "'", "…": "...", "°": " deg", "µ": "u", "μ": "u", "√": "sqrt", "≈": "~",
    "✓": "v", "✗": "X",
}  # fmt: skip


def make_printable() -> None:
    """Let output never fail for want of a character: it is written in plain letters instead.

    Pipes and old terminals have encodings such as ASCII or cp437; an Å that they do not know
    would end a command after its work.
    """
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        # Streams that a caller has put in place need not be able to.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def plain(text: str) -> str:
    """Return a text in ASCII: letters without accents, ² as ^2, signs in words."""
    out = []
    for character in text:
        if character.isascii():
            out.append(character)
            continue
        kind = unicodedata.decomposition(character).split(" ", 1)[0]
        near = "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())
        power = "^" if kind == "<super>" else ""
        out.append(_PLAIN.get(character) or (power + near if near else "?"))
    return "".join(out)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end
