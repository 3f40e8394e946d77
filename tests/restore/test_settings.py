"""Settings in a restorer's spec: what is read, what becomes of the name, what is refused."""

import pytest

from restore import RESTORERS, load_restorer
from restore.settings import read_free_settings
from stembench.errors import InputError


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("gaussian", "gaussian"),
        ("gaussian:sigma=0.3", "gaussian"),
        ("gaussian:sigma=0.45", "gaussian:sigma=0.45"),
        ("bragg:longest=20,radius=0.05", "bragg:radius=0.05,longest=20"),
        ("wavelet:wavelet=db2,levels=2", "wavelet:wavelet=db2,levels=2"),
        ("nlm: strength = 0.8", "nlm:strength=0.8"),
    ],
)
def test_name_tells_what_is_set(spec: str, name: str) -> None:
    """Only what differs from the default, in the declared order, so that a name is one setting."""
    assert load_restorer(spec).metadata.name == name
    assert load_restorer(name).metadata.name == name


def test_settings_reach_the_restorer() -> None:
    assert load_restorer("gaussian:sigma=0.45").inner.sigma == 0.45  # type: ignore[attr-defined]
    assert load_restorer("wavelet:levels=2").inner.levels == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gaussian:width=1", r"'gaussian' has no setting 'width=1'; it has sigma=0\.3"),
        ("gaussian:sigma", "has no setting 'sigma'"),
        ("gaussian:", "has no setting ''"),
        ("raw:sigma=1", "'raw' has no setting 'sigma=1'; it has none"),
        ("cgrdn:tile=1", "'cgrdn' has no setting 'tile=1'; it has none"),
        ("gaussian:sigma=wide", "'sigma' of 'gaussian' is a number, not 'wide'"),
        ("gaussian:sigma=nan", "is a number, not 'nan'"),
        ("wavelet:levels=2.5", "'levels' of 'wavelet' is a whole number, not '2.5'"),
        ("gaussian:sigma=1,sigma=2", "setting 'sigma' of restorer 'gaussian' is given twice"),
    ],
)
def test_what_is_refused(spec: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_restorer(spec)


def test_each_built_in_declares_its_settings() -> None:
    declared = {entry.name: entry.settings for entry in RESTORERS}
    assert declared["raw"] == {}
    assert declared["gaussian"] == {"sigma": 0.3}
    assert declared["n2v"]["steps"] == 400


def test_settings_of_which_nothing_is_declared() -> None:
    read = read_free_settings("a=1,b=2.5,c=yes,d=no,e=two", restorer="mine")
    assert read == {"a": 1, "b": 2.5, "c": True, "d": False, "e": "two"}
    for text in ("a", "a=1,a=2", "1=a", ""):
        with pytest.raises(InputError):
            read_free_settings(text, restorer="mine")
