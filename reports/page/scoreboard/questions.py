"""The questions of the scoreboard: what counts as yes and as no, and why.

No limit is set here that another part of the report does not judge by: a tile and the sentence of
the verdict, the rank or the table that it links to never disagree.

=============  ====================================================================================
question       rule, and where it is decided
=============  ====================================================================================
resolved       the floor of contrast, `reports.metrics.kept.resolution`: below it nothing is fitted
response       the whole interval within 0.1 of 1, `reports.words.verdict.response.passed_on`; 'no'
               if the whole interval lies below or above that; what is drawn is no response
information    paired ratio of scatter over response to that of raw, whose interval the rank by
               information is decided by, `reports.summaries.information_rank.log_ratio`
intensity      the limits of the warnings, `reports.words.kept.losses`: 2 % of the intensity, 5 %
               of the peak below zero in the vacuum
counts         the share that is found and counted right from the image alone, whose interval
               lies wholly above or below that of raw
defects        the whole interval within 0.1 of 1, `reports.words.defects.fidelity_verdict`
=============  ====================================================================================

Scatter below the bound is no question: a restorer that stamps a perfect lattice wins it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from reports.page.scoreboard.answers import (
    counts_findings,
    defect_findings,
    information_findings,
    intensity_findings,
    resolved_findings,
    response_findings,
)
from reports.page.scoreboard.tile import Finding, State
from reports.records.run_folder import Run

_ABSOLUTE: Final[Mapping[State, str]] = {
    "yes": "yes",
    "no": "no",
    "mixed": "not everywhere",
    "undecided": "undecided",
    "reference": "as recorded",
    "unmeasured": "not measured in this run",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A column of the scoreboard.

    Attributes
    ----------
    name, heading : str
    rule : str
        What 'yes' means, for readers.
    of : callable
        Findings of a restorer of a run.
    words : mapping of State to str
        What each state is called.
    figure : str
        Figure that shows it, as in the name of its file; '' for none.
    table : str
        Beginning of the title of the table that holds its numbers.
    use : str
        What a restorer is safe for where the answer is yes.
    """

    name: str
    heading: str
    rule: str
    of: Callable[[Run, str], list[Finding]]
    words: Mapping[State, str]
    figure: str
    table: str
    use: str


def _against_raw(yes: str, no: str) -> Mapping[State, str]:
    return {
        **_ABSOLUTE,
        "yes": yes,
        "no": no,
        "mixed": "depends",
        "reference": "reference",
    }


QUESTIONS: Final = (
    Question(
        name="resolved",
        heading="Columns resolved?",
        rule="contrast enough to fit columns",
        of=resolved_findings,
        words=_ABSOLUTE,
        figure="",
        table="What images keep",
        use="seeing columns",
    ),
    Question(
        name="response",
        heading="Passes real changes on?",
        rule="a changed column is shown so, to 10 % of the change",
        of=response_findings,
        words=_ABSOLUTE,
        figure="response",
        table="Information that is left",
        use="real changes",
    ),
    Question(
        name="information",
        heading="More information than raw?",
        rule="less scatter over response than raw, paired; the bound is 1",
        of=information_findings,
        words=_against_raw("more", "less"),
        figure="response",
        table="Information that is left",
        use="more precision",
    ),
    Question(
        name="intensity",
        heading="Keeps intensity?",
        rule="to 2 %, and no vacuum darker than 5 % of the peak below zero",
        of=intensity_findings,
        words=_ABSOLUTE,
        figure="",
        table="What images keep",
        use="intensities",
    ),
    Question(
        name="counts",
        heading="Counts right, end to end?",
        rule="more columns found and counted right than in raw",
        of=counts_findings,
        words=_against_raw("more than raw", "fewer than raw"),
        figure="",
        table="Missed and invented columns",
        use="counting",
    ),
    Question(
        name="defects",
        heading="Keeps defects?",
        rule="each kind of defect and adatom within 10 % of its contrast",
        of=defect_findings,
        words=_ABSOLUTE,
        figure="defects",
        table="What happens to defects",
        use="defects",
    ),
)
