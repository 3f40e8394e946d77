from .arrays import (
    distort_array as distort_array,
)
from .dose import (
    electrons_per_pixel as electrons_per_pixel,
)
from .evidence.coverage import (
    drawn_statistics as drawn_statistics,
    random_distortion as random_distortion,
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
from .presets import (
    FULL_SCAN as FULL_SCAN,
    FULL_TEM as FULL_TEM,
    PRESETS as PRESETS,
    SCAN_WITH_LINES as SCAN_WITH_LINES,
    ablation_ladder as ablation_ladder,
)
from .ranges import (
    range_table as range_table,
)
from .scan import (
    STUDY_SCAN as STUDY_SCAN,
    ScanNoise as ScanNoise,
    distort as distort,
)
from .seeds import (
    realization_generator as realization_generator,
)
from .stages.detector import (
    add_pulse_noise as add_pulse_noise,
    count_electrons as count_electrons,
)
from .stages.digitiser import (
    quantise as quantise,
    saturate as saturate,
)
from .stages.fast_scan import (
    trail as trail,
)
from .stages.jitter import (
    displace_lines as displace_lines,
    line_displacements as line_displacements,
    spline_coefficients as spline_coefficients,
)
from .stages.point_defects import (
    multiply_defects as multiply_defects,
)
from .stages.row_lines import (
    replace_row_lines as replace_row_lines,
)
from .tem import (
    distort_tem as distort_tem,
)
