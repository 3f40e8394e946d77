"""The figure of pairs."""

from training.evidence.pair_figure import pair_figure
from training.pairs.pair_sequence import PairSequence


def test_each_pair_has_two_panels():
    sequences = tuple(PairSequence(name, 2, shape=(16, 16)) for name in ("lrsem", "lrtem"))
    figure = pair_figure(sequences, count=3)
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == 6
    titles = [axes.get_title() for axes in drawn]
    assert [title.split()[0] for title in titles[::2]] == ["lrsem", "lrtem", "lrsem"]
    for left, right in zip(drawn[::2], drawn[1::2], strict=True):
        assert left.images[0].get_array().shape == right.images[0].get_array().shape == (16, 16)
