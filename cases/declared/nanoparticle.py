"""Case nanoparticle: a spherical Pt particle of 333 columns under scan distortion (study 3)."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import HAADF, PLATINUM, STUDY_DOSES
from cases.imaging import CoarseLevel, WindowScan
from cases.specimens.kinds.nanoparticle import Nanoparticle
from cases.study import RunAmount, Study
from noise import STUDY_SCAN

CASE: Final = Case(
    name="nanoparticle",
    version=2,
    title="Spherical Pt nanoparticle [100]",
    summary=(
        "Accuracy of column position, scattering cross-section and atom count of all 333 columns "
        "of a sphere of 2243 atoms, under shot noise and scan distortion."
    ),
    study=Study(
        number=3,
        figure="counting",
        headline=(
            "count_accuracy",
            "position_mae_unshifted_pm",
            "position_mae_pm",
            "position_mae_spread_pm",
            "position_mae_true_pm",
            "scs_mpe_pct",
            "scs_mpe_spread_pct",
            "scs_bias_pct",
            "failure_rate",
        ),
        score="count_accuracy",
        quick=RunAmount(realizations=8, raw_realizations=64),
        searched_examples=1,
    ),
    # Any radius from 5.10 to 5.14 lattice parameters gives the same 2243 atoms.
    structure=Nanoparticle(material=PLATINUM, radius=5.12),
    microscope=HAADF,
    simulation=WindowScan(
        points=241,
        step=0.2295,
        oversampling=8,
        window=560,
        planes_per_slice=1,
        interleave=4,
        symmetry="p4m",
        fine_radius=22.4,
        seed=20230003,
        coarse=CoarseLevel(grid=6, window=120, outer=165.0, places=8),
    ),
    images=(ImageSpec(label="particle", thickness=11),),
    sampling=0.2,
    shape=(256, 256),
    margin=8,
    offset=(0.0713, -0.0377),
    doses=STUDY_DOSES,
    noise=STUDY_SCAN,
    measured=MeasuredColumns(rule="all"),
    fit=FitChoice(width="shared", background="none"),
    library_case="pt_bulk",
)
