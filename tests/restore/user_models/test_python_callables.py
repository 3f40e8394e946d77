"""A restorer given as module:callable: what it is called with, and what is refused."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from restore import RestorationError, load_restorer
from stembench.errors import InputError

COUNTS = np.random.default_rng(0).poisson(300.0, (2, 7, 10)).astype(np.float64)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of the user's in the current folder."""
    (tmp_path / "mynet_of_the_test.py").write_text(
        "import numpy as np\n"
        "__version__ = '2.1'\n"
        "def halve(images, *, sampling):\n"
        "    return images / 2\n"
        "def tell(images, *, sampling):\n"
        "    assert images.dtype == float\n"
        "    images[0, 0, :4] = [*images.shape, sampling]\n"
        "    return images\n"
        "def crop(images, *, sampling):\n"
        "    return images[:, 1:]\n"
        "def nan(images, *, sampling):\n"
        "    return images * np.nan\n"
        "def fail(images, *, sampling):\n"
        "    raise RuntimeError('no licence')\n"
        "number = 3\n"
    )
    (tmp_path / "fails_on_import_of_the_test.py").write_text("import package_that_is_not_there\n")
    monkeypatch.chdir(tmp_path)
    path = sys.path.copy()
    yield "mynet_of_the_test"
    sys.path[:] = path
    sys.modules.pop("mynet_of_the_test", None)


def test_callable(module: str) -> None:
    """Called with one image at a time, float64 counts and the sampling."""
    restorer = load_restorer(f"{module}:halve")
    np.testing.assert_array_equal(restorer.restore(COUNTS, sampling=0.2), COUNTS / 2)
    assert module not in sys.modules
    told = load_restorer(f"{module}:tell").restore(COUNTS, sampling=0.2)
    np.testing.assert_array_equal(told[:, 0, :4], [[1, 7, 10, 0.2]] * 2)
    assert restorer.metadata.name == f"{module}:halve"
    assert restorer.metadata.engine == f"{module} 2.1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("crop", r"returned shape \(6, 10\) for image 0 of shape \(7, 10\)"),
        ("nan", "returned NaN or infinity in 70 of 70 pixels of image 0"),
        ("fail", "failed on image 0: RuntimeError: no licence"),
    ],
)
def test_callable_that_breaks_the_contract(module: str, name: str, message: str) -> None:
    with pytest.raises(RestorationError, match=message):
        load_restorer(f"{module}:{name}").restore(COUNTS, sampling=0.1)


def test_callable_that_cannot_be_loaded(module: str) -> None:
    for name in ("absent", "number"):
        with pytest.raises(InputError, match=f"has no callable '{name}'"):
            load_restorer(f"{module}:{name}")
    with pytest.raises(InputError, match=r"cannot be imported \(ModuleNotFoundError"):
        load_restorer("fails_on_import_of_the_test:restore")
