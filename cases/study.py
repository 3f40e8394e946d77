"""What a case is shown and judged by, and how much of it a run does: its study."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunAmount:
    """How much of a case a profile runs.

    Attributes
    ----------
    images : tuple of str
        Labels of the images; empty for all of them.
    doses : tuple of float
        Doses in e/Å²; empty for all of the case's.
    realizations : int
        Noise realizations per image and dose.
    raw_realizations : int
        The same of raw images, where it is more.
    """

    images: tuple[str, ...] = ()
    doses: tuple[float, ...] = ()
    realizations: int = 8
    raw_realizations: int = 0


@dataclass(frozen=True)
class Study:
    """How a case is reported and how much of it is run; no part of the case's identity.

    Attributes
    ----------
    figure : str
        Kind of the figure that shows the case: 'precision', 'dislocation', 'counting' or
        'defects'.
    number : int
        Number of the study in the paper (10.1038/s41524-023-01188-0); 0 for none of them.
    headline : tuple of str
        Metrics of the summary that the case's table shows, in this order. A metric that a run does
        not have is left out.
    score : str
        What the leaderboard ranks the restorers of the case by: a metric of the gate, or
        'information' (scatter over response).
    quick, paper : RunAmount or None
        What the profiles of these names run. By default all images and doses; None leaves the
        case out, as one whose ground truth only serves others.
    searched : int
        Realizations of each image and dose that are searched for columns from nothing.
    searched_examples : int
        The same where the run keeps an example for its figures.
    converged : tuple of str
        Labels of the images whose convergence the ground truth states; empty for all of them.
    judged_edits : tuple of str
        Of a case with edited images: the displacement and the change of SCS whose response the
        scatter is divided by.
    information : str
        Case whose edited images tell how much of a change in this one is passed on; '' for none.
        With it the leaderboard ranks by scatter over response.
    """

    figure: str
    number: int = 0
    headline: tuple[str, ...] = ("position_mae_pm", "scs_mpe_pct", "scs_bias_pct", "failure_rate")
    score: str = "position_rmse"
    quick: RunAmount | None = RunAmount()
    paper: RunAmount | None = RunAmount(realizations=100)
    searched: int = 0
    searched_examples: int = 0
    converged: tuple[str, ...] = ()
    judged_edits: tuple[str, ...] = ()
    information: str = ""
