"""Targets of tuned networks: verdicts on both sides of a limit, the choice, and the figure."""

import pytest

from bench.images.faithfulness.share_curve import PANELS, share_figure
from bench.images.faithfulness.targets import TARGETS, Target, chosen, misses, undecided
from stembench.errors import InputError

LOW = Target(measure="vacancy@500", low=0.97)
BAND = Target(measure="intensity@5000", low=0.995, high=1.005)
LESS = Target(measure="position_information@500", beside=0.0, better="lower")
LOSS = Target(measure="psnr", beside=-0.3, whole=True)
DRAWN = {measure for panel in PANELS for measure, _ in panel.curves}


def measures(**changed):
    """All measures, good ones but for what is changed, each with a small standard error."""
    found = {target.measure: 0.999 for target in TARGETS} | dict.fromkeys(DRAWN, 0.999)
    found |= {"vacuum@5000": -0.001, "intensity@5000": 1.0, "psnr": 37.5}
    found |= {name: 0.5 for name in found if "information" in name}
    found |= {name.replace("__", "@"): value for name, value in changed.items()}
    return found | {f"{name}_se": 0.001 for name in found}


PUBLISHED = measures(vacancy__500=0.7, vacuum__5000=-0.1) | {
    name: 0.9 for name in measures() if "information" in name and not name.endswith("_se")
}


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (LOW, 0.98, "met"), (LOW, 0.971, "open"), (LOW, 0.969, "open"), (LOW, 0.96, "missed"),
        (BAND, 1.0, "met"), (BAND, 1.006, "open"), (BAND, 1.01, "missed"), (BAND, 0.99, "missed"),
        (LESS, 0.89, "met"), (LESS, 0.899, "open"), (LESS, 0.91, "missed"),
        (LOSS, 37.201, "met"), (LOSS, 37.199, "missed"),
        (LOW, float("nan"), "missed"), (LESS, float("nan"), "missed"),
    ],
)  # fmt: skip
def test_verdicts_on_both_sides_of_a_limit(target, value, verdict):
    found = measures() | {target.measure: value}
    assert target.verdict(found, PUBLISHED) == verdict


def test_a_value_without_an_error_is_no_pass():
    found = measures() | {"vacancy@500": 1.2, "vacancy@500_se": float("nan")}
    assert LOW.verdict(found, PUBLISHED) == "missed"


def test_limits_in_words():
    assert LOW.words(PUBLISHED) == ">= 0.97"
    assert BAND.words(PUBLISHED) == "0.995 to 1.005"
    assert LESS.words(PUBLISHED) == "<= 0.9"
    assert LOSS.words(PUBLISHED) == ">= 37.2"


def test_an_absent_measure_is_a_sentence():
    with pytest.raises(InputError, match="lacks the measure 'psnr'"):
        LOSS.verdict({}, PUBLISHED)


def test_misses_are_those_beyond_doubt():
    assert misses(measures(), PUBLISHED) == ()
    found = measures(vacancy__500=0.9, half__500=0.8005)
    assert misses(found, PUBLISHED) == ("vacancy@500",)


def test_what_is_open_is_told_with_its_side():
    found = undecided(measures(vacancy__500=0.9695, half__500=0.8005), PUBLISHED)
    assert found == {
        "vacancy@500": {
            "target": ">= 0.97", "value": 0.9695, "standard_error": 0.001, "reached": False
        },
        "half@500": {
            "target": ">= 0.8", "value": 0.8005, "standard_error": 0.001, "reached": True
        },
    }  # fmt: skip
    assert undecided(measures(), PUBLISHED) == {}


def test_the_choice_is_by_misses_then_by_what_is_met_then_by_psnr():
    judged = {
        ("a", 1.0): measures(psnr=37.6, vacancy__500=0.9),
        ("a", 0.5): measures(psnr=37.3, half__500=0.8005),
        ("b", 0.5): measures(psnr=37.3),
    }
    assert chosen(judged, PUBLISHED) == ("b", 0.5)
    assert chosen({**judged, ("b", 0.25): measures(psnr=37.4)}, PUBLISHED) == ("b", 0.25)
    with pytest.raises(InputError, match="no tuned network"):
        chosen({}, PUBLISHED)


def test_the_figure_draws_every_curve_from_the_published_network_on():
    judged = {
        ("seed1", share): measures(vacancy__500=0.7 + 0.3 * share) for share in (0.5, 1.0)
    } | {("seed2", 1.0): measures(vacancy__500=0.95)}
    page = share_figure(judged, PUBLISHED)
    assert len(page.axes) == len(PANELS)
    assert {target.measure for target in TARGETS} <= DRAWN
    # Targets are lines, at the limits themselves; a share is marked only if it is named.
    dotted = [line for line in page.axes[0].lines if line.get_linestyle() == ":"]
    assert {line.get_ydata()[0] for line in dotted} == {0.97, 0.8}
    marked = share_figure(judged, PUBLISHED, marked=0.8, note="4 images")
    grey = [len([line for line in p.axes[0].lines if line.get_color() == "0.75"])
            for p in (page, marked)]  # fmt: skip
    assert grey == [0, 1]
    assert "4 images" in marked.texts[-1].get_text()
    lines = [bar.lines[0] for bar in page.axes[0].containers]
    points = [list(zip(*line.get_data(), strict=True)) for line in lines]
    assert [(0.0, 0.7), (0.5, 0.85), (1.0, 1.0)] in points
    assert [(0.0, 0.7), (1.0, 0.95)] in points
