from .arrays import (
    distort_array as distort_array,
)
from .chain import (
    Chain as Chain,
    distort as distort,
)
from .dose import (
    draw_counts as draw_counts,
    electrons_per_pixel as electrons_per_pixel,
)
from .evidence.coverage import (
    drawn_statistics as drawn_statistics,
    random_distortion as random_distortion,
    rank as rank,
)
from .evidence.declarations import (
    DrawnChance as DrawnChance,
    DrawnRange as DrawnRange,
    drawn_declarations as drawn_declarations,
    drawn_tables as drawn_tables,
    range_table as range_table,
    stage_table as stage_table,
)
from .evidence.demonstrations import (
    Demonstration as Demonstration,
    jitter_demonstrations as jitter_demonstrations,
    scan_demonstrations as scan_demonstrations,
    tem_demonstrations as tem_demonstrations,
    whitening_demonstrations as whitening_demonstrations,
)
from .evidence.published_pairs import (
    MODALITIES as MODALITIES,
    published_pairs as published_pairs,
)
from .evidence.residuals import (
    STATISTICS as STATISTICS,
    distorted_part as distorted_part,
)
from .post_processing.apply import (
    PostProcessing as PostProcessing,
    post_process as post_process,
)
from .presets import (
    FULL_SCAN as FULL_SCAN,
    FULL_TEM as FULL_TEM,
    PRESETS as PRESETS,
    SCAN_WITH_LINES as SCAN_WITH_LINES,
    STUDY_SCAN as STUDY_SCAN,
    ablation_ladder as ablation_ladder,
    axis_ladder as axis_ladder,
    noise_axes as noise_axes,
)
from .ranges import (
    Chance as Chance,
    Drawn as Drawn,
    Range as Range,
)
from .scan import (
    ScanNoise as ScanNoise,
)
from .seeds import (
    realization_generator as realization_generator,
    scan_generator as scan_generator,
)
from .stages.additions.coupled_counts import (
    coupled_counts as coupled_counts,
)
from .stages.detector import (
    Detector as Detector,
)
from .stages.fast_scan import (
    FastScan as FastScan,
    trail_with as trail_with,
)
from .stages.jitter import (
    Jitter as Jitter,
    displaced_image as displaced_image,
    jitter_displacements as jitter_displacements,
)
from .tem import (
    TemNoise as TemNoise,
)
