"""Case particle_adatoms: the Pt particle of 333 columns with four adatoms, pure shot noise."""

from typing import Final

from cases.case import Case, FitChoice, ImageSpec, MeasuredColumns
from cases.declared.shared import DEFECT_HEADLINE, HAADF, PLATINUM
from cases.imaging import WindowScan
from cases.specimens.kinds.particle_adatoms import AdatomSite, ParticleAdatoms
from cases.study import RunAmount, Study
from noise import ScanNoise

CASE: Final = Case(
    name="particle_adatoms",
    version=1,
    title="Adatoms on a Pt nanoparticle",
    summary=(
        "Whether single atoms on a particle's surface survive restoration: one beside a facet, "
        "alone in its column, and one each on columns of 3, 6 and 9 atoms."
    ),
    study=Study(
        figure="defects",
        headline=DEFECT_HEADLINE,
        score="defect_error",
        quick=RunAmount(doses=(5e2, 5e3), realizations=8, raw_realizations=64),
        searched_examples=1,
    ),
    structure=ParticleAdatoms(
        material=PLATINUM,
        radius=5.12,
        # Five columns apart at least, so that no difference image reaches another site; those on
        # columns sit where the beam leaves.
        sites=(
            # Fourfold hollow of the facet (100), seen from its side.
            AdatomSite("adatom0", (11, 1, 0)),
            # Threefold hollows of {111}.
            AdatomSite("adatom3", (-8, 6, 4)),
            AdatomSite("adatom6", (-5, -6, 7)),
            AdatomSite("adatom9", (0, -4, 10)),
            AdatomSite("perfect", (5, 3)),
        ),
        host_case="nanoparticle",
    ),
    microscope=HAADF,
    simulation=WindowScan(
        points=35,
        step=0.2295,
        oversampling=8,
        window=320,
        planes_per_slice=1,
        interleave=4,
        symmetry="p1",
        fine_radius=None,
        seed=20230005,
    ),
    images=(ImageSpec(label="particle", thickness=11),),
    sampling=0.2,
    shape=(256, 256),
    margin=8,
    offset=(0.0713, -0.0377),
    doses=(5e2, 5e3, 5e4),
    noise=ScanNoise(),
    measured=MeasuredColumns(rule="all"),
    # Twins of the column beside the facet are empty: a free position would wander off.
    fit=FitChoice(width="shared", background="none", drift=0.0),
)
