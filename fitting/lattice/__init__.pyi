from .burgers import (
    Circuit as Circuit,
)
from .burgers import (
    burgers_by_phase as burgers_by_phase,
)
from .burgers import (
    burgers_circuit as burgers_circuit,
)
from .strain import (
    displacement_gradients as displacement_gradients,
)
