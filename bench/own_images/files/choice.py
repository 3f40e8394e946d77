"""Which of the data sets of a file is meant."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.own_images.files.dataset import Contents, Dataset
from bench.own_images.files.kinds import why_no_image
from stembench.errors import InputError

#: An image without a pixel size that has this many times fewer pixels than another is a thumbnail.
_THUMBNAIL: Final = 16
#: Most data sets that a message lists.
_LISTED: Final = 12
#: Names that say which of several arrays is the image.
_MEANT: Final = ("image", "obs", "data", "haadf")


def chosen(
    contents: Contents, wanted: str | None, *, path: Path | str
) -> tuple[Dataset, list[str]]:
    """Choose a data set of a file and say which it is where there were others.

    Parameters
    ----------
    contents : Contents
    wanted : str or None
        Title or number, from 1; None takes the first that is an image and no thumbnail.
    path : Path or str
        For messages.

    Returns
    -------
    dataset : Dataset
    notes : list of str
        Sentences on the choice; empty for a file with one data set.

    Raises
    ------
    InputError
        If nothing is an image, the name fits none or several, or the file's arrays have no order
        and several are images.
    """
    datasets = contents.datasets
    problems = [why_no_image(dataset) for dataset in datasets]
    if not datasets:
        raise InputError(f"{path} holds no data")
    if wanted is not None:
        number = _number(datasets, wanted, path=path)
        if problems[number]:
            raise InputError(f"{path}: {_name(datasets, number)} {problems[number]}")
        return datasets[number], _notes(datasets, problems, number)
    images = [number for number, problem in enumerate(problems) if not problem]
    if not images:
        if len(datasets) == 1:
            raise InputError(f"{path} {problems[0]}")
        listed = "; ".join(
            f"{_name(datasets, number)} {problem}"
            for number, problem in enumerate(problems[:_LISTED])
        )
        more = f"; and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
        raise InputError(f"{path} holds no image: {listed}{more}")
    real = [number for number in images if not _thumbnail(datasets, images, number)]
    if not contents.ordered and len(real) > 1:
        meant = [name for name in _MEANT for n in real if datasets[n].title.lower() == name]
        if not meant:
            raise InputError(
                f"{path} holds {len(real)} images, {_listed(datasets, real)}; choose one with "
                "--image, or name one of the arrays 'image'"
            )
        real = [n for n in real if datasets[n].title.lower() == meant[0]]
    return datasets[real[0]], _notes(datasets, problems, real[0])


def described(dataset: Dataset) -> str:
    """Shape and pixel size of a data set, such as '512 x 512 px of 0.02 nm'."""
    *frames, height, width = [size for size in dataset.data.shape if size != 1]
    stack = f"{frames[0]} of " if frames else ""
    pixel = dataset.pixel
    return f"{stack}{width} x {height} px{f' of {pixel.text}' if pixel.text else ''}"


def _number(datasets: Sequence[Dataset], wanted: str, *, path: Path | str) -> int:
    """Place of the data set that a title or a number from 1 means."""
    folded = wanted.strip().casefold()
    for titles, title in (
        ([dataset.title for dataset in datasets], wanted),
        ([dataset.title.strip().casefold() for dataset in datasets], folded),
    ):
        named = [number for number, other in enumerate(titles) if other == title]
        if len(named) == 1:
            return named[0]
        if named:
            numbers = ", ".join(str(number + 1) for number in named)
            raise InputError(
                f"{path} holds {len(named)} data sets named '{wanted}'; give the number of one to "
                f"--image: {numbers}"
            )
    if wanted.strip().isdecimal() and 1 <= int(wanted) <= len(datasets):
        return int(wanted) - 1
    raise InputError(
        f"{path} has no image '{wanted}'; --image takes the name or the number of one of "
        f"{_listed(datasets, range(len(datasets)))}"
    )


def _thumbnail(datasets: Sequence[Dataset], images: Sequence[int], number: int) -> bool:
    pixel = datasets[number].pixel
    if pixel.x is not None or pixel.y is not None:
        return False
    largest = max(_area(datasets[other]) for other in images)
    return _area(datasets[number]) * _THUMBNAIL <= largest


def _area(dataset: Dataset) -> int:
    height, width = [size for size in dataset.data.shape if size != 1][-2:]
    return int(height * width)


def _name(datasets: Sequence[Dataset], number: int) -> str:
    title = datasets[number].title
    return f"{number + 1} '{title}'" if title else f"{number + 1}"


def _listed(datasets: Sequence[Dataset], numbers: Sequence[int]) -> str:
    texts = []
    for number in list(numbers)[:_LISTED]:
        problem = why_no_image(datasets[number])
        texts.append(
            f"{_name(datasets, number)} ({described(datasets[number])})"
            if not problem
            else f"{_name(datasets, number)} (no image)"
        )
    if len(numbers) > _LISTED:
        texts.append(f"and {len(numbers) - _LISTED} more")
    return ", ".join(texts)


def _notes(datasets: Sequence[Dataset], problems: Sequence[str], number: int) -> list[str]:
    if len(datasets) == 1:
        return []
    sentence = f"data set {_name(datasets, number)} ({described(datasets[number])}) is taken"
    others = [other for other, problem in enumerate(problems) if not problem and other != number]
    if not others:
        return [f"{sentence}, the only image of {len(datasets)} data sets"]
    return [f"{sentence}; others for --image: {_listed(datasets, others)}"]
