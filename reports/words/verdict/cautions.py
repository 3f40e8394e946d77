"""What restorers said of single images, in sentences of the verdict."""

from reports.records.run_folder import Run
from reports.records.run_info import Caution
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
