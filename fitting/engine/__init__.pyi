from . import columns as columns
from . import descent as descent
from . import information as information
from . import joint as joint
from . import layout as layout
from . import lmfit_engine as lmfit_engine
from . import problem as problem
