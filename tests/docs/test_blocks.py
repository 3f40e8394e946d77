"""Code blocks of documents do what they say: Python is run, settings are read, outputs are held.

Blocks of shell commands are run by `test_shell_blocks.py`, recipes by `tests/test_recipes.py`.
"""

import importlib.metadata
import io
import runpy
import tomllib
from contextlib import redirect_stdout

import numpy as np
import pytest

from bench.executor.queue_cluster import QueueCluster
from fitting import cramer_rao, scattering_cross_section
from tests.docs.document_blocks import (
    BLOCKS,
    EXEMPT,
    MOST_EXEMPT,
    ROOT,
    blocks_of,
    is_exempt,
    run_blocks,
    training_block,
)
from tests.fitting.search.own_image.made_images import BACKGROUND, HEIGHT, lattice
from training import read_recipe

#: Pages whose Python builds networks of the published size.
SLOW = {"docs/training.md"}
PYTHON_PAGES = sorted({block.page for block in run_blocks("python")})


def columns_in_fractions(sampling):
    """An image in fractions of the beam, its columns, and the SCS of one and two atoms."""
    made = lattice()
    rng = np.random.default_rng(1)
    clean = (made.clean - BACKGROUND) / HEIGHT
    counts = rng.poisson(clean * 5e3 * sampling**2)
    scs = scattering_cross_section(0.8, 2.4, sampling=sampling)
    return {
        "image": counts / (5e3 * sampling**2),
        "positions": made.inside(3.0),
        "library": {1: scs, 2: 2 * scs},
    }


def noise_page():
    abtem = pytest.importorskip("abtem")
    array = lattice().clean / 1e3
    images = abtem.Images(array, sampling=0.2, metadata={"label": "intensity"})
    return {"clean": array, "array": array, "images": images}


def restorers_page():
    rng = np.random.default_rng(1)
    return {
        "standardised": rng.normal(size=(40, 48)).astype(np.float32),
        "network": lambda window: 2 * window,
    }


#: What the blocks of a page take for granted.
GIVEN = {
    "docs/fitting.md": lambda: columns_in_fractions(0.12),
    "docs/noise.md": noise_page,
    "docs/own-image-fit.md": lambda: {"image": lattice().counts()},
    "docs/restorers.md": restorers_page,
    "docs/scan_fit.md": lambda: columns_in_fractions(0.2),
}


def held_fitting(names):
    assert abs(names["fit"].table["sigma"].median() - 2.4) < 0.1
    assert len(names["counts"]) == len(names["positions"])
    assert not names["fit"].failed.any()
    counting = cramer_rao(names["fit"], dose=5e3)
    assert (names["bound"]["x_crb"] > counting["x_crb"]).all()  # jitter adds to it


def held_noise(names):
    assert names["counts"].shape == (100, *names["clean"].shape)
    assert names["noisy"].shape == names["array"].shape


def held_own_image_fit(names):
    assert len(names["fit"].table) == len(lattice().inside())


def held_restorers(names):
    assert np.allclose(names["restored"], 2 * names["standardised"], atol=1e-5)


def held_scan_fit(names):
    lines, columns = names["image"].shape[0], len(names["positions"])
    assert names["fit"].scan.displacements.shape == (1, lines, 2)
    assert len(names["fit"].table) == columns
    assert not names["fit"].failed.any()


#: What must be true once the blocks of a page were run, where they do not say it themselves.
HELD = {
    "docs/fitting.md": held_fitting,
    "docs/noise.md": held_noise,
    "docs/own-image-fit.md": held_own_image_fit,
    "docs/restorers.md": held_restorers,
    "docs/scan_fit.md": held_scan_fit,
    "docs/training.md": lambda names: names["network"].count_params() == 1_158_785,
}


def run_python(page, names):
    """Run the Python of a page from its first block to the last, in one namespace."""
    for block in run_blocks("python"):
        if block.page == page:
            exec(compile(block.body, str(block), "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow) if page in SLOW else page for page in PYTHON_PAGES],
)
def test_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_python(page, GIVEN.get(page, dict)())
    if page in HELD:
        HELD[page](names)
    else:
        bodies = [block.body for block in run_blocks("python") if block.page == page]
        assert all("\nassert " in body for body in bodies), "say in HELD what must be true"


def test_a_broken_block_is_an_error(monkeypatch):
    broken = blocks_of("```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n", "page.md")
    monkeypatch.setattr("tests.docs.document_blocks.BLOCKS", broken)
    with pytest.raises(AssertionError):
        run_python("page.md", {})


def test_settings_of_a_cluster_are_read(tmp_path):
    found = [block for block in run_blocks("toml") if 'kind = "slurm"' in block.body]
    assert {block.page for block in found} == {"docs/cluster.md", "docs/howto/cluster.md"}
    for block in found:
        path = tmp_path / "jobs.toml"
        path.write_text(block.body, encoding="utf-8")
        described = QueueCluster.read(path)
        assert (described.kind, described.jobs, described.options["cores"]) == ("slurm", 4, 16)


def test_the_recipe_of_a_training_is_read(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(training_block().body, encoding="utf-8")
    recipe = read_recipe(str(path))
    assert (recipe.name, recipe.pairs.side, len(recipe.stages)) == ("small", 128, 1)


def test_the_entry_point_of_a_plug_in_is_one(monkeypatch):
    (block,) = [block for block in run_blocks("toml") if "entry-points" in block.body]
    ((group, points),) = tomllib.loads(block.body)["project"]["entry-points"].items()
    point = importlib.metadata.EntryPoint(*next(iter(points.items())), group)
    listed = importlib.metadata.EntryPoints([point])
    monkeypatch.setattr(
        "restore.user_models.plugins.entry_points", lambda *, group: listed.select(group=group)
    )
    from restore import find_plugins

    assert "mynet" in str(find_plugins())


def test_the_output_of_the_example_is_that_on_the_page(monkeypatch):
    (block,) = [block for block in BLOCKS if not block.language]
    assert block.page == "docs/fitting.md"
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **__: None)
    printed = io.StringIO()
    with redirect_stdout(printed):
        runpy.run_path(str(ROOT / "docs" / "fitting_example.py"), run_name="__main__")
    lines = [line.rstrip() for line in printed.getvalue().splitlines()]
    assert lines == block.body.splitlines()


def test_every_block_is_run_or_exempt_for_a_reason():
    here = [block for language in ("python", "toml", "") for block in run_blocks(language)]
    shell = run_blocks("sh")
    others = [block for block in BLOCKS if block not in here and block not in shell]
    unknown = [str(block) for block in others if not (block.recipe or is_exempt(block))]
    assert not unknown, f"no test runs {unknown}: python, sh, toml or exempt_blocks.toml"
    assert len(EXEMPT) <= MOST_EXEMPT
    for each in EXEMPT:
        found = [
            b for b in BLOCKS if b.page == each["page"] and each["line"] in b.body.splitlines()
        ]
        assert len(found) == 1, f"{each['page']} has not one block with this line: {each['line']}"
        assert len(each["reason"]) > 15


def test_blocks_are_found_in_a_text():
    text = "```sh\na\n```\n<!-- recipe: x run -->\n```python\nb\n\nc\n```\n    ```\n```\nd\n```\n"
    found = [(b.language, b.body, b.recipe) for b in blocks_of(text, "p")]
    assert found == [("sh", "a\n", False), ("python", "b\n\nc\n", True), ("", "d\n", False)]
