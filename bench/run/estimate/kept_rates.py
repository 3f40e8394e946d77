"""Rates that are kept between calls, in this program's cache folder, and measured where missing."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np

from bench.executor.environment import hardware, program_hash, versions
from bench.executor.local_pool import local_pool
from bench.reference import reference_table
from bench.run.estimate.rates import CaseRate, Rate, measure_case, measure_kind
from bench.run.estimate.work import Amount, Kind
from bench.run.user_code import UserCode
from cases import get_case, load_ground_truth
from stembench.arrays import Floats
from stembench.surroundings.kept_values import KeptValues

_Kept = TypeVar("_Kept", CaseRate, Rate)
_ROOM: Final = "rates"
#: Packages whose versions decide how fast something is.
_PACKAGES: Final = ("numpy", "scipy", "numba", "keras", "tensorflow", "onnxruntime", "bm3d")


@dataclass(frozen=True)
class Rates:
    """All rates of a planned run.

    Attributes
    ----------
    start : float
        Seconds until a process has loaded all that fits an image.
    cases : mapping
        By name of the case.
    kinds : mapping
    measured : int
        How many of them were measured in this call; the others were kept from earlier ones.
    """

    start: float
    cases: Mapping[str, CaseRate]
    kinds: Mapping[Kind, Rate]
    measured: int


@dataclass(frozen=True, kw_only=True)
class _Start:
    seconds: float


def rates_of(
    amounts: Mapping[Kind, Amount],
    images: Mapping[str, tuple[str, ...]],
    *,
    again: bool = False,
    announce: Callable[[int], None],
    advance: Callable[[str], None],
    note: Callable[[str], None],
) -> Rates:
    """Look rates up, and measure those that are not known of this machine and this program.

    They are measured in a process that is started as the workers of a run are.

    Parameters
    ----------
    amounts : mapping
        Of `bench.run.estimate.work.amounts_of`.
    images : mapping
        Labels of the planned images of each case.
    again : bool
        Measure all anew.
    announce : callable
        Called once with the number of measurements.
    advance : callable
        Called with what has been measured.
    note : callable
        Called with a sentence if a process is lost or kept rates are damaged.

    Raises
    ------
    InputError
        If a restorer cannot be loaded, or fails.
    """
    code = UserCode([kind.restorer for kind in amounts])
    keeper = Keeper(code, again=again, note=note)
    start = keeper.read(_Start, "start")
    cases = {name: keeper.read(CaseRate, *_case_key(name)) for name in images}
    kinds = {
        kind: keeper.read(Rate, *_kind_key(kind, amount), spec=kind.restorer)
        for kind, amount in amounts.items()
    }
    missing = [kind for kind, rate in kinds.items() if rate is None]
    stale = [name for name, rate in cases.items() if rate is None]
    announce(len(missing) + len(stale) + (start is None))
    if missing or stale or start is None:
        with local_pool(1, announce=note) as pool:

            def work(function: Callable[..., Any], *arguments: Any) -> Any:
                ((_, result),) = pool.completed(function, [(0, arguments)])
                return result

            name, labels = next(iter(images.items()))
            dose = next(a.block.dose for kind, a in amounts.items() if kind.case == name)
            served = work(_started, name, labels[0], dose)
            if start is None:
                start = _Start(seconds=served)
                keeper.write(start, "start")
                advance("start of a worker")
            libraries: dict[str, Floats] = {}
            for name in dict.fromkeys((*stale, *(kind.case for kind in missing))):
                dose = next(a.block.dose for kind, a in amounts.items() if kind.case == name)
                rate, libraries[name] = work(measure_case, name, images[name], dose)
                if name in stale:
                    cases[name] = rate
                    keeper.write(rate, *_case_key(name))
                    advance(name)
            seen: dict[str, float] = {}
            for kind in missing:
                amount, spec = amounts[kind], kind.restorer
                rate = work(
                    _measure, amount, libraries[kind.case], code.hashes.get(spec, ""), spec in seen
                )
                # The first use of a restorer tells how long it takes to be loaded.
                seen.setdefault(spec, rate.load)
                kinds[kind] = replace(rate, load=seen[spec])
                keeper.write(kinds[kind], *_kind_key(kind, amount), spec=spec)
                advance(f"{spec} on {kind.case}")
    assert start is not None  # noqa: S101 (this module's own)
    return Rates(
        start=start.seconds,
        cases={name: rate for name, rate in cases.items() if rate is not None},
        kinds={kind: rate for kind, rate in kinds.items() if rate is not None},
        measured=len(missing) + len(stale),
    )


def _started(name: str, image: str, dose: float) -> float:
    """Processor time of this process in seconds, once it has loaded all that fits an image."""
    from stembench.compiled import compile_time

    with compile_time() as compiling:
        reference_table(get_case(name), image, dose=dose)
    return time.process_time() - compiling.seconds


def _measure(amount: Amount, library: Floats, code: str, loaded: bool) -> Rate:
    return measure_kind(amount, np.asarray(library), code, loaded=loaded)


def _case_key(name: str) -> tuple[str, ...]:
    case = get_case(name)
    return ("case", case.hash, load_ground_truth(case).hash)


def _kind_key(kind: Kind, amount: Amount) -> tuple[str, ...]:
    """What a rate belongs to; extra work counts only where there is any."""
    block = amount.block
    extra = [bool(amount.searched), bool(amount.probed), bool(amount.scanned)]
    noise = "" if block.noise is None else json.dumps(block.noise.as_dict(), sort_keys=True)
    told = (kind.case, kind.restorer, kind.ladder, block.image, str(block.dose), block.engine)
    return (*_case_key(kind.case), *told, noise, str(extra))


class Keeper:
    """Files of rates, one for each, named by the hash of what it belongs to."""

    def __init__(self, code: UserCode, *, again: bool, note: Callable[[str], None]) -> None:
        self._code = code
        self._again = again
        machine = hardware()
        self._here = [
            machine["processor"], machine["system"], str(machine["memory_bytes"]),
            program_hash(), json.dumps(versions(_PACKAGES), sort_keys=True),
        ]  # fmt: skip
        self._kept = KeptValues(_ROOM, what="rates are", remedy="it is measured again", note=note)

    def read(self, kind: type[Any], *key: str, spec: str = "") -> Any:
        """Return a rate that was kept; None if there is none."""
        return None if self._again else self._kept.read(kind, self._key(key, spec))

    def write(self, rate: Any, *key: str, spec: str = "") -> None:
        """Keep a rate; where that is not possible it is measured by the next call too."""
        self._kept.write(rate, self._key(key, spec))

    def _key(self, key: tuple[str, ...], spec: str) -> str:
        return json.dumps([*self._here, *key, self._code.hashes.get(spec, "")])
