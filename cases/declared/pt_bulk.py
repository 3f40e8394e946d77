"""Case pt_bulk: a perfect Pt [001] crystal, 1 to 75 unit cells, pure shot noise (study 1)."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import HAADF, PLATINUM
from cases.imaging import CoarseLevel, SupercellScan
from cases.specimens.kinds.bulk_crystal import BulkCrystal
from cases.study import RunAmount, Study
from noise import ScanNoise

CASE: Final = Case(
    name="pt_bulk",
    version=2,
    title="Pt [001] bulk crystal",
    summary=(
        "Precision of column position and scattering cross-section against thickness, under shot "
        "noise alone, beside the Cramér-Rao bound. Thickness 1 serves the atom-counting library."
    ),
    study=Study(
        number=1,
        figure="precision",
        headline=(
            "position_std_pm",
            "position_std_over_bound",
            "position_bias_rms_pm",
            "position_rmse_pm",
            "scs_std_pct",
            "scs_std_over_bound",
            "scs_bias_rms_pct",
            "scs_rmse_pct",
            "failure_rate",
        ),
        quick=RunAmount(
            images=("z02", "z05", "z10", "z20", "z40", "z75"), realizations=16, raw_realizations=64
        ),
        # The paper's study starts at two cells; z01 only serves the library.
        paper=RunAmount(images=tuple(f"z{z:02d}" for z in range(2, 76)), realizations=100),
        converged=("z05", "z20", "z75"),
        score="information",
        information="response",
    ),
    structure=BulkCrystal(material=PLATINUM, cells=75),
    microscope=HAADF,
    simulation=SupercellScan(
        repeats=6,
        grid_points=800,
        scan_points=18,
        slices_per_cell=2,
        seed=20230001,
        coarse=CoarseLevel(grid=648, window=120, outer=170.0, places=8),
    ),
    images=tuple(ImageSpec(label=f"z{z:02d}", thickness=z) for z in range(1, 76)),
    sampling=0.2,
    shape=(128, 128),
    margin=8,
    # Not commensurate with the pixel grid, so that columns lie at all phases of a pixel.
    offset=(0.3127, 0.5713),
    doses=(5e2, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="innermost", value=8),
    fit=FitChoice(width="shared", background="none"),
    bound=True,
)
