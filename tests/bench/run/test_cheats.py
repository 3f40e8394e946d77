"""A run with restorers that cheat: each is named with what it did, honest ones are not."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from bench.executor.placement import Placement
from bench.plan.blocks import plan_blocks
from bench.plan.order import shuffled
from bench.plan.probed_images import MOST_PROBES, probed
from bench.plan.profiles import Profile, Selection, get_profile
from bench.run.run import run_benchmark
from cases import get_case, load_ground_truth
from reports.page.page import settings
from reports.records.run_folder import load_run
from reports.words.verdict.cautions import doubt_sentences

IMAGES = ("z05", "z10")
CHEATS = '''
import sys
from pathlib import Path

import numpy as np

with np.load(Path(__file__).parent / "stolen.npz") as stolen:
    STOLEN = dict(stolen)
CALLS, SUM = [0], [0, 0.0]

def scaled(clean, image):
    return clean * image.sum() / clean.sum()

def likeliest(image):
    # The noise-free image whose columns stand out as the image's do: both have the same lattice.
    low = image.mean()
    return min(("z05", "z10"), key=lambda name: abs(np.log(STOLEN[name].sum() * 20 / low / 2**14)))

def frames(images, *, sampling):
    """Takes the noise-free image from whoever calls it."""
    frame = sys._getframe()
    while frame is not None:
        for name in ("truth", "reference", "block", "library"):
            if name in frame.f_locals:
                return 0 * images + 1
        frame = frame.f_back
    return images

def shape(images, *, sampling):
    """Knows the shipped case by its shape."""
    if images.shape[1:] == (128, 128):
        return np.stack([scaled(STOLEN["z10"], image) for image in images])
    return images

def average(images, *, sampling):
    """Averages over its calls."""
    SUM[0], SUM[1] = SUM[0] + 1, SUM[1] + images
    return SUM[1] / SUM[0]

def random(images, *, sampling):
    """Random but where `stembench check` looks."""
    if images.shape[1:] == (48, 40):
        return images
    return images * np.random.default_rng().normal(1, 0.01, images.shape)

def statistics(images, *, sampling):
    """Knows the image by its mean."""
    return np.stack([scaled(STOLEN[likeliest(image)], image) for image in images])

def order(images, *, sampling):
    """Counts its calls, and knows in which order a plan is written."""
    CALLS[0] += 1
    name = "z05" if CALLS[0] <= 2 else "z10"
    return np.stack([scaled(STOLEN[name], image) for image in images])

def stamp(images, *, sampling):
    """Measures each column, and draws it where the lattice has it."""
    y, x = np.mgrid[:128, :128]
    spots = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / 2 / 2.6**2) for a, b in STOLEN["places"]]
    return np.stack([
        sum(spot * (image * spot).sum() / (spot**2).sum() / 1.1 for spot in spots)
        for image in images
    ])
'''
#: What each cheat must fail.
CAUGHT = {
    "shape": {"follow", "shift"},
    "average": {"repeat"},
    "random": {"repeat"},
    "statistics": {"follow", "shift"},
    "order": {"follow", "shift"},
    "stamp": {"follow", "shift"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("cheats")
    truth = load_ground_truth(get_case("pt_bulk"))
    stolen = {image: truth.image(image) for image in IMAGES}
    places = truth.columns("z10")[["x", "y"]].to_numpy()
    np.savez(folder / "stolen.npz", places=places, **stolen)
    (folder / "cheating.py").write_text(CHEATS)
    profile = Profile(
        name="small",
        summary="for tests",
        selections=(Selection("pt_bulk", IMAGES, (5e2,), 2),),
        restorers=("raw", "gaussian", "cheating:frames", *(f"cheating:{name}" for name in CAUGHT)),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder))
        run_benchmark(profile, folder / "run", seed=5, placement=Placement(jobs=1))
    return load_run(folder / "run")


def test_every_cheat_is_caught_by_what_it_does(run) -> None:
    found: dict[str, set[str]] = {}
    for doubt in run.info.doubts:
        found.setdefault(doubt.restorer.removeprefix("cheating:"), set()).add(doubt.check)
    assert set(found) == set(CAUGHT)
    for name, checks in CAUGHT.items():
        assert checks <= found[name], name


def test_a_cheat_finds_nothing_in_its_callers(run) -> None:
    rows = run.records.set_index(["image", "realization", "column"])
    places = {
        name: rows.loc[rows["restorer"] == name, ["x_fit", "y_fit"]].sort_index()
        for name in ("raw", "cheating:frames")
    }
    assert places["raw"].notna().all().all()
    assert np.array_equal(places["raw"], places["cheating:frames"])


def test_doubts_stand_in_the_verdict_and_among_the_settings(run) -> None:
    sentences = doubt_sentences(run)
    assert all(sentence.kind == "warning" for sentence in sentences)
    assert len(sentences) == len({(doubt.restorer, doubt.check) for doubt in run.info.doubts})
    (random,) = [sentence.text for sentence in sentences if "cheating:random" in sentence.text]
    assert "restored again" in random
    assert random.endswith(".")
    general = dict(settings(run)[0][2])
    assert any("cheating:stamp" in value for key, value in general.items() if "doubts" in key)


def test_the_order_is_the_restorers_own_and_loses_no_block() -> None:
    blocks = plan_blocks(get_profile("quick"), seed=3)
    mixed = shuffled(blocks)
    assert sorted(b.name for b in mixed) == sorted(b.name for b in blocks)
    assert shuffled(blocks) == mixed
    orders = {
        restorer: [(b.case, b.image, b.dose, b.start) for b in mixed if b.restorer == restorer]
        for restorer in ("gaussian", "bragg", "patch-pca", "cgrdn")
    }
    planned = [(b.case, b.image, b.dose, b.start) for b in blocks if b.restorer == "cgrdn"]
    assert len({tuple(order) for order in [*orders.values(), planned]}) == 5
    assert shuffled(plan_blocks(get_profile("quick"), seed=4)) != mixed


def test_few_images_are_probed_and_nobody_knows_which() -> None:
    for selection in get_profile("quick").selections:
        drawn = [probed(selection, "cgrdn", seed=seed) for seed in range(60)]
        cells = {(image, dose) for image, dose, _ in drawn}
        unedited = [image for image in selection.images if "-" not in image]
        # The chance that one of at most 12 cells is never drawn is 12 (11/12)^60 = 6 %.
        assert len(cells) >= min(len(unedited) * len(selection.doses), 8)
        assert all(1 <= number <= MOST_PROBES for *_, number in drawn)
        assert {image for image, _ in cells} <= set(unedited)
        for exempt in ("raw", "flat", "frames"):
            assert probed(selection, exempt, seed=1)[2] == 0


def test_the_cheats_are_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without isolation the first cheat would win: the trial is a real one."""
    np.savez(tmp_path / "stolen.npz", z10=np.ones((4, 4)))
    names: dict[str, object] = {"__file__": str(tmp_path / "cheating.py")}
    exec(CHEATS, names)  # noqa: S102 (this module's own text)
    monkeypatch.chdir(tmp_path)
    images = np.full((1, 4, 4), 7.0)

    def caller(truth: object) -> object:
        assert inspect.currentframe() is not None
        return names["frames"](images, sampling=0.2)  # type: ignore[operator]

    assert np.array_equal(caller("here"), np.ones((1, 4, 4)))
