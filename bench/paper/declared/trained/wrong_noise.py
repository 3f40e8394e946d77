"""The retrained half of Fig. 6: networks that did not learn what distorts an image."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from bench.paper.declared.trained.trained_tables import crossed_number, small_text, trained_table
from bench.paper.networks.trained.compared_noise import WHOLE
from bench.paper.networks.trained.lacking_judge import DOSE, REALIZATIONS
from bench.paper.verdicts import judged, mean_number
from reports import Drawn, Material, Number, PaperFigure, above, even_grid, letter, new_page, rule
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

#: What noise lacks, in words, and how strong it is where it is judged.
_WORDS: Final = {
    "response": ("detector response (47)", "α 20, β 2, γ 40 px"),
    "interpolation": ("interpolation", "½ px there and back"),
    "y-jitter": ("¾ of the range of Y jitter", "σy 0.5 Å"),
    "pulses": ("Gaussian term (46)", "5 e per px"),
}
_METRICS: Final = {"position_pm": "pm", "scs_pct": "%"}
_TITLES: Final = {"position_pm": "RMSE of position (pm)", "scs_pct": "RMSE of SCS (%)"}
#: Series of a panel: colour, mark and where beside the middle it is drawn.
_LOOKS: Final = {
    "raw": ("#6E6E6E", "o", -0.2),
    "trained without it": ("#D55E00", "^", 0.0),
    "trained with all": ("#0072B2", "s", 0.2),
}
_HEIGHT: Final = 70.0


def errors_by_training(table: pd.DataFrame, name: str, lack: str, *, metric: str) -> Floats:
    """Errors (trainings, images) under one distortion of one network; one row of raw images."""
    own = table[(table["name"] == name) & (table["lacking"] == lack)]
    wide = own.pivot_table(
        index="seed",
        columns=["lattice", "realization"],
        values=metric,
        dropna=False,  # images that no seed has a number of keep their place
    )
    return wide.to_numpy(dtype=np.float64)


def _draw(material: Material) -> Drawn:
    del material
    table = trained_table("noise", [WHOLE, *(f"without-{lack}" for lack in _WORDS)])
    rows: list[tuple[str, ...]] = [
        ("lacking in training", "judged under", "metric", "raw", "trained without it",
         "trained with all", "cost of the wrong model", "images", "fitted without it (%)",
         "fitted with all (%)")
    ]  # fmt: skip
    numbers, drawn = [], []
    for lack, (words, strength) in _WORDS.items():
        for metric, unit in _METRICS.items():
            raw = errors_by_training(table, "raw", lack, metric=metric)[0]
            wrong = errors_by_training(table, f"without-{lack}", lack, metric=metric)
            right = errors_by_training(table, WHOLE, lack, metric=metric)
            count = min(len(wrong), len(right))
            wrong, right = wrong[:count], right[:count]
            # An image of which a network leaves no column that can be fitted has no error.
            whole = np.isfinite(np.vstack([raw, wrong, right])).all(axis=0)
            raw, wrong, right = raw[whole], wrong[:, whole], right[:, whole]
            cost = crossed_number(wrong - right, unit=unit, condition=f"{words}, {_short(metric)}")
            numbers.append(cost)
            told = {
                "raw": mean_number(raw, unit=unit),
                "trained without it": crossed_number(wrong, unit=unit),
                "trained with all": crossed_number(right, unit=unit),
            }
            drawn.append((lack, metric, told))
            texts = [number.text for number in told.values()]
            fitted = [
                f"{100 * errors_by_training(table, name, lack, metric='fitted').mean():.0f}"
                for name in (f"without-{lack}", WHOLE)
            ]
            images = f"{whole.sum()} of {whole.size}"
            rows.append((words, strength, _short(metric), *texts, cost.text, images, *fitted))
    conditions = [above(0.0, name=number.condition) for number in numbers]
    seeds = sorted(set(table.loc[table["name"] == WHOLE, "seed"]))
    return Drawn(
        caption=f"{small_text()} by the absolute loss from seeds "
        f"{', '.join(map(str, seeds))}; the noise of the pairs has all that docs/noise.md has, "
        "or lacks one thing of it; judged on the perfect lattices of the validation at "
        f"{DOSE:g} e/Å² under that one distortion and counting: root mean square errors of "
        f"columns, each image's mean shift taken off; {REALIZATIONS} realizations of three "
        "lattices, 95 % intervals over seeds and images. The cost is the error of the network that "
        "did not learn the distortion less that of the one that did, on the same images; images of "
        "which a network leaves no column that can be fitted are left out and counted, and errors "
        "are of the columns that could be fitted.",
        drawing=_panels(drawn),
        tables={"": table},
        summary=tuple(rows),
        findings=(judged(33, rule(*conditions), numbers),),
    )


def _short(metric: str) -> str:
    return "position" if metric == "position_pm" else "SCS"


def _panels(drawn: list[tuple[str, str, dict[str, Number]]]) -> "Drawing":
    page = new_page(_HEIGHT)
    grid = page.add_gridspec(1, 2, left=0.075, right=0.99, bottom=0.15, top=0.83, wspace=0.2)
    for k, (metric, title) in enumerate(_TITLES.items()):
        axes = page.add_subplot(grid[0, k])
        own = [(lack, told) for lack, each, told in drawn if each == metric]
        for name, (colour, mark, aside) in _LOOKS.items():
            series = [told[name] for _, told in own]
            axes.errorbar(
                np.arange(len(own)) + aside, [n.value for n in series],
                yerr=np.nan_to_num(
                    [[n.value - n.low for n in series], [n.high - n.value for n in series]]
                ),
                color=colour, marker=mark, markersize=4.5, linestyle="none", capsize=2.5,
                elinewidth=0.9, label=name,
            )  # fmt: skip
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(
            lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else ""
        )
        axes.set_xticks(
            range(len(own)),
            ["detector\nresponse", "inter-\npolation", "Y jitter", "Gaussian\nterm"],
        )
        axes.set_ylabel(title)
        axes.set_xlim(-0.5, len(own) - 0.5)
        even_grid(axes)
        letter(axes, "ab"[k], title.split(" (")[0])
        if k == 0:
            handles, labels = axes.get_legend_handles_labels()
    page.legend(
        handles, labels, frameon=False, fontsize=7, ncols=3, loc="upper center",
        bbox_to_anchor=(0.53, 1.0),
    )  # fmt: skip
    return page


FIGURES: Final = (
    PaperFigure(
        number="wrong-noise",
        title="Networks trained on wrong and on right noise",
        theirs="Fig. 6 shows experimental images restored by networks that were trained without a "
        "distortion, or with too small a range of it, and by ones retrained with it.",
        claims=(33,),
        needs="the tables of a checkout's own trainings (results/training)",
        draw=_draw,
    ),
)
