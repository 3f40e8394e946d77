"""The registry of metrics: every metric of tables, figures, leaderboard and gate, in one order."""

from collections.abc import Iterable
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from reports.metrics.metric import Gate, Metric, Subject

#: Files of `reports.metrics`, each with a tuple METRICS of related metrics, in the order in which
#: tables show them. A new file of metrics adds its line here.
_DECLARED: Final = (
    "columns.position",
    "columns.rigid_shift",
    "columns.scs",
    "columns.stated_errors",
    "columns.counting",
    "columns.atom_counts",
    "columns.failures",
    "kept.image_intensity",
    "defects",
    "dislocation",
    "core_distance",
    "column_search",
    "response.metrics",
    "images.agreement",
    "images.conservation",
    "images.residual",
)


def by_name(metrics: Iterable[Metric[Any, Any]]) -> dict[str, Metric[Any, Any]]:
    """Metrics by name.

    Raises
    ------
    ValueError
        If two share a name, also one in the gate.
    """
    listed = tuple(metrics)
    for names in ([m.name for m in listed], [m.gate.name for m in listed if m.gate]):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"names of metrics must be unique, found twice: {', '.join(twice)}")
    return {metric.name: metric for metric in listed}


def in_gate(metrics: Iterable[Metric[Any, Any]]) -> dict[str, Metric[Any, Any]]:
    """Metrics of the gate by the names that it gives them, each bias behind its error.

    Raises
    ------
    ValueError
        If a bias is part of an error that the gate does not have.
    """
    judged = {metric.gate.name: metric for metric in metrics if metric.gate}
    ordered: dict[str, Metric[Any, Any]] = {}
    for name, metric in judged.items():
        if metric.gate and not metric.gate.error:
            ordered[name] = metric
            ordered |= {n: m for n, m in judged.items() if m.gate and m.gate.error == name}
    lost = [name for name in judged if name not in ordered]
    if lost:
        raise ValueError(f"the gate has no error that {', '.join(lost)} is part of")
    return ordered


#: name -> Metric, of all subjects.
METRICS: Final = MappingProxyType(
    by_name(
        metric for name in _DECLARED for metric in import_module(f"{__package__}.{name}").METRICS
    )
)
#: Name in the gate -> Metric, in the order of the gate's rows.
GATE_METRICS: Final = MappingProxyType(in_gate(METRICS.values()))
#: Name in the gate -> what the gate needs of the metric.
GATES: Final[MappingProxyType[str, Gate[Any]]] = MappingProxyType(
    {name: metric.gate for name, metric in GATE_METRICS.items() if metric.gate}
)


def metrics_of(*subjects: Subject) -> tuple[Metric[Any, Any], ...]:
    """Metrics of some subjects, in the order in which tables show them."""
    return tuple(metric for metric in METRICS.values() if metric.subject in subjects)
