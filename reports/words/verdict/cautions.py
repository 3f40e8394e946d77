"""What restorers said of images, and what speaks against them, in sentences of the verdict."""

from collections.abc import Iterable

from reports.records.run_folder import Run
from reports.records.run_info import Caution, Doubt
from reports.words.numbers import dose_text
from reports.words.sentences import Sentence


def caution_text(caution: Caution) -> str:
    """Say where a restorer said it, of how many images, and what."""
    rung = f" ({caution.rung})" if caution.rung else ""
    return (
        f"{caution.restorer}, {caution.case} {caution.image} at {dose_text(caution.dose)} e/Å²"
        f"{rung}, {caution.images} image{'s' if caution.images > 1 else ''}: {caution.sentence}"
    )


def caution_sentences(run: Run) -> list[Sentence]:
    """Warn of each restorer that said something of images, with the cell that has most of them."""
    sentences = []
    for restorer in dict.fromkeys(caution.restorer for caution in run.info.cautions):
        own = [caution for caution in run.info.cautions if caution.restorer == restorer]
        most = max(own, key=lambda caution: caution.images)
        total = sum(caution.images for caution in own)
        others = total - most.images
        more = f"; {others} more stand among the settings" if others else ""
        text = f"A restorer warned of images: {caution_text(most)}{more}."
        sentences.append(Sentence(text, "warning"))
    return sentences


def doubt_text(doubt: Doubt) -> str:
    """Say of which restorer and where, and what was measured."""
    return (
        f"{doubt.restorer}, {doubt.case} {doubt.image} at {dose_text(doubt.dose)} e/Å²: "
        f"{doubt.sentence}"
    )


def doubted(doubts: Iterable[Doubt]) -> list[str]:
    """Say what speaks against restorers, one text per restorer and check, without a full stop."""
    kinds: dict[tuple[str, str], list[Doubt]] = {}
    for doubt in doubts:
        kinds.setdefault((doubt.restorer, doubt.check), []).append(doubt)
    return [
        doubt_text(first) + (f"; the same at {len(rest)} more images and doses" if rest else "")
        for first, *rest in kinds.values()
    ]


def doubt_sentences(run: Run) -> list[Sentence]:
    """Warn of each restorer that seems to know more than its images, a sentence per check."""
    return [
        Sentence(f"A restorer may know more than its images: {text}.", "warning")
        for text in doubted(run.info.doubts)
    ]
