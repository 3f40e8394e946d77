"""Units as files spell them, held against the library of units and against what programs write."""

import pint
import pytest
from hypothesis import given, settings, strategies as st

from bench.own_images.files.units import unit_named

_LENGTHS = {
    10.0: ["nm", "NM", " nm ", "[nm]", "(nm)", "n_m", "nanometer", "Nanometres", b"nm\0",
        "nm/px", "nm/pixel", "nm per pixel", "nm·px⁻¹", "nm px^-1", "Nanometers / Pixel",
        "[nm/px]", "n m", "nano meters", "'nm'", '"nm"', "nanometer (nm)",
        "Nanometer [nm]", "nm (calibrated)",
        "pixel size (nm)"],
    1.0: ["Å", "\u212b", "A\u030a", "\\u00C5", "A", "Ang", "angstrom", "Angstroms", "ÅNGSTRÖM",
        "Angström", "Ångstrøm", "AA", "\\AA", "Å/px", "A/pixel", "length (Å)"],
    1e4: ["µm", "\u03bcm", "um", "micron", "microns", "Micrometers", "\\u00B5m", "µ", b"\xb5m",
        "mu m", "μm/px"],
    0.01: ["pm", "picometer", "picometre"],
    1e7: ["mm", "millimeter"],
    1e8: ["cm"],
    1e10: ["m", "meter", "metres"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "angstrom"), [(text, size) for size, texts in _LENGTHS.items() for text in texts]
)
def test_lengths(text: str | bytes, angstrom: float) -> None:
    unit = unit_named(text)
    assert unit.kind == "length"
    assert unit.angstrom == pytest.approx(angstrom, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["1/nm", "1 / nm", "nm^-1", "nm**-1", "nm-1", "Å⁻¹", "1/Å", "1/µm", "nm^(-1)", "[1/nm]"]
)
def test_reciprocal_lengths(text: str) -> None:
    assert unit_named(text).kind == "reciprocal"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "none"), (None, "none"), ("px", "none"), ("pixels", "none"), ("<undefined>", "none"),
        ("[]", "none"), ("a.u.", "none"), ("eV", "energy"), ("keV", "energy"), ("mrad", "angle"),
        ("rad", "angle"), ("deg", "angle"), ("s", "time"), ("ns", "time"), ("K", "other"),
        ("test_units", "unknown"), ("px per nm", "other"), ("nm/s", "other"),
        ("nm (Å)", "unknown"), ("1/nm (px)", "reciprocal"), ("nm^2", "other"),
    ],
)  # fmt: skip
def test_other_kinds(text: str | None, kind: str) -> None:
    assert unit_named(text).kind == kind
    assert unit_named(text).angstrom is None


_registry = pint.UnitRegistry()


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["nano", "pico", "micro", "milli", "centi", "kilo", "femto", "deci", ""]),
    st.sampled_from(["meter", "metre", "meters", "metres"]),
    st.sampled_from([str, str.capitalize, str.upper]),
    st.sampled_from(["{}", " {} ", "[{}]", "({})", "{}\0"]),
)
def test_every_metric_length(prefix: str, root: str, case, brackets: str) -> None:
    unit = unit_named(brackets.format(case(prefix + root)))
    assert unit.angstrom == pytest.approx(_registry(prefix + root).to("angstrom").magnitude)


def test_prefixes_are_told_apart_by_their_capitals() -> None:
    assert unit_named("Mm").angstrom == pytest.approx(1e16)
    assert unit_named("mm").angstrom == pytest.approx(1e7)
