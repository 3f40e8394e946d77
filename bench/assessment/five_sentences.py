"""Five sentences on an assessment: can the restored numbers be trusted, and why."""

import numpy as np

from bench.assessment.assessment import Assessment
from bench.assessment.edits import FEWEST_WITH_INTERVALS, SCS_PART, SHIFT_PM
from bench.assessment.errors.shared_scs import MOST_WIDENED
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
        f" the raw image supports them, and were they displaced by {SHIFT_PM:g} pm or their SCS"
        f" changed by {100 * SCS_PART:g} %, the restored place would be right within {half_pm:g} pm"
        f" per axis and the SCS within {half_scs:g} % (root mean square)"
        + (f"; against the others speaks: {named}." if named else ".")
    )


def noise_sentence(assessment: Assessment) -> str:
    """Say what noise the image has, and how its halves agree."""
    noise = assessment.noise
    text = " ".join(_sentence(sentence) for sentence in noise.sentences)
    halves, white = assessment.halves, assessment.whiteness
    if not noise.determined:
        text = f"{text} {_sentence(noise.reason)} Splitting the counts is left out."
    if not noise.known:
        text = f"{text} All errors here are drawn with that estimate, and are as uncertain."
    if halves is not None:
        text = (
            f"{text} Restored apart, the two halves of the counts share {halves.matched} columns,"
            f" {halves.share_alone:.0%} are in one alone, and a place scatters by"
            f" {halves.scatter_x.value:.2g} pm along x and {halves.scatter_y.value:.2g} pm along y."
        )
    if white is not None:
        found = "is white" if white.white else "is not white: it holds more than noise"
        text = f"{text} What the restorer takes away {found}."
    return text.strip()


def _sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def error_sentence(assessment: Assessment) -> str:
    """Say how far restored numbers are off when the image is recorded again."""
    errors, raw = assessment.errors, assessment.raw_errors
    return (
        f"Drawn anew {assessment.options.draws} times, restored and fitted, the middle column is"
        f" {errors.x.typical_rms:.2g} pm off along x, {errors.y.typical_rms:.2g} pm along y and"
        f" {errors.scs.typical_rms:.2g} % in its SCS (raw: {raw.x.typical_rms:.2g} pm,"
        f" {raw.y.typical_rms:.2g} pm, {raw.scs.typical_rms:.2g} %); what comes again in every draw"
        f" is {errors.x.typical_bias:.2g} pm, {errors.y.typical_bias:.2g} pm and"
        f" {errors.scs.typical_bias:.2g} % (root mean square over columns); the 95 % intervals that"
        " a fit"
        f" of the restored image states hold {share_text(errors.x.coverage)} of the places along x"
        f" and {share_text(errors.scs.coverage)} of the SCS. {_shared(assessment)}"
    )


def _shared(assessment: Assessment) -> str:
    """Say by how much the SCS of all columns are off against the raw image."""
    shared = assessment.shared
    found = shared.against_raw
    if np.isnan(found.value):
        if abs(shared.widened) <= MOST_WIDENED:
            return ""
        return (
            f"The restorer changes the width of columns by {shared.widened:+.0%}, so that the SCS"
            " of all of them were not held against the raw image; of the error of each"
            f" {shared.rms:.2g} % are shared by all in the draws."
        )
    way = "large" if found.value > 0 else "small"
    return (
        f"Against the raw image the SCS of all columns together are {abs(found.value):.2g} % too"
        f" {way} (95 %: {found.low:+.2g} to {found.high:+.2g} %); with the draws this makes"
        f" {shared.rms:.2g} % of the error of each."
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
        f" {100 * SCS_PART:g} % {estimate_text(done.scs)} (raw: {estimate_text(raw.scs)};"
        f" {numbers['scs']}), and of the light that a vacancy lacks {estimate_text(done.vacancy)}"
        f" (raw: {estimate_text(raw.vacancy)}; {numbers['vacancy']}){lost}."
        f" 1 is faithful, 0 erased.{_without_interval(assessment)}"
    )


def _without_interval(assessment: Assessment) -> str:
    """Name the changes that one draw alone holds, which has no interval."""
    done = assessment.injected
    once = [
        name
        for name, one in (
            ("displacements", done.position),
            ("another SCS", done.scs),
            ("vacancies", done.vacancy),
        )
        if np.isfinite(one.value) and not np.isfinite(one.high)
    ]
    if not once:
        return ""
    return (
        f" One draw alone holds {', '.join(once)}: how far that number is off is not known; give"
        f" --draws {FEWEST_WITH_INTERVALS} or more."
    )


def support_sentence(assessment: Assessment) -> str:
    """Say which columns the restorer drew or removed against the raw image."""
    support = assessment.support
    drawn, removed = len(support.drawn_without_support), len(support.removed_with_support)
    return (
        f"Of {len(assessment.fit.table)} columns of the restored image the raw one excludes"
        f" {drawn} at the height at which they are drawn and cannot decide on"
        f" {len(support.undecided)}; {removed} that it supports are not drawn. Of the light"
        f" {estimate_text(assessment.intensity)} is kept;"
        f" {_light_places(assessment)}."
    )


def _light_places(assessment: Assessment) -> str:
    """Say in how many places light was lost or added beyond the noise, and how much at most."""
    light = assessment.light
    lost, added = int(np.count_nonzero(light.lost)), int(np.count_nonzero(light.added))
    text = (
        f"of {int(np.count_nonzero(np.isfinite(light.change)))} places of {light.size} x"
        f" {light.size} px {lost} lost light beyond the noise and {added} gained some"
    )
    if not lost and not added:
        return text
    changes = light.change[light.lost | light.added]
    worst = float(changes[np.argmax(np.abs(changes))])
    return f"{text}, by {worst:+.0%} of the mean light at most"


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
