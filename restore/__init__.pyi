from .cgrdn.weights import (
    saved_model_folder as saved_model_folder,
)
from .conformance import (
    Finding as Finding,
)
from .conformance import (
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
)
from .plugins import (
    find_plugins as find_plugins,
)
from .plugins import (
    plugin_problems as plugin_problems,
)
from .registry import (
    RESTORERS as RESTORERS,
)
from .registry import (
    BuiltIn as BuiltIn,
)
from .registry import (
    built_in_names as built_in_names,
)
from .registry import (
    load_restorer as load_restorer,
)
from .restorer import (
    RestorationError as RestorationError,
)
from .restorer import (
    RestorationWarning as RestorationWarning,
)
from .restorer import (
    Restorer as Restorer,
)
from .restorer import (
    RestorerMetadata as RestorerMetadata,
)
