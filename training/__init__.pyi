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
from .images.radial_functions import (
    RadialFunctions as RadialFunctions,
)
from .images.superposition import (
    atomic_image as atomic_image,
)
from .pairs.modalities import (
    DATA_SETS as DATA_SETS,
    Modality as Modality,
    modality_named as modality_named,
)
from .pairs.pair import (
    Pair as Pair,
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
