from .images.radial_functions import (
    RadialFunctions as RadialFunctions,
)
from .images.superposition import (
    atomic_image as atomic_image,
)
from .networks.dense_networks import (
    Cgrdn as Cgrdn,
    Grdn as Grdn,
    cgrdn_weights as cgrdn_weights,
)
from .networks.generator import (
    Generator as Generator,
)
from .networks.mr_unet import (
    MrUnet as MrUnet,
    averaged_truths as averaged_truths,
)
from .networks.patch_discriminator import (
    PatchDiscriminator as PatchDiscriminator,
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
