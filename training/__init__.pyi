from .evidence.drawn_parameters import (
    training_table as training_table,
)
from .evidence.image_coverage import (
    IMAGE_STATISTICS as IMAGE_STATISTICS,
    drawn_images as drawn_images,
    image_statistics as image_statistics,
)
from .evidence.pair_figure import (
    pair_figure as pair_figure,
    write_pair_figure as write_pair_figure,
)
from .export.write_network import (
    write_network as write_network,
)
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
from .networks.layer_graph import (
    LayerNode as LayerNode,
    layer_nodes as layer_nodes,
)
from .networks.mr_unet import (
    MrUnet as MrUnet,
    averaged_truths as averaged_truths,
)
from .networks.patch_discriminator import (
    PatchDiscriminator as PatchDiscriminator,
)
from .pairs.modalities import (
    DATA_SETS as DATA_SETS,
    Modality as Modality,
    modality_named as modality_named,
)
from .pairs.pair import (
    Pair as Pair,
    PairDescription as PairDescription,
    draw_pair as draw_pair,
    make_pair as make_pair,
)
from .pairs.pair_sequence import (
    PairSequence as PairSequence,
    stream_batches as stream_batches,
)
from .pairs.shards import (
    Shards as Shards,
    write_pairs as write_pairs,
)
from .recipes.lacking_pairs import (
    LACKING as LACKING,
    LackingPairs as LackingPairs,
)
from .recipes.mixed_pairs import (
    MixedPairs as MixedPairs,
)
from .recipes.recipe import (
    AdamSettings as AdamSettings,
    Adversary as Adversary,
    Recipe as Recipe,
    TrainedPairs as TrainedPairs,
    Watch as Watch,
)
from .recipes.recipe_files import (
    RECIPES as RECIPES,
    parse_recipe as parse_recipe,
    read_recipe as read_recipe,
    recipe_text as recipe_text,
)
from .recipes.training_stage import (
    PAPER_STAGES as PAPER_STAGES,
    Stage as Stage,
)
from .schedule.gradients import (
    forward_pass as forward_pass,
    make_reproducible as make_reproducible,
)
from .schedule.held_out import (
    restorer_of as restorer_of,
)
from .schedule.pair_source import (
    MadePairs as MadePairs,
    PairSource as PairSource,
    WrittenPairs as WrittenPairs,
)
from .schedule.trainer import (
    Told as Told,
    train as train,
)
from .specimens.crystals.unit_cells import (
    UnitCell as UnitCell,
)
from .specimens.held_out.exclusion import (
    NOTHING_EXCLUDED as NOTHING_EXCLUDED,
    Exclusion as Exclusion,
    case_distances as case_distances,
    exclusion_of as exclusion_of,
    exclusion_of_cases as exclusion_of_cases,
)
from .specimens.random_specimen import (
    Specimen as Specimen,
    draw_specimen as draw_specimen,
)
from .specimens.simulation_box import (
    Box as Box,
)
from .tuning.fusion_tuning import (
    FusionTuning as FusionTuning,
    TunedFusions as TunedFusions,
    hold_all_but_fusions as hold_all_but_fusions,
    read_tuned_fusions as read_tuned_fusions,
    tune_fusions as tune_fusions,
)
from .tuning.judged_lattices import (
    JUDGED_LATTICES as JUDGED_LATTICES,
    exclusion_of_tuning as exclusion_of_tuning,
)
from .tuning.scene_columns import (
    SceneColumns as SceneColumns,
    column_image as column_image,
)
from .tuning.scene_lattice import (
    SceneLattice as SceneLattice,
)
from .tuning.scene_pair import (
    ScenePair as ScenePair,
    make_scene_pair as make_scene_pair,
)
from .tuning.tuning_batches import (
    TuningBatches as TuningBatches,
)
from .tuning.tuning_loss import (
    tuning_loss as tuning_loss,
)
