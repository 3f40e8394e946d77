"""Defect fidelity in words: the table and the sentences of the verdict."""

from typing import Final, Literal

import numpy as np
import pandas as pd

from cases import site_labels
from reports.names import Restorers
from reports.words.numbers import dose_text, quantity, tabulated
from reports.words.sentences import Kind, Sentence
from reports.words.tables import Table

#: A defect whose whole interval of fidelity lies within this distance of 1 is called faithful.
FAITHFUL: Final = 0.1
FidelityVerdict = Literal["weakened", "exaggerated", "faithful", "undecided"]


def defect_table(fidelity: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    """Table 'What happens to defects' of one case.

    Parameters
    ----------
    fidelity : pandas.DataFrame
        `reports.metrics.defects.summarise_defects`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.

    Returns
    -------
    Table
        One row per thickness, dose and restorer, and one per thickness for what is true.
    """
    labels = {kind: label for kind, label in site_labels().items() if kind in set(fidelity["kind"])}
    rows: list[tuple[str, ...]] = []
    for thickness, group in fidelity.groupby("thickness"):
        true = group.drop_duplicates("kind").set_index("kind")["true_deviation_pct"]
        deviations = (_true(true, kind) for kind in labels)
        rows.append((str(thickness), "", "true deviation (% of a column)", *deviations, ""))
        for _, point in group.groupby("dose"):
            dose = dose_text(float(point["dose"].iloc[0]))
            for restorer in restorers.order(point["restorer"].unique()):
                by_kind = point[point["restorer"] == restorer].set_index("kind")
                numbers = (_cell(by_kind, kind) for kind in labels)
                n = f"{by_kind['n_realizations'].min()}"
                rows.append((str(thickness), dose, restorers.label(restorer), *numbers, n))
    return Table(
        title=f"What happens to defects: {title}",
        note="Defect fidelity (95 % interval): the deviation of a site's SCS from like columns "
        "without a defect in the same image, measured over true; 1 is faithful, 0 erased. Perfect "
        "columns: their deviation as a share of a column, 0 is right. defects.csv has the scatter "
        "of one image and the paired differences from raw.",
        header=(
            "thickness (atoms)",
            "dose (e/Å²)",
            "restorer",
            *labels.values(),
            "n: realizations",
        ),
        rows=tuple(rows),
        n_labels=3,
    )


def defect_sentences(
    fidelity: pd.DataFrame, *, restorer: str, restorers: Restorers, title: str = ""
) -> list[Sentence]:
    """Sentences on the fidelity of defects at the extremes of thickness and dose.

    Parameters
    ----------
    fidelity : pandas.DataFrame
        `reports.metrics.defects.summarise_defects`, of one case.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.
    title : str
        Topic of the sentences.

    Returns
    -------
    list of Sentence
    """
    restored = fidelity[fidelity["restorer"] == restorer]
    sentences = []
    thicknesses = np.unique(restored["thickness"].to_numpy())
    doses = np.unique(restored["dose"].to_numpy())
    for thickness in dict.fromkeys((int(thicknesses[0]), int(thicknesses[-1]))):
        for dose in dict.fromkeys((float(doses[0]), float(doses[-1]))):
            point = fidelity[(fidelity["thickness"] == thickness) & (fidelity["dose"] == dose)]
            where = "" if _of_particle(point) else f"a thickness of {thickness} atoms and "
            sentences += _at(
                point,
                restorer=restorer,
                restorers=restorers,
                where=f"{where}{dose_text(dose)} e/Å²",
                title=title,
            )
    return sentences


def fidelity_verdict(low: float, high: float) -> FidelityVerdict:
    """Decide what became of a defect, from the ends of the interval of its fidelity."""
    if high < 1 - FAITHFUL:
        return "weakened"
    if low > 1 + FAITHFUL:
        return "exaggerated"
    return "faithful" if low >= 1 - FAITHFUL and high <= 1 + FAITHFUL else "undecided"


def _of_particle(rows: pd.DataFrame) -> bool:
    """Whether the sites are adatoms on a particle, which has no thickness."""
    return any(str(kind).startswith("adatom") for kind in rows["kind"])


def _at(
    point: pd.DataFrame, *, restorer: str, restorers: Restorers, where: str, title: str
) -> list[Sentence]:
    """Sentences on one thickness and dose."""
    defects = point[(point["restorer"] == restorer) & (point["kind"] != "perfect")]
    defects = defects[defects["low"].notna() & defects["high"].notna()]
    if defects.empty:
        return []
    told = [fidelity_verdict(*ends) for ends in zip(defects["low"], defects["high"], strict=True)]
    weakened = told.count("weakened")
    counts = {
        "weakened": weakened,
        "exaggerated": told.count("exaggerated"),
        "faithful within 10 %": told.count("faithful"),
        "undecided": told.count("undecided"),
    }
    share = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    what = "adatoms" if _of_particle(defects) else "kinds of defect"
    text = f"At {where}, of {len(defects)} {what} after {restorers.phrase(restorer)}: {share}."
    text += _vacancy(point, defects, restorer=restorer, restorers=restorers) + _isolated_adatom(
        defects
    )
    kind: Kind = "undecided" if counts["undecided"] == len(defects) else "finding"
    if weakened:
        kind = "warning"
    return [Sentence(text, kind, title)]


def _vacancy(
    point: pd.DataFrame, defects: pd.DataFrame, *, restorer: str, restorers: Restorers
) -> str:
    """Sentence on how much of a vacancy's intensity deficit is left, beside raw."""
    vacancy = defects[defects["kind"] == "vacancy"]
    if vacancy.empty:
        return ""
    raw = point[point["restorer"].map(restorers.is_raw) & (point["kind"] == "vacancy")]
    beside = ""
    if len(raw) and raw["value"].notna().all():
        beside = f" (raw {_percent(raw.iloc[0])})"
    retained = _percent(vacancy.iloc[0])
    name = restorers.label(restorer)
    return f" {name} retains {retained} of the vacancy's intensity deficit{beside}."


def _percent(row: pd.Series) -> str:
    """Write the fidelity of a row in percent."""
    return quantity(100 * row["value"], 100 * row["low"], 100 * row["high"], unit="%")


def _isolated_adatom(defects: pd.DataFrame) -> str:
    """Sentence on errors of the empty sites that an isolated adatom is measured against, if any."""
    isolated = defects[defects["kind"] == "adatom0"]
    if isolated.empty:
        return ""
    names = ["reference_shift", "reference_low", "reference_high"]
    shift, low, high = (float(number) for number in isolated[names].iloc[0])
    if not (low > FAITHFUL or high < -FAITHFUL):
        return ""
    ends = sorted((100 * abs(low), 100 * abs(high)))
    share = quantity(100 * abs(shift), ends[0], ends[1], unit="%")
    return (
        " The isolated adatom is measured against equivalent empty sites, which are restored too "
        f"{'bright' if shift > 0 else 'dark'} by {share} of an atom's signal."
    )


def _true(true: pd.Series, kind: str) -> str:
    """True deviation of a kind in percent of a column; empty where there is no such column."""
    if kind not in true or not np.isfinite(true[kind]):
        return ""
    text = f"{true[kind]:+.1f}"
    return "0.0" if float(text) == 0 else text


def _cell(by_kind: pd.DataFrame, kind: str) -> str:
    if kind not in by_kind.index:
        return ""
    value, low, high = by_kind.loc[[kind], ["value", "low", "high"]].to_numpy(dtype=np.float64)[0]
    return tabulated(value, low, high) if np.isfinite(value) else "none"
