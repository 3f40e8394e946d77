"""What happens to defects in words: the table and the sentences of the verdict."""

import numpy as np
import pandas as pd

from cases import site_labels
from reports.figures.panels import dose_text
from reports.names import Restorers
from reports.words.numbers import plain, quantity
from reports.words.sentences import Kind, Sentence
from reports.words.tables import Table

#: A defect whose whole interval of fidelity lies within this distance of 1 is called faithful.
FAITHFUL = 0.1


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
    kinds = [kind for kind in site_labels() if kind in set(fidelity["kind"])]
    styles = restorers.styles(fidelity["restorer"].unique())
    rows = []
    for thickness, group in fidelity.groupby("thickness"):
        true = group.drop_duplicates("kind").set_index("kind")["true_deviation_pct"]
        rows.append(
            (
                str(thickness), "", "true deviation (% of a column)",
                *(_true(true, kind) for kind in kinds), "",
            )
        )  # fmt: skip
        for _, cell in group.groupby("dose"):
            dose = dose_text(float(cell["dose"].iloc[0]))
            for restorer in restorers.order(cell["restorer"].unique()):
                own = cell[cell["restorer"] == restorer].set_index("kind")
                numbers = (_cell(own, kind) for kind in kinds)
                n = f"{own['n_realizations'].min()}"
                rows.append((str(thickness), dose, styles[restorer].label, *numbers, n))
    return Table(
        title=f"What happens to defects: {title}",
        note="Defect fidelity (95 % interval): the deviation of a site's SCS from like columns "
        "without a defect in the same image, found over true; 1 is faithful, 0 erased. Perfect "
        "columns: their deviation as a share of a column, 0 is right. defects.csv has the scatter "
        "of one image and the paired differences from raw fits.",
        header=(
            "thickness (atoms)", "dose (e/Å²)", "restorer",
            *(site_labels()[kind] for kind in kinds), "n: realizations",
        ),
        rows=tuple(rows),
        n_labels=3,
    )  # fmt: skip


def defect_sentences(
    fidelity: pd.DataFrame, *, restorer: str, restorers: Restorers, title: str = ""
) -> list[Sentence]:
    """Say what a restorer does to defects at the extremes of thickness and dose.

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
    own = fidelity[fidelity["restorer"] == restorer]
    sentences = []
    thicknesses = np.unique(own["thickness"].to_numpy())
    doses = np.unique(own["dose"].to_numpy())
    for thickness in dict.fromkeys((int(thicknesses[0]), int(thicknesses[-1]))):
        for dose in dict.fromkeys((float(doses[0]), float(doses[-1]))):
            cell = fidelity[(fidelity["thickness"] == thickness) & (fidelity["dose"] == dose)]
            sentences += _at(
                cell,
                restorer=restorer,
                restorers=restorers,
                thickness=thickness,
                dose=dose,
                title=title,
            )
    return sentences


def _at(
    cell: pd.DataFrame,
    *,
    restorer: str,
    restorers: Restorers,
    thickness: int,
    dose: float,
    title: str,
) -> list[Sentence]:
    own = cell[(cell["restorer"] == restorer) & (cell["kind"] != "perfect")]
    own = own[own["low"].notna() & own["high"].notna()]
    if own.empty:
        return []
    weakened = int((own["high"] < 1 - FAITHFUL).sum())
    stronger = int((own["low"] > 1 + FAITHFUL).sum())
    faithful = int(((own["low"] >= 1 - FAITHFUL) & (own["high"] <= 1 + FAITHFUL)).sum())
    counts = {
        "weakened": weakened,
        "exaggerated": stronger,
        "faithful within 10 %": faithful,
        "undecided": len(own) - weakened - stronger - faithful,
    }
    share = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    particle = any(str(kind).startswith("adatom") for kind in own["kind"])
    where = "" if particle else f"{thickness} unit cells and "
    what = "adatoms" if particle else "kinds of defect"
    text = (
        f"At {where}{dose_text(dose)} e/Å², of {len(own)} {what} after "
        f"{restorers.phrase(restorer)}: {share}."
    )
    vacancy = own[own["kind"] == "vacancy"]
    if len(vacancy):
        row = vacancy.iloc[0]
        kept = quantity(100 * row["value"], 100 * row["low"], 100 * row["high"], unit="%")
        text += f" {restorers.label(restorer)} retains {kept} of the vacancy's intensity deficit"
        raw = cell[cell["restorer"].map(restorers.is_raw) & (cell["kind"] == "vacancy")]
        if len(raw) and raw["value"].notna().all():
            first = raw.iloc[0]
            beside = quantity(
                100 * first["value"], 100 * first["low"], 100 * first["high"], unit="%"
            )
            text += f" (raw fits {beside})"
        text += "."
    text += _vacuum(own)
    kind: Kind = "undecided" if counts["undecided"] == len(own) else "finding"
    if weakened:
        kind = "warning"
    return [Sentence(text, kind, title)]


def _vacuum(own: pd.DataFrame) -> str:
    """Say of a lone adatom if the empty places that it is held against are not as they should."""
    lone = own[own["kind"] == "adatom0"]
    if lone.empty:
        return ""
    names = ["reference_shift", "reference_low", "reference_high"]
    shift, low, high = (float(number) for number in lone[names].iloc[0])
    if not (low > FAITHFUL or high < -FAITHFUL):
        return ""
    ends = sorted((100 * abs(low), 100 * abs(high)))
    share = quantity(100 * abs(shift), ends[0], ends[1], unit="%")
    return (
        " The isolated adatom is measured against equivalent empty sites, which are restored too "
        f"{'bright' if shift > 0 else 'dark'} by {share} of an atom's signal."
    )


def _true(true: pd.Series, kind: str) -> str:
    """True deviation of a kind, nothing where there is no column that it could be a part of."""
    if kind not in true or not np.isfinite(true[kind]):
        return ""
    text = f"{true[kind]:+.1f}"
    return "0.0" if float(text) == 0 else text


def _cell(own: pd.DataFrame, kind: str) -> str:
    if kind not in own.index:
        return ""
    value, low, high = own.loc[[kind], ["value", "low", "high"]].to_numpy(dtype=np.float64)[0]
    if not np.isfinite(value):
        return "none"
    if not (np.isfinite(low) and np.isfinite(high)):
        return plain(value)
    text = quantity(value, low, high)
    return text if low < 0 else text.replace(" to ", "–")
