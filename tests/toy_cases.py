"""Cases small enough to be simulated in a test."""

import dataclasses

from cases import get_case
from cases.case import ImageSpec
from cases.imaging import CoarseLevel, SupercellScan, WindowScan
from cases.specimens.kinds.bulk_crystal import BulkCrystal
from cases.specimens.kinds.nanoparticle import Nanoparticle


def tiny_bulk():
    """Two cells of Pt on a coarse grid, with a detector that the grid still reaches."""
    case = get_case("pt_bulk")
    return dataclasses.replace(
        case,
        structure=BulkCrystal(material=case.structure.material, cells=2),
        microscope=dataclasses.replace(case.microscope, inner=25.0, outer=55.0),
        simulation=SupercellScan(
            repeats=2,
            grid_points=96,
            scan_points=6,
            slices_per_cell=2,
            seed=1,
            coarse=CoarseLevel(grid=72, window=36, outer=45.0, places=3),
        ),
        images=(ImageSpec("z01", 1), ImageSpec("z02", 2)),
    )


def tiny_particle():
    """13 atoms, an octant of a 9 x 9 scan in four configurations."""
    case = get_case("nanoparticle")
    return dataclasses.replace(
        case,
        structure=Nanoparticle(material=case.structure.material, radius=0.75),
        microscope=dataclasses.replace(case.microscope, inner=25.0, outer=55.0),
        simulation=WindowScan(
            points=13,
            step=0.45,
            oversampling=6,
            window=96,
            planes_per_slice=1,
            interleave=2,
            symmetry="p4m",
            fine_radius=2.4,
            seed=1,
            coarse=CoarseLevel(grid=5, window=48, outer=45.0, places=8),
        ),
    )
