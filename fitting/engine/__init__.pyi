from . import (
    columns as columns,
    descent as descent,
    information as information,
    joint as joint,
    layout as layout,
    lmfit_engine as lmfit_engine,
    problem as problem,
)
