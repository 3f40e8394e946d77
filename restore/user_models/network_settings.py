"""What a user declares of a model file beside it: ``net.onnx:multiple=16,margin=32``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from restore.restorer import Tiling
from restore.settings import Setting, defaults, read_settings
from stembench.errors import InputError

Layout = Literal["nhwc", "nchw"]
#: Endings of files to whose path settings may be appended; a SavedModel folder may have any.
_ENDINGS: Final = (".keras", ".onnx")
#: Side of a window where none is declared, px, about.
_TILE: Final = 512
#: Pixels over which windows are blended, at most.
_BLEND: Final = 16


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes and layout of a network that its file does not state.

    Attributes
    ----------
    multiple : int
        Sides of an image must be a multiple of it, px: images are mirrored at their lower and
        right edge up to it. 0 tries 1, 2, 4, ... 64.
    margin : int
        Pixels along the edge of a window in which the network's output is not used, for what it
        would have seen beyond. 0 restores every image whole.
    tile : int
        Side of a window, px; 0 is the size that the network is fixed to, else about 512.
    layout : str
        'nhwc', 'nchw', or 'auto' for what the file says.

    Raises
    ------
    stembench.errors.InputError
        If a value is impossible.
    """

    multiple: int = 0
    margin: int = 0
    tile: int = 0
    layout: str = "auto"

    def __post_init__(self) -> None:
        for name in ("multiple", "margin", "tile"):
            if not 0 <= getattr(self, name) <= 2**16:
                raise InputError(
                    f"{name} of a model file is 0 to {2**16} px, not {getattr(self, name)}"
                )
        if self.layout not in (*get_args(Layout), "auto"):
            raise InputError(f"layout of a model file is nhwc, nchw or auto, not '{self.layout}'")
        if self.tile and not self.margin:
            raise InputError("a model file's tile needs its margin beside it, in px")

    def tiling(self, height: int | None, width: int | None) -> Tiling | None:
        """Windows of a network that is fixed to a size, or None of any; None without a margin.

        Raises
        ------
        stembench.errors.InputError
            If windows of that size are not square, or leave no room between their margins.
        """
        if not self.margin:
            return None
        if height != width:
            raise InputError(
                f"a network of {height or 'any'} x {width or 'any'} px cannot be given windows,"
                " which are square"
            )
        multiple = max(1, self.multiple)
        tile = self.tile or height or max(1, round(_TILE / multiple)) * multiple
        if height is not None and tile != height:
            raise InputError(f"the network takes windows of {height} px, not tile={tile}")
        room = tile - 2 * self.margin
        return Tiling(
            whole=tile,
            tile=tile,
            margin=self.margin,
            blend=max(1, min(_BLEND, room // 4)),
            multiple=1 if height is not None else multiple,
        )


DEFAULT: Final = NetworkSettings()


def split_model_spec(spec: str, /) -> tuple[str, dict[str, Setting]]:
    """Return the path of a model's spec and the settings that follow it.

    Parameters
    ----------
    spec : str
        ``path`` or ``path:key=value,key=value``; a path may hold colons. Anything else is
        returned as it is.

    Raises
    ------
    stembench.errors.InputError
        If settings follow that no model file has.
    """
    path, colon, text = spec.rpartition(":")
    if not colon or "=" not in text or not (names_model_file(path) or Path(path).is_dir()):
        return spec, {}
    settings = read_settings(text, defaults(NetworkSettings), restorer=path)
    NetworkSettings(**settings)  # type: ignore[arg-type]
    return path, settings


def names_model_file(path: str, /) -> bool:
    """Return whether a path ends as model files do."""
    return path.lower().endswith(_ENDINGS)
