"""What a run imports: ground truth and records, never the simulation that made the truth."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SCRIPT = """
import sys

import numpy as np

import bench.run.run
from bench.plan.blocks import plan_blocks
from bench.plan.profiles import Profile, Selection
from bench.run.block import run_block
from cases import CASES, load_ground_truth

for case in CASES:
    image = load_ground_truth(case).image(case.labels[0])
    assert image.shape == case.shape and image.max() > 0
selections = (Selection("pt_bulk", ("z05",), (5e3,), 1),)
(block,) = plan_blocks(Profile("tiny", "", selections, ("raw",)), seed=0)
assert len(run_block(block, np.empty(0)).records) > 50
loaded = set(sys.modules)
print(sorted(n for n in loaded if n.split(".")[0] == "abtem" or n.startswith("cases.simulation")))
print(sorted(n for n in loaded if n.startswith("cases.truth.")))
"""


def test_a_run_imports_neither_abtem_nor_the_simulation():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    simulation, truth = done.stdout.splitlines()
    assert simulation == "[]"
    assert "cases.truth.ground_truth" in truth  # negative control: the names are those looked for
