from .built_in import BuiltIn as BuiltIn
from .cgrdn.agreed_difference import agreed_difference as agreed_difference
from .cgrdn.faithful_restorer import (
    load_tuned as load_tuned,
)
from .cgrdn.graph import (
    PUBLISHED as PUBLISHED,
    CgrdnSize as CgrdnSize,
    KerasOperations as KerasOperations,
    Operations as Operations,
    Precision as Precision,
    Weights as Weights,
    build_cgrdn as build_cgrdn,
    connect_cgrdn as connect_cgrdn,
    connect_group as connect_group,
    count_parameters as count_parameters,
)
from .cgrdn.weight_difference import (
    WeightDifference as WeightDifference,
    averaged_weights as averaged_weights,
    combined_difference as combined_difference,
    difference_of as difference_of,
    read_difference as read_difference,
    write_difference as write_difference,
)
from .cgrdn.weights import (
    PublishedWeights as PublishedWeights,
    read_published_weights as read_published_weights,
    saved_model_folder as saved_model_folder,
)
from .conformance import Finding as Finding, check_restorer as check_restorer
from .contract import ContractRestorer as ContractRestorer
from .isolation.allowance import limit_models as limit_models
from .isolation.process import model_processes as model_processes
from .networks.runtimes import (
    quiet_tensorflow as quiet_tensorflow,
    require_keras as require_keras,
)
from .networks.standardised import StandardisedNetwork as StandardisedNetwork
from .networks.threads import (
    child_thread_limit as child_thread_limit,
    limit_threads as limit_threads,
)
from .networks.tiling import run_in_tiles as run_in_tiles
from .registry import (
    RESTORERS as RESTORERS,
    built_in_names as built_in_names,
    is_built_in as is_built_in,
    is_raw as is_raw,
    is_reference as is_reference,
    load_restorer as load_restorer,
    metadata_of as metadata_of,
    resolved_spec as resolved_spec,
    with_engine as with_engine,
)
from .restorer import (
    Family as Family,
    ImageRestorer as ImageRestorer,
    RestorationError as RestorationError,
    RestorationWarning as RestorationWarning,
    Restorer as Restorer,
    RestorerMetadata as RestorerMetadata,
    Tiling as Tiling,
    heard_warnings as heard_warnings,
)
from .user_models.network_settings import split_model_spec as split_model_spec
from .user_models.plugins import (
    PlugIn as PlugIn,
    find_plugins as find_plugins,
    plugin_problems as plugin_problems,
)
