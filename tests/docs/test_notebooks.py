"""The example notebooks: they run from the first cell to the last, and show what they say."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat is in the group tests")
nbclient = pytest.importorskip("nbclient", reason="nbclient is in the group tests")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
#: What a notebook must show, in the HTML of its cells.
SHOWN = {
    "judge_my_image.ipynb": (
        "columns of ptir_image.npz",
        "can be trusted: the raw image supports them",
        "Before the numbers are trusted:",
    ),
    "judge_my_network.ipynb": (
        "profile glance, seed 2024, cases response, restorers raw, my_network:restore",
        "Passes real changes on?",
    ),
}
#: Seconds that a cell may take, many times what it does: machines are busy.
LONGEST = 600


def run_notebook(path: Path, folder: Path):
    """Run a notebook in a folder; raises what a cell raises."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=LONGEST, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    return notebook


def shown(notebook) -> str:
    """All HTML that the cells of a notebook show."""
    outputs = (each for cell in notebook.cells for each in cell.get("outputs", []))
    return "\n".join(each.get("data", {}).get("text/html", "") for each in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
@pytest.mark.filterwarnings("default")
def test_a_notebook_runs_and_shows_what_it_says(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the kernel and its workers
    html = shown(run_notebook(path, tmp_path))
    missing = [text for text in SHOWN[path.name] if text not in html]
    assert not missing
    if path.name == "judge_my_network.ipynb":
        # Of nine columns averaged one is moved: raw images show all of that, averages a ninth.
        passed_on = [
            float(each) for each in re.findall(r"position: ([\d.]+) \([^)]*\) passed on", html)
        ]
        assert passed_on == pytest.approx([1.0, 1 / 9], abs=0.02)


@pytest.mark.filterwarnings("default")
def test_a_broken_notebook_is_an_error(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        run_notebook(tmp_path / "broken.ipynb", tmp_path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert set(SHOWN) == {each.name for each in NOTEBOOKS}
