from .burgers import (
    Circuit as Circuit,
    burgers_by_phase as burgers_by_phase,
    burgers_circuit as burgers_circuit,
)
from .strain import (
    displacement_gradients as displacement_gradients,
)
