"""Figures of the noise model: what they show, on any clean image, without a display."""

import matplotlib as mpl
import numpy as np
import pytest

from noise.evidence.coverage import drawn_statistics, random_distortion
from noise.evidence.demonstrations import (
    Demonstration,
    jitter_demonstrations,
    scan_demonstrations,
    tem_demonstrations,
)
from noise.evidence.published_pairs import published_pairs
from noise.evidence.residuals import STATISTICS
from reports.figures import panels
from reports.figures.acquisition.noise import (
    FIGURES,
    draw_grid,
    draw_pairs,
    noise_grid,
    write_noise_figures,
)
from stembench.errors import InputError


def columns_image(side: int = 200) -> np.ndarray:
    y, x = np.mgrid[:side, :side] * (2 * np.pi / 11)
    envelope = np.hypot(*np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]) < 0.8
    return 0.05 * envelope * (1.1 + np.sin(x) * np.sin(y))


class TestDemonstrations:
    @pytest.mark.parametrize("build", [scan_demonstrations, tem_demonstrations])
    def test_every_panel_differs_from_the_undistorted_one(self, build) -> None:
        shown: list[Demonstration] = build(columns_image(), sampling=0.2)
        clean = shown[0].image
        assert not shown[0].strength
        for one in shown[1:]:
            assert one.strength
            assert one.image.shape == clean.shape
            assert np.isfinite(one.image).all()
            # Visible: beyond the eye's two percent of the range somewhere.
            assert np.abs(one.image - clean).max() > 0.02 * clean.max()

    def test_every_equation_of_the_chains_is_shown(self) -> None:
        labels = " ".join(
            one.label
            for build in (scan_demonstrations, tem_demonstrations)
            for one in build(columns_image(), sampling=0.2)
        )
        shown = {27, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40}
        shown |= {41, 45, 46, 47, 51, 52, 53, 54, 55}
        for equation in shown:
            assert f"({equation})" in labels

    def test_jitter_moves_along_one_axis_alone(self) -> None:
        flat = np.ones((40, 1)) * np.sin(np.arange(40) / 3)[None]  # no change down the lines
        along_x, along_y, clean = (one.image for one in jitter_demonstrations(flat))
        assert along_y == pytest.approx(clean, abs=1e-12)
        assert along_x != pytest.approx(clean, abs=1e-2)


class TestFigures:
    @pytest.mark.parametrize("name", [name for name in FIGURES if name != "pairs"])
    def test_images_are_drawn(self, name: str, tmp_path) -> None:
        with mpl.rc_context(panels.RC):
            figure = draw_grid(noise_grid(name, columns_image()))
            png, pdf = panels.save(figure, tmp_path / name)
        assert png.stat().st_size > 10_000
        assert pdf.stat().st_size > 5_000
        assert len(figure.axes) == {"whitening": 5, "tem": 12, "jitter": 3, "scan": 14}[name]
        bars = sum("Å" in text.get_text() for a in figure.axes for text in a.texts if a.patches)
        assert bars == 1  # one scale bar holds for all

    def test_pairs_outside_their_bar_are_counted(self) -> None:
        x, y = (stack[3] for stack in published_pairs("hrstem"))
        found = drawn_statistics(
            x, y, draw=random_distortion("hrstem"), rng=np.random.default_rng(1), draws=4
        )
        far = (dict.fromkeys(STATISTICS, 99.0), found[1])
        with mpl.rc_context(panels.RC):
            figure = draw_pairs({"hrstem": [far]}, draws=4)
        assert len(figure.axes) == len(STATISTICS)
        words = " ".join(text.get_text() for text in figure.texts).split()
        assert "6 of 6 points" in " ".join(words)

    def test_unknown_figure_is_named(self, tmp_path) -> None:
        with pytest.raises(InputError, match="sketch"):
            write_noise_figures(tmp_path, ["sketch"])
