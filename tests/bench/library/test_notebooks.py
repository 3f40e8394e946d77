"""What results look like in a notebook: their content, and nothing of it is taken for HTML."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.library import CalibratedImage, FinishedRun
from bench.library.notebook_html import beginning, fragment, grid, heading, listing, pictures

EVIL = '<script>alert("x")</script>&\'"'


class Read(HTMLParser):
    """Tags and text of a fragment."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def picture(title: str) -> CalibratedImage:
    values = np.linspace(0.0, 1.0, 12).reshape(3, 4)
    return CalibratedImage(pixels=values, sampling=0.1, title=title)


@pytest.mark.parametrize(
    "html",
    [
        heading(EVIL),
        listing([EVIL], title=EVIL),
        grid(("", EVIL), ((EVIL, EVIL),)),
        beginning(pd.DataFrame({EVIL: [EVIL]})),
        pictures([picture(EVIL)]),
    ],
)
def test_texts_are_escaped(html: str) -> None:
    read = Read(fragment(html))
    assert "script" not in read.tags
    assert not any(name in read.attributes for name in ("alert", "onerror"))
    assert EVIL in read.text


def test_pictures_are_the_images_in_grey() -> None:
    values = np.full((900, 5), np.nan)
    values[:, 2] = 1.0
    values[:, 4] = 3.0
    shown = CalibratedImage(pixels=values, sampling=0.1)
    drawn = np.asarray(Image.open(io.BytesIO(shown._repr_png_())))
    assert drawn.shape == (450, 3)  # every second pixel of what is longer than 768 px
    assert [set(column) for column in drawn.T] == [{0}, {0}, {255}]
    html = pictures([shown])
    data = base64.b64decode(html.partition("base64,")[2].partition('"')[0])
    assert data == shown._repr_png_()


def test_a_run_shows_scoreboard_numbers_and_failures(small_run) -> None:
    run = FinishedRun(folder=small_run, failures=(EVIL,))
    read = Read(run._repr_html_())
    assert "script" not in read.tags
    assert EVIL in read.text
    labels = [row.label for row in run.board]
    assert len(labels) == 2
    for row in run.board:
        assert row.label in read.text
        for tile in row.tiles:
            assert f"{tile.symbol} {tile.word}" in read.text
    assert f"{len(run.table)} rows" in read.text
