"""The verification of fits in words."""

from typing import Final

from reports.records.verification import FitVerification, RefittedImage
from reports.words.numbers import dose_text, seconds_text
from reports.words.sentences import Sentence

#: Differences up to these are none for any number of a report: pm, and percent of the SCS.
AGREEING: Final = (0.01, 0.01)


def refit_text(image: RefittedImage) -> str:
    """Say what was found in one image."""
    return (
        f"{image.case} {image.image}, {dose_text(image.dose)} e/Å², {image.restorer}, realization "
        f"{image.realization}: {image.position_px:.1g} px, {image.scs_pct:.1g} % "
        f"({seconds_text(image.seconds)})"
    )


def verification_sentence(verification: FitVerification) -> Sentence:
    """Say how far the fits of a run and those of another engine are apart."""
    images = verification.images
    n, total = len(images), sum(image.n_columns for image in images)
    flagged = sum(image.n_flagged for image in images)
    one_sided = sum(image.n_one_sided for image in images)
    px, pm, scs = (
        max(getattr(image, name) for image in images)
        for name in ("position_px", "position_pm", "scs_pct")
    )
    text = (
        f"{n} image{'' if n == 1 else 's'} of this run {'was' if n == 1 else 'were'} fitted once "
        f"more by {verification.engine}: the largest difference of a position is {px:.1g} px "
        f"({pm:.1g} pm), of an SCS {scs:.1g} %, over {total - flagged} columns"
    )
    if flagged:
        away, of_scs = (
            max(getattr(image, name) for image in images)
            for name in ("flagged_position_pm", "flagged_scs_pct")
        )
        text += (
            f"; over {flagged} more that either fit flagged, as failed or at a limit, "
            f"{away:.1g} pm and {of_scs:.1g} %"
        )
    if one_sided:
        text += f"; {one_sided} columns were fitted by one of the two alone"
    agree = pm <= AGREEING[0] and scs <= AGREEING[1] and not one_sided
    return Sentence(f"{text}.", "finding" if agree else "warning")
