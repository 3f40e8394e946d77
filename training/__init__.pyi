from .images.radial_functions import (
    RadialFunctions as RadialFunctions,
)
from .images.superposition import (
    atomic_image as atomic_image,
)
from .losses.adversarial_loss import (
    adversarial_loss as adversarial_loss,
    discriminator_loss as discriminator_loss,
    relativistic_probability as relativistic_probability,
)
from .losses.discriminator_noise import (
    draw_discriminator_noise as draw_discriminator_noise,
    with_discriminator_noise as with_discriminator_noise,
)
from .losses.fourier_loss import (
    fourier_loss as fourier_loss,
)
from .losses.generator_loss import (
    AUTHORS as AUTHORS,
    FIRST_STAGE as FIRST_STAGE,
    FORMS as FORMS,
    PAPER as PAPER,
    SECOND_STAGE as SECOND_STAGE,
    THIRD_STAGE as THIRD_STAGE,
    GeneratorLoss as GeneratorLoss,
    LossForm as LossForm,
)
from .losses.whitening_loss import (
    whitened as whitened,
    whitening_loss as whitening_loss,
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
