"""The material and microscope that the three Pt cases share; declared here, not the paper's own."""

from typing import Final

from cases.case import Material, Microscope

#: Lattice parameter at room temperature and B = 8 π² u² = 0.48 Å².
PLATINUM: Final = Material(element="Pt", lattice_parameter=3.9242, rms_displacement=0.078)

HAADF: Final = Microscope(
    voltage=300e3,
    semi_convergence=21.4,
    inner=58.0,
    outer=190.0,
    defocus=0.0,
    source_sigma=0.35,
)

#: Doses of studies 2 and 3 in e/Å².
STUDY_DOSES: Final = (5e2, 1e3, 5e3, 1e4, 5e4)
