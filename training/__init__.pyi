from .images.radial_functions import (
    RadialFunctions as RadialFunctions,
)
from .images.superposition import (
    atomic_image as atomic_image,
)
from .specimens.crystals.unit_cells import (
    UnitCell as UnitCell,
)
from .specimens.random_specimen import (
    Specimen as Specimen,
    draw_specimen as draw_specimen,
)
from .specimens.simulation_box import (
    Box as Box,
)
