"""The unit of work as a pure function: distort, restore, fit and record one block."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.executor.memory import peak_memory, start_watch
from bench.measures.acquisition import acquire, as_acquired
from bench.measures.burgers import closures, has_circuit
from bench.measures.column_search import measure_end_to_end, search, searched
from bench.measures.core_distance import errors_by_distance
from bench.measures.count_offsets import wrong_counts
from bench.measures.fit_variants import Setting, fit_tables, true_width, unfitted
from bench.measures.honesty.probes import PROBES, probe
from bench.measures.intensity import measure_intensity
from bench.measures.scan_fits import FittedImage, tell_scans
from bench.plan.acquisitions import is_acquisition
from bench.plan.blocks import Block
from bench.reference import positions_and_mask, reference_table
from cases import Case, get_case, load_ground_truth
from fitting import NOT_RESTORED, count_atoms
from noise import electrons_per_pixel
from reports import CONTRAST_FLOOR, conform, with_rung
from restore import RestorationError, Restorer, heard_warnings, load_restorer
from stembench.arrays import Floats

_FIT_COLUMNS = {
    "x": "x_fit",
    "y": "y_fit",
    "x_err": "x_err",
    "y_err": "y_err",
    "height": "height",
    "sigma": "sigma",
    "background": "background",
    "scs": "scs",
    "scs_err": "scs_err",
    "flags": "flags",
}
#: What tells the cells of searched images apart.
_IMAGE = ("case", "image", "thickness", "dose", "restorer")


@dataclass(frozen=True)
class BlockResult:
    """What a block returns.

    Attributes
    ----------
    records : pandas.DataFrame
        Rows of the record schema: measured columns alone. Those of a ladder's block carry
        its rung in a further column.
    seconds : dict
        Wall time of each stage.
    failure : str
        Why the restorer failed; empty if it did not.
    cautions : tuple of str
        What the restorer said of single images, such as that it left one as it is; a sentence an
        image.
    example : dict
        Arrays of the first realization for the figures; empty unless the block keeps them.
    of_images : dict
        Tables with a row per image: 'intensity' (`bench.measures.intensity`), 'detection', what
        the search for columns found in its first images (`bench.measures.column_search`),
        'circuits' (`bench.measures.burgers`) and 'core_distance' (a row per image and ring,
        `bench.measures.core_distance`) of a dislocation, 'probes' (`bench.measures.honesty`) of
        images that were restored again and transformed, 'count_offsets'
        (`bench.measures.count_offsets`) of a case that is counted, and 'scan', a row per scan fit
        (`bench.measures.scan_fits`), of raw images whose lines move.
    process : int
        Process that did the work.
    peak_memory : int
        Its largest resident size since the last block, in bytes.
    restore_memory : int or None
        Most bytes that restoration added to the process; None where the system does not tell.
    """

    records: pd.DataFrame
    seconds: dict[str, float]
    failure: str = ""
    cautions: tuple[str, ...] = ()
    example: dict[str, Floats] = field(default_factory=dict)
    of_images: dict[str, pd.DataFrame] = field(default_factory=dict)
    process: int = 0
    peak_memory: int = 0
    restore_memory: int | None = None


@lru_cache(maxsize=8)
def _restorer(spec: str, code: str) -> Restorer:
    # One load per process: building a network costs seconds. A worker may outlive the code.
    del code
    return as_acquired() if is_acquisition(spec) else load_restorer(spec)


def run_block(block: Block, library: Floats, *, code: str = "") -> BlockResult:
    """Run one block; the rows depend on its arguments alone.

    Parameters
    ----------
    block : Block
    library : ndarray, shape (m,)
        SCS in Å² of 1 to m atoms for counting; empty where the case has no library.
    code : str
        Hash of the user's code or model behind the restorer, if it is one.

    Returns
    -------
    BlockResult
    """
    seconds: dict[str, float] = {}
    clock = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        seconds[stage] = now - clock
        clock = now

    case = get_case(block.case)
    truth = load_ground_truth(case)
    reference = reference_table(case, block.image, dose=block.dose)
    noise = block.noise or case.noise
    restorer = _restorer(block.restorer, code)
    lap("prepare")

    counts = acquire(block, noise)
    lap("distort")

    failure = ""
    restored = None
    earlier_peak, growth = start_watch()
    with heard_warnings() as cautions:
        try:
            restored = restorer.restore(counts, sampling=case.sampling)
        except RestorationError as error:
            failure = str(error)
    restore_memory = growth()
    lap("restore")

    scale = electrons_per_pixel(block.dose, case.sampling)
    name, family = restorer.metadata.name, restorer.metadata.family
    intensity = pd.DataFrame()
    if restored is None:
        blank = unfitted(positions_and_mask(case, block.image)[0], flag=NOT_RESTORED)
        by_name = {name: [FittedImage(blank)] * len(counts)}
    else:
        intensity = measure_intensity(restored / scale, case, image=block.image)
        resolved = intensity["contrast_kept"].to_numpy() >= CONTRAST_FLOOR
        by_name = dict(
            fit_tables(
                restored / scale,
                Setting(case, noise, family),
                restorer=name,
                image=block.image,
                dose=block.dose,
                start=block.start,
                # Raw images and references are what the others are read against.
                resolved=resolved | (family in ("raw", "reference")),
                main_alone=block.main_alone,
                rung=bool(block.rung),
                scans=block.scans,
                engine=block.engine,
            )
        )
    tables = [image.table for image in by_name[name]]
    records = _rows(block, case, reference, by_name=by_name, library=library)
    lap("fit")

    of_images: dict[str, pd.DataFrame] = {}
    identity = {name: records[name].iloc[0] for name in _IMAGE}
    if len(intensity) and not block.rung:
        widths = [table["sigma"].median() for table in tables]
        ratio = np.array(widths) / true_width(case, block.image)
        of_images["intensity"] = intensity.assign(
            width_ratio=ratio, **identity, realization=range(block.start, block.stop)
        )
    if has_circuit(case) and not block.rung:
        found = closures(case, block.image, tables)
        of_images["circuits"] = found.assign(**identity, realization=range(block.start, block.stop))
        found = errors_by_distance(case, reference, tables)
        realization = block.start + found.pop("image_number")
        of_images["core_distance"] = found.assign(**identity, realization=realization)
    if library.size and not block.rung:
        found = wrong_counts(reference, tables, library=library)
        of_images["count_offsets"] = found.assign(
            **identity, realization=range(block.start, block.stop)
        )
    told = tell_scans(block, noise, fitted=by_name, reference=reference)
    if len(told) and not block.rung:
        of_images["scan"] = told.assign(**{k: identity[k] for k in _IMAGE if k != "restorer"})
    if block.probes and restored is not None:
        probed = probe(
            block, noise, restorer, case=case, counts=counts, restored=restored, reference=reference
        )
        if len(probed):
            of_images[PROBES] = probed.assign(**identity)
        lap("probe")
    number = searched(block)
    if number and restored is not None and family != "reference":
        images = restored[:number] / scale
        told = search(images, case, image=block.image)
        alone = measure_end_to_end(images, case, image=block.image, library=library)
        found = pd.concat([told, alone], axis=1)
        of_images["detection"] = found.assign(
            **identity, realization=range(block.start, block.start + number)
        )
        lap("search")

    example: dict[str, Floats] = {}
    if block.example and restored is not None:
        example = {
            "image": restored[0] / scale,
            "clean": truth.image(block.image),
            "positions": tables[0][["x", "y"]].to_numpy(),
            "true_positions": reference[["x_true", "y_true"]].to_numpy(),
            "measured": reference["measured"].to_numpy().astype(float),
        }
    records = conform(records[records["measured"]])
    return BlockResult(
        records=with_rung(records, block.rung) if block.rung else records,
        seconds=seconds,
        failure=failure,
        cautions=tuple(cautions),
        example=example,
        of_images=of_images,
        process=os.getpid(),
        peak_memory=max(earlier_peak, peak_memory()),
        restore_memory=restore_memory,
    )


def _rows(
    block: Block,
    case: Case,
    reference: pd.DataFrame,
    *,
    by_name: Mapping[str, Sequence[FittedImage]],
    library: Floats,
) -> pd.DataFrame:
    """Rows of all fits of a block: of each fit of each image, all columns."""
    # Made in one go: a frame for each image and their joining cost a tenth of a filter's block.
    fits = [
        (variant, block.start + k, image.table)
        for variant, fitted in by_name.items()
        for k, image in enumerate(fitted)
    ]
    tables = [table for _, _, table in fits]
    n = len(reference)

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([table[name].to_numpy() for table in tables])

    count: Any = np.nan
    reference_count: Any = np.nan
    if library.size:
        count = count_atoms(joined("scs"), library)["count"].to_numpy()
        counted = count_atoms(reference["scs_ref"].to_numpy(), library)["count"].to_numpy()
        reference_count = np.tile(counted, len(fits))
    columns: dict[str, Any] = {
        "column": np.tile(reference.index.to_numpy(), len(fits)),
        **{str(name): np.tile(values.to_numpy(), len(fits)) for name, values in reference.items()},
        "case": case.name,
        "case_version": case.version,
        "image": block.image,
        "thickness": {spec.label: spec.thickness for spec in case.images}[block.image],
        "dose": block.dose,
        "realization": np.repeat([number for _, number, _ in fits], n),
        "restorer": np.repeat([variant for variant, _, _ in fits], n),
        "sampling": case.sampling,
        "x_init": joined("x_init"),
        "y_init": joined("y_init"),
        "count_fit": count,
        "count_ref": reference_count,
        **{new: joined(old) for old, new in _FIT_COLUMNS.items()},
    }
    return pd.DataFrame(columns)
