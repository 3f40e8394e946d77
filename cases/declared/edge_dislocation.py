"""Case edge_dislocation: an edge dislocation in Pt [112] under scan distortion (study 2)."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import HAADF, PLATINUM, STUDY_DOSES
from cases.imaging import CoarseLevel, WideLevel, WindowScan
from cases.specimens.kinds.edge_dislocation import EdgeDislocation
from cases.study import RunAmount, Study
from noise import STUDY_SCAN

CASE: Final = Case(
    name="edge_dislocation",
    version=3,
    title="Edge dislocation in Pt [112]",
    summary=(
        "Accuracy of column position and scattering cross-section round the core of an edge "
        "dislocation with b = 1/2<110>, six periods thick, under shot noise and scan distortion."
    ),
    study=Study(
        number=2,
        figure="dislocation",
        headline=(
            "position_mae_unshifted_pm",
            "position_mae_pm",
            "position_mae_spread_pm",
            "position_mae_true_pm",
            "position_std_pm",
            "position_bias_rms_pm",
            "scs_mpe_pct",
            "scs_mpe_spread_pct",
            "scs_bias_pct",
            "failure_rate",
        ),
        quick=RunAmount(realizations=16, raw_realizations=64),
    ),
    structure=EdgeDislocation(
        material=PLATINUM,
        repeats=(22, 9, 6),
        # Between columns and between planes: on a column the cut would hang on round-off.
        core=(11.25, 4.5),
        sign=1,
        poisson_ratio=0.39,
        mode="edge_rm",
    ),
    microscope=HAADF,
    simulation=WindowScan(
        points=140,
        step=0.2295,
        oversampling=8,
        window=560,
        planes_per_slice=2,
        interleave=4,
        symmetry="p1",
        fine_radius=None,
        seed=20230002,
        coarse=CoarseLevel(grid=6, window=120, outer=165.0, places=1),
        # 36.7 Å; from so near the core it stays inside the crystal, which ends at 27.6 Å.
        wide=WideLevel(window=1280, probes=12, reach=9.0),
    ),
    images=(ImageSpec(label="core", thickness=6),),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    offset=(0.0531, -0.0817),
    doses=STUDY_DOSES,
    noise=STUDY_SCAN,
    measured=MeasuredColumns(rule="within", value=8.0),
    fit=FitChoice(width="shared", background="none"),
)
