from .cgrdn.weights import (
    saved_model_folder as saved_model_folder,
)
from .conformance import (
    Finding as Finding,
    check_restorer as check_restorer,
)
from .contract import (
    ContractRestorer as ContractRestorer,
)
from .networks.threads import (
    limit_threads as limit_threads,
)
from .plugins import (
    PlugIn as PlugIn,
    find_plugins as find_plugins,
    plugin_problems as plugin_problems,
)
from .registry import (
    RESTORERS as RESTORERS,
    BuiltIn as BuiltIn,
    built_in_names as built_in_names,
    load_restorer as load_restorer,
)
from .restorer import (
    RestorationError as RestorationError,
    RestorationWarning as RestorationWarning,
    Restorer as Restorer,
    RestorerMetadata as RestorerMetadata,
)
