"""Options of a fit: defaults, what they mean, and bad ones named."""

import pickle
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from fitting import Bounds, FitOptions
from stembench.errors import InputError


def test_options_are_values():
    """Equal, hashable and picklable: they are sent to processes and may key a cache."""
    options = FitOptions(width="column", bounds=Bounds(drift=0.5))
    assert options == FitOptions(width="column", bounds=Bounds(drift=0.5))
    assert options != FitOptions(width="column")
    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 (our own bytes)
    assert len({options, FitOptions(), FitOptions()}) == 2
    with pytest.raises(FrozenInstanceError):
        options.width = "shared"


@pytest.mark.parametrize(
    ("choice", "mode", "first"),
    [
        ({}, "shared", None),
        ({"width": "column", "start_width": 2.0}, "column", 2.0),
        ({"width": np.float64(1.5), "start_width": 2.0}, "fixed", 1.5),
        ({"width": 3}, "fixed", 3.0),
    ],
)
def test_a_width_is_free_or_held(choice, mode, first):
    options = FitOptions(**choice)
    assert options.width_mode == mode
    assert options.first_width == first


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"width": "wide"}, "width must be shared, species, column or a number"),
        ({"width": -1.0}, "width must be a positive"),
        ({"width": None}, "width must be a number in px"),
        ({"background": "bowl"}, "background must be one of none, constant, plane"),
        ({"pixel": "round"}, "pixel must be one of sampled, integrated"),
        ({"engine": "gpu"}, "engine must be one of joint, lmfit"),
        ({"estimator": "bayes"}, "estimator must be one of ls, poisson"),
        ({"start_width": 0.0}, "start_width must be a positive"),
        ({"start_width": True}, "start_width must be a number in px"),
        ({"bounds": (0.5, 2.0)}, "bounds must be fitting.Bounds"),
    ],
)
def test_a_bad_option_is_named_where_it_is_made(choice, message):
    with pytest.raises(InputError, match=message):
        FitOptions(**choice)


def test_every_option_is_documented():
    section = FitOptions.__doc__.split("Attributes")[1]
    for option in fields(FitOptions):
        assert f"{option.name} :" in section
