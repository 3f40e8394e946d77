"""Five sentences on an assessment: can the restored numbers be trusted, and why."""

import numpy as np

from bench.assessment.assessment import Assessment
from bench.assessment.edits import SCS_PART, SHIFT_PM
from bench.assessment.evidence.image_noise import Estimate
from bench.assessment.trust import REASONS


def verdict(assessment: Assessment) -> str:
    """Say what share of the columns can be trusted, and what speaks against the others."""
    trust = assessment.trust
    n = len(trust.trusted)
    against = {
        reason: sum(reason in why.split(", ") for why in trust.reasons) for reason in REASONS
    }
    named = ", ".join(f"{reason} {count}" for reason, count in against.items() if count)
    half_pm, half_scs = SHIFT_PM / 2, 100 * SCS_PART / 2
    return (
        f"{int(np.count_nonzero(trust.trusted))} of {n} columns ({trust.share:.0%}) can be trusted:"
        f" the raw image supports them, and after a displacement of {SHIFT_PM:g} pm or a change of"
        f" the SCS by {SCS_PART:.0%} their restored place would be right within {half_pm:g} pm per"
        f" axis and their SCS within {half_scs:g} % (root mean square)"
        + (f"; against the others speaks: {named}." if named else ".")
    )


def noise_sentence(assessment: Assessment) -> str:
    """Say what noise the image has, and how its halves agree."""
    noise = assessment.noise
    text = " ".join(sentence.rstrip(".") + "." for sentence in noise.sentences)
    if not noise.determined:
        drawn = "" if noise.known else " Errors below assume the estimate all the same."
        return (
            f"{text} {noise.reason.rstrip('.')}: splitting the counts is left out.{drawn}".strip()
        )
    return text


def error_sentence(assessment: Assessment) -> str:
    """Say how far restored numbers are off when the image is recorded again."""
    errors, raw = assessment.errors, assessment.raw_errors
    return (
        f"Drawn anew {assessment.options.draws} times, restored and fitted, the middle column is"
        f" {errors.x.typical_rms:.2g} pm off along x, {errors.y.typical_rms:.2g} pm along y and"
        f" {errors.scs.typical_rms:.2g} % in its SCS (raw: {raw.x.typical_rms:.2g} pm,"
        f" {raw.y.typical_rms:.2g} pm, {raw.scs.typical_rms:.2g} %), of which"
        f" {errors.x.typical_bias:.2g} pm, {errors.y.typical_bias:.2g} pm and"
        f" {errors.scs.typical_bias:.2g} % come again in every draw; the 95 % intervals that a fit"
        f" of the restored image states hold {share_text(errors.x.coverage)} of the places along x"
        f" and {share_text(errors.scs.coverage)} of the SCS."
    )


def response_sentence(assessment: Assessment) -> str:
    """Say how much of a change of one column is passed on."""
    done, raw = assessment.injected, assessment.raw_injected
    numbers = done.numbers
    lost = (
        ""
        if np.isnan(done.filled)
        else f"; {done.filled:.0%} of the vacancies are filled by more than half"
    )
    return (
        f"Of a displacement of {SHIFT_PM:g} pm {estimate_text(done.position)} is passed on (raw:"
        f" {estimate_text(raw.position)}; {numbers['shift']} columns), of a change of the SCS by"
        f" {SCS_PART:.0%} {estimate_text(done.scs)} (raw: {estimate_text(raw.scs)};"
        f" {numbers['scs']}), and of the light that a vacancy lacks {estimate_text(done.vacancy)}"
        f" (raw: {estimate_text(raw.vacancy)}; {numbers['vacancy']}){lost}."
        " 1 is faithful, 0 erased."
    )


def support_sentence(assessment: Assessment) -> str:
    """Say which columns the restorer drew or removed against the raw image."""
    drawn = len(assessment.support.drawn_without_support)
    removed = len(assessment.support.removed_with_support)
    value = assessment.intensity
    return (
        f"{drawn} of {len(assessment.fit.table)} columns of the restored image have no support in"
        f" the raw one, and {removed} that the raw image supports are not drawn; of the light"
        f" {estimate_text(value)} is kept."
    )


def five_sentences(assessment: Assessment) -> tuple[str, ...]:
    """Sentences that answer how far the restored numbers can be trusted, the verdict first."""
    return (
        verdict(assessment),
        response_sentence(assessment),
        error_sentence(assessment),
        support_sentence(assessment),
        noise_sentence(assessment),
    )


def estimate_text(estimate: Estimate) -> str:
    """Write a value with its 95 % interval, as in ``0.98 (0.95 to 1.01)``."""
    if np.isnan(estimate.value):
        return "n/a"
    if np.isnan(estimate.low) or np.isnan(estimate.high):
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def share_text(estimate: Estimate) -> str:
    """Write a share in per cent; an end beyond what a share can be is cut off."""
    if np.isnan(estimate.value):
        return "n/a"
    if np.isnan(estimate.low) or np.isnan(estimate.high):
        return f"{estimate.value:.0%}"
    low, high = max(0.0, estimate.low), min(1.0, estimate.high)
    return f"{100 * estimate.value:.0f} ({100 * low:.0f} to {100 * high:.0f}) %"
