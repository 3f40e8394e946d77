"""The description of a run that was made in parts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from reports.names import RestorerInfo
from reports.records.run_info import CaseInfo, RunInfo
from stembench.errors import InputError

#: What must agree, and what it is called in a refusal.
_SAME: Final = {
    "commit": "commit",
    "source_sha256": "source",
    "profile": "profile",
    "seed": "seed",
    "arithmetic": "versions of what calculates",
    "schema_version": "schema",
    "fit_engine": "fit engine",
    "versions": "versions",
}


def joined_info(infos: Mapping[str, RunInfo]) -> RunInfo:
    """Describe several parts of one run as one.

    Parameters
    ----------
    infos : mapping of str to RunInfo
        By the name of the part, for messages.

    Returns
    -------
    RunInfo
        Complete if all parts are. Without names of blocks.

    Raises
    ------
    InputError
        If they are of other commits, seeds or versions, or two hold the same images.
    """
    (name, first), *others = infos.items()
    for other, info in others:
        for attribute, what in _SAME.items():
            ours, theirs = getattr(first, attribute), getattr(info, attribute)
            if ours != theirs:
                raise InputError(
                    f"{name} and {other} are not of one run: their {what} differ"
                    f"{_difference(ours, theirs)}; name packs of one run"
                )
    parts = list(infos.values())
    return replace(
        first,
        cases=_cases(infos),
        ladders=_ladders(infos),
        restorers=_restorers(infos),
        blocks={},
        files=tuple(dict.fromkeys(file for info in parts for file in info.files)),
        created=min(info.created for info in parts),
        hardware=_hardware(parts),
        complete=all(info.complete for info in parts),
        stages=_sums([info.stages for info in parts]),
        restore_memory_bytes=_most([info.restore_memory_bytes for info in parts]),
        sessions=tuple(session for info in parts for session in info.sessions),
        failures=tuple(sentence for info in parts for sentence in info.failures),
        cautions=tuple(caution for info in parts for caution in info.cautions),
        doubts=tuple(doubt for info in parts for doubt in info.doubts),
    )


def _difference(ours: Any, theirs: Any) -> str:
    """The first value in which two attributes differ, if it is short enough to be read."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in sorted({*ours, *theirs}):
            if ours.get(key) != theirs.get(key):
                return f" ({key}: {ours.get(key)} and {theirs.get(key)})"
    return f" ({str(ours)[:12]} and {str(theirs)[:12]})"


def _cases(infos: Mapping[str, RunInfo]) -> dict[str, CaseInfo]:
    joined: dict[str, CaseInfo] = {}
    holder: dict[tuple[str, str], str] = {}
    for name, info in infos.items():
        for case, own in info.cases.items():
            for image in own.images:
                before = holder.setdefault((case, image), name)
                if before != name:
                    raise InputError(
                        f"{before} and {name} both hold image {image} of {case}: name one of them"
                    )
            known = joined.get(case)
            if known is None:
                joined[case] = own
                continue
            if _amount(known) != _amount(own):
                raise InputError(
                    f"{name} and the packs before it are not of one run: they hold other data,"
                    f" doses or numbers of realizations of {case}"
                )
            images = {*known.images, *own.images}
            labels = tuple(label for label in known.case.labels if label in images)
            joined[case] = replace(known, images=labels)
    return joined


def _amount(case: CaseInfo) -> dict[str, Any]:
    return {key: value for key, value in case.amount.items() if key != "images"}


def _ladders(infos: Mapping[str, RunInfo]) -> tuple[Any, ...]:
    joined: dict[str, Any] = {}
    for part, info in infos.items():
        for ladder in info.ladders:
            if joined.setdefault(ladder.name, ladder) != ladder:
                raise InputError(
                    f"{part} and the packs before it are not of one run: the ladder {ladder.name} "
                    "is declared otherwise"
                )
    return tuple(joined.values())


def _restorers(infos: Mapping[str, RunInfo]) -> dict[str, RestorerInfo]:
    joined: dict[str, RestorerInfo] = {}
    mains = {part: _mains(info) for part, info in infos.items()}
    first = next(iter(mains))
    for part, names in mains.items():
        if names != mains[first]:
            raise InputError(
                f"{first} and {part} are not of one run: "
                f"{', '.join(sorted(names ^ mains[first]))} was run in one of them alone"
            )
    for part, info in infos.items():
        for name, restorer in info.restorers.items():
            if joined.setdefault(name, restorer) != restorer:
                raise InputError(
                    f"{part} and the packs before it are not of one run: the restorer {name} is"
                    " described otherwise"
                )
    return joined


def _mains(info: RunInfo) -> frozenset[str]:
    """Restorers that a part ran, without fits that are made where they apply, and frames."""
    return frozenset(
        name
        for name, restorer in info.restorers.items()
        if not restorer.fit and restorer.family != "acquisition"
    )


def _hardware(parts: Sequence[RunInfo]) -> dict[str, Any]:
    """Hardware of the parts; where they differ, all of it."""
    names = dict.fromkeys(name for info in parts for name in info.hardware)
    joined = {}
    for name in names:
        values = list(dict.fromkeys(info.hardware.get(name) for info in parts))
        joined[name] = values[0] if len(values) == 1 else " or ".join(map(str, values))
    return joined


def _sums(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: sum(part.get(name, 0.0) for part in parts) for name in names}


def _most(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: max(part[name] for part in parts if name in part) for name in names}
