"""HTML of results in notebooks: every text in it is escaped."""

import base64
from collections.abc import Sequence
from html import escape
from typing import Final

import pandas as pd

from bench.library.calibrated_image import CalibratedImage, png

#: Rows of a table that are shown.
_ROWS: Final = 6


def fragment(*parts: str) -> str:
    """Put parts below each other."""
    return f"<div>{''.join(part for part in parts if part)}</div>"


def heading(text: str) -> str:
    """Heading of a result."""
    return f"<p><strong>{escape(text)}</strong></p>"


def listing(sentences: Sequence[str], *, title: str = "") -> str:
    """Sentences below each other; '' for none."""
    if not sentences:
        return ""
    above = f"<p>{escape(title)}</p>" if title else ""
    return above + f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in sentences)}</ul>"


def grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Table of texts, the first cell of each row its label."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def beginning(table: pd.DataFrame, columns: Sequence[str] = ()) -> str:
    """First rows of a table, and how many there are."""
    shown = table[[name for name in columns if name in table.columns] or list(table.columns)]
    text: str = shown.head(_ROWS).to_html(
        border=0, escape=True, float_format="{:.4g}".format, classes="dataframe"
    )
    return f"{text}<p>{len(table)} rows x {len(table.columns)} columns: <code>.table</code></p>"


def pictures(images: Sequence[CalibratedImage]) -> str:
    """Images beside each other, each in its own grey scale."""
    shown = "".join(
        f'<figure style="display:inline-block;margin:0 8px 0 0">'
        f'<img style="max-width:320px;image-rendering:pixelated" alt="{escape(image.title)}"'
        f' src="data:image/png;base64,{base64.b64encode(png(image.pixels)).decode("ascii")}">'
        f"<figcaption>{escape(image.title)}</figcaption></figure>"
        for image in images
    )
    return f"<div>{shown}</div>" if shown else ""
