"""The order in which a report shows the cases of a run."""

import pandas as pd

from reports.records.run_folder import Run


def cases_in_order(run: Run, summary: pd.DataFrame) -> list[str]:
    """Cases of a run that have records, in the order of the paper's studies, others last."""
    present = {str(case) for case in summary["case"].unique()}
    return sorted(present, key=lambda case: (run.case(case).study.number or 99, case))
