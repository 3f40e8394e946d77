"""Material, microscope, doses and headline that several cases share; not the paper's own values."""

from typing import Final

from cases.imaging import Microscope
from cases.specimens.specimen import Material

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

#: Metrics in the tables of the cases with defects and adatoms.
DEFECT_HEADLINE: Final = (
    "scs_mpe_pct",
    "scs_mpe_spread_pct",
    "scs_std_pct",
    "scs_bias_rms_pct",
    "scs_bias_pct",
    "failure_rate",
)
