from .arrays import (
    distort_array as distort_array,
)
from .chain import (
    Chain as Chain,
)
from .chain import (
    distort as distort,
)
from .dose import (
    electrons_per_pixel as electrons_per_pixel,
)
from .evidence.coverage import (
    drawn_statistics as drawn_statistics,
)
from .evidence.coverage import (
    random_distortion as random_distortion,
)
from .evidence.demonstrations import (
    Demonstration as Demonstration,
)
from .evidence.demonstrations import (
    jitter_demonstrations as jitter_demonstrations,
)
from .evidence.demonstrations import (
    scan_demonstrations as scan_demonstrations,
)
from .evidence.demonstrations import (
    tem_demonstrations as tem_demonstrations,
)
from .evidence.demonstrations import (
    whitening_demonstrations as whitening_demonstrations,
)
from .evidence.published_pairs import (
    MODALITIES as MODALITIES,
)
from .evidence.published_pairs import (
    published_pairs as published_pairs,
)
from .evidence.residuals import (
    STATISTICS as STATISTICS,
)
from .evidence.residuals import (
    distorted_part as distorted_part,
)
from .evidence.tables import (
    range_table as range_table,
)
from .evidence.tables import (
    stage_table as stage_table,
)
from .post_processing.apply import (
    PostProcessing as PostProcessing,
)
from .post_processing.apply import (
    post_process as post_process,
)
from .presets import (
    FULL_SCAN as FULL_SCAN,
)
from .presets import (
    FULL_TEM as FULL_TEM,
)
from .presets import (
    PRESETS as PRESETS,
)
from .presets import (
    SCAN_WITH_LINES as SCAN_WITH_LINES,
)
from .presets import (
    STUDY_SCAN as STUDY_SCAN,
)
from .presets import (
    ablation_ladder as ablation_ladder,
)
from .scan import (
    ScanNoise as ScanNoise,
)
from .seeds import (
    realization_generator as realization_generator,
)
from .tem import (
    TemNoise as TemNoise,
)
