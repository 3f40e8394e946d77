"""Malformed files: images, tables, settings, runs, baselines, models and modules."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from stembench.sealed_json import content_hash

Random = np.random.Generator
Words = list[str]
#: Writes something malformed into a folder; the command that takes it.
Maker = Callable[[Random, Path, Path], Words]

#: Values in place of others.
_OTHER: Final = (None, True, -1, 0, 1e308, 10**400, "", "x", [], [1], {}, {"a": 1}, "../../etc")


def some_image(rng: Random) -> np.ndarray:
    y, x = np.mgrid[:40, :40]
    waves = 0.02 + 0.015 * np.cos(2 * np.pi * x / 10) * np.cos(2 * np.pi * y / 10)
    return waves + 0.001 * rng.random((40, 40))


def _npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def _damaged(content: bytes, rng: Random) -> bytes:
    """Cut, lengthened, with bytes changed, or with a piece repeated."""
    how = int(rng.integers(5))
    place = int(rng.integers(len(content)))
    if how == 0:
        return content[:place]
    if how == 1:
        return content + rng.bytes(50)
    changed = bytearray(content)
    if how == 2:
        for at in rng.integers(min(len(content), 200), size=5):
            changed[at] = int(rng.integers(256))
    elif how == 3:
        for at in rng.integers(len(content), size=20):
            changed[at] = int(rng.integers(256))
    else:
        changed[place:place] = changed[: int(rng.integers(1, 100))]
    return bytes(changed)


def _whole(kind: str, image: np.ndarray) -> bytes:
    """Bytes of a sound image file."""
    file = io.BytesIO()
    if kind == "npy":
        return _npy(image)
    if kind == "npz":
        np.savez(file, image=image)
    elif kind == "tif":
        import tifffile

        tifffile.imwrite(file, image.astype(np.float32))
    elif kind in ("png", "bmp", "jpg"):
        from PIL import Image

        name = {"jpg": "jpeg"}.get(kind, kind)
        Image.fromarray((image * 5000).astype(np.uint8)).save(file, format=name)
    else:
        import h5py

        with h5py.File(file, "w") as tree:
            tree["image"] = image
    return file.getvalue()


def _on_image(name: str, content: bytes, rng: Random, folder: Path) -> Words:
    """A command on an image file."""
    (folder / name).write_bytes(content)
    return [
        ["fit", name, "-o", "o.csv", "--sampling", "0.2"],
        ["fit", name, "-o", "o.csv"],
        ["restore", name, "-r", "gaussian", "-o", "o.tif", "--sampling", "0.2"],
        ["distort", name, "--dose", "500", "-o", "o.npy", "--sampling", "0.2"],
    ][int(rng.integers(4))]


def _format(kind: str) -> Callable[[Random, Path, Path], Words]:
    def words(rng: Random, folder: Path, _: Path) -> Words:
        content = _damaged(_whole(kind, some_image(rng)), rng)
        return _on_image(f"i.{kind}", content, rng, folder)

    return words


def _array(rng: Random, folder: Path, _: Path) -> Words:
    image = some_image(rng)
    holed = image.copy()
    holed[3, 4] = rng.choice([np.nan, np.inf, -np.inf, 1e308, -1e308])
    arrays = [
        holed, image.astype(complex), image.astype("U8"), image.astype(object), np.array([{}, 1]),
        np.zeros((0, 5)), np.zeros(()), np.zeros(7), np.zeros((2, 2, 2, 2)), np.zeros((1, 1)),
        np.zeros((40, 40)), np.full((40, 40), np.nan), -image, image * 1e300, image * 1e-300,
        np.zeros((40, 40), "M8[s]"), np.zeros((5, 5), [("a", float)]), image > 0.02, image[:2],
        np.full((30, 30), 7.0), image.astype(">f2"), np.zeros((3, 40, 0)), np.full((9, 9), 2**62),
    ]  # fmt: skip
    return _on_image("i.npy", _npy(arrays[int(rng.integers(len(arrays)))]), rng, folder)


def _no_image(rng: Random, folder: Path, _: Path) -> Words:
    """Rubbish with the ending of some format."""
    ending = str(
        rng.choice(
            [
                "npy",
                "npz",
                "tif",
                "dm3",
                "dm4",
                "emd",
                "ser",
                "mrc",
                "h5",
                "png",
                "zspy",
                "hspy",
                "csv",
                "",
                "jpg",
                "xyz",
                "emi",
                "blo",
                "bcf",
            ]
        )
    )
    return _on_image(f"i.{ending}", rng.bytes(int(rng.integers(0, 2000))), rng, folder)


def _archive(rng: Random, folder: Path, _: Path) -> Words:
    """Archives of arrays that hold something else, or too much."""
    file = io.BytesIO()
    members = [{}, {"a.npy": b""}, {"image.npy": b"rubbish"}, {"../x.npy": _npy(some_image(rng))},
               {"image.npy": _npy(np.zeros(0))}, {"a.npy": _npy(1), "b.npy": _npy("x")},
               {"sampling.npy": _npy(-1.0), "image.npy": _npy(some_image(rng))},
               {"sampling.npy": _npy("x"), "image.npy": _npy(some_image(rng))},
               {"sampling.npy": _npy(np.nan), "image.npy": _npy(some_image(rng))}]  # fmt: skip
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members[int(rng.integers(len(members)))].items():
            archive.writestr(name, content)
    return _on_image("i.npz", file.getvalue(), rng, folder)


def _positions(rng: Random, folder: Path, _: Path) -> Words:
    np.save(folder / "i.npy", some_image(rng))
    tables = [
        b"", b"\n", b"x,y\n", b"x,y\n1\n", b"x,y\n1,2,3\n", b"x,y\n1,a\n", b"x,y\nnan,2\n",
        b"x,y\ninf,2\n", b"x,y\n-5,900\n", b"a,b\n1,2\n", b"x\n1\n", b"x,y\n5,5\n5,5\n",
        "x,y\n5,5\n".encode("utf-16"), rng.bytes(300), b"x;y\n5;5\n", b"x,y\n1e308,1e308\n",
        b"x,x\n1,2\n", b"x,y\n\"5,5\n", b"x,y\n5,5\n" * 5000, b"\x00" * 100, b"y,x,y\n1,2,3\n",
    ]  # fmt: skip
    (folder / "p.csv").write_bytes(tables[int(rng.integers(len(tables)))])
    return ["fit", "i.npy", "--positions", "p.csv", "-o", "o.csv", "--sampling", "0.2"]


def _margins(rng: Random, folder: Path, base: Path) -> Words:
    texts = [
        b"", b"[", b"a = 1\n", b"[margins]\nposition_rmse = 'x'\n", b"[margins]\nx = nan\n",
        b"position_rmse = -1\n", b"position_rmse = {}\n", b"[[margins]]\n", rng.bytes(100),
        "é = 1".encode("latin-1"), b"position_rmse = 1e999\n", b"position_rmse = []\n",
        b"position_rmse = true\n", b"[position_rmse]\nabsolute = 'x'\n", b"a.b.c = 1979-05-27\n",
    ]  # fmt: skip
    (folder / "m.toml").write_bytes(texts[int(rng.integers(len(texts)))])
    return ["compare", "raw", "gaussian", "--run", str(base / "run"), "--margins", "m.toml"]


def _cluster(rng: Random, folder: Path, _: Path) -> Words:
    texts = [
        b"", b"[", b"a = 1\n", b"kind = 1\n", b"kind = 'slurm'\nworkers = -1\n", rng.bytes(80),
        b"kind = 'slurm'\nworkers = 'x'\n", b"[slurm]\n", b"workers = []\n", b"kind = ''\n",
    ]  # fmt: skip
    (folder / "c.toml").write_bytes(texts[int(rng.integers(len(texts)))])
    return [*TINY, "--out", "r", "--cluster", "c.toml"]


TINY: Final = ["run", "--case", "pt_bulk", "--doses", "500", "--realizations", "1"]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else []
    parts = enumerate(value) if isinstance(value, list) else parts
    inner = [place for key, part in parts for place in _places(part, (*path, key))]
    return ([path] if path else []) + inner


def _structured(path: Path, rng: Random) -> None:
    """Change JSON in one place, half of the time under a hash that fits."""
    content = json.loads(path.read_text())
    places = _places(content)
    place = places[int(rng.integers(len(places)))]
    holder = content
    for key in place[:-1]:
        holder = holder[key]
    if rng.random() < 0.3:
        del holder[place[-1]]
    else:
        holder[place[-1]] = _OTHER[int(rng.integers(len(_OTHER)))]
    if rng.random() < 0.5:
        inner = {key: value for key, value in content.items() if key != "sha256"}
        content = {**content, "sha256": content_hash(inner)}
    path.write_text(json.dumps(content))


def _run_json(rng: Random, folder: Path, base: Path) -> Words:
    shutil.copytree(base / "run", folder / "run")
    _structured(folder / "run" / "run.json", rng)
    return _on_run(rng)


def _on_run(rng: Random) -> Words:
    """A command that reads a run; no fit by lmfit, and few reports, which take long."""
    if rng.random() < 0.05:
        return ["report", "run"]
    return [
        ["baseline", "run", "--restorer", "gaussian", "-o", "b.json"],
        ["compare", "raw", "gaussian", "--run", "run"],
        ["power", "run", "raw", "gaussian"],
        ["verify-fit", "run", "-n", "1", "--case", "nothing"],
    ][int(rng.integers(4))]


def _run_files(rng: Random, folder: Path, base: Path) -> Words:
    """A run with a file damaged, gone, exchanged, or in a folder's place."""
    shutil.copytree(base / "run", folder / "run")
    paths = sorted(path for path in (folder / "run").rglob("*") if path.suffix)
    path, other = (paths[int(rng.integers(len(paths)))] for _ in range(2))
    how = int(rng.integers(4))
    if how == 0:
        path.write_bytes(_damaged(path.read_bytes(), rng))
    elif how == 1:
        path.unlink()
    elif how == 2:
        shutil.copy(other, path) if other != path else path.unlink()
    else:
        path.unlink()
        path.mkdir()
    return _on_run(rng)


def _baseline(rng: Random, folder: Path, base: Path) -> Words:
    shutil.copy(base / "baseline.json", folder / "b.json")
    if rng.random() < 0.7:
        _structured(folder / "b.json", rng)
    else:
        (folder / "b.json").write_bytes(_damaged((folder / "b.json").read_bytes(), rng))
    return ["compare", "b.json", str(base / "run"), "--restorer", "gaussian"]


def _model(rng: Random, folder: Path, _: Path) -> Words:
    """Model files that are none."""
    ending = str(rng.choice(["onnx", "keras", "h5", "pt", "pb", "tflite"]))
    path = folder / f"m.{ending}"
    how = int(rng.integers(4))
    if how == 0:
        path.write_bytes(rng.bytes(int(rng.integers(0, 500))))
    elif how == 1:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", str(rng.choice(["", "[]", "{}", '{"a": 1}', "{"])))
            archive.writestr("metadata.json", "{}")
    elif how == 2:
        path.mkdir()
        (path / "saved_model.pb").write_bytes(rng.bytes(50))
    else:
        path.write_bytes(b"")
    return with_restorer(path.name, rng, folder)


def with_restorer(spec: str, rng: Random, folder: Path) -> Words:
    np.save(folder / "i.npy", some_image(rng))
    return [
        ["check", spec],
        ["restore", "i.npy", "-r", spec, "-o", "o.npy", "--sampling", "0.2"],
        [*TINY, "--restorer", spec, "--out", "r", "--jobs", "1"],
        ["regression", spec, "--out", "r"],
    ][int(rng.integers(2 if spec.startswith("gaussian") else 4))]


def _module(rng: Random, folder: Path, _: Path) -> Words:
    texts = [
        "",
        "f = 1",
        "def f(): pass",
        "def f(images, *, sampling): return images +",
        "import nothing_",
        "raise SystemExit(0)",
        "raise KeyboardInterrupt",
        "1 / 0",
        "def f(images): return images",
        "metadata = 3\ndef f(images, *, sampling): return images\nf.metadata = 3",
        "def f(images, *, sampling): return images\nf.metadata = {'name': '[/x]'}",
        "def f(images, *, sampling): return images\nf.metadata = {'name': 'a/b'}",
        "class f:\n def __init__(self): raise ValueError('two\\nlines')",
        "\x00",
        "import os; os.abort()",
        "def f(images, *, sampling): raise ValueError('[/bold] x\\ny')",
    ]
    (folder / "user.py").write_text(texts[int(rng.integers(len(texts)))])
    return [
        ["check", "user:f"],
        with_restorer("user:f", np.random.default_rng(1), folder),
        [*TINY, "--restorer", "user:f", "--out", "r", "--jobs", "1"],
    ][int(rng.integers(3))]


def _onnx(rng: Random, folder: Path, _: Path) -> Words:
    """A network that is damaged, or of another shape, type or operation than a restorer's."""
    from onnx import TensorProto, helper

    shapes = ([None, 1, None, None], [None, None, None, 1], [1, 3, 8, 8], [None], [], [0, 1, 8, 8],
              [None, 1, -4, 7], [None, 2, None, None], ["n", 1, "h", "w"])  # fmt: skip
    operations = ("Identity", "Neg", "Shape", "Nothing", "Exp", "Sqrt", "ReduceSum", "Conv", "Loop")
    kinds = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING)
    before, after = (shapes[int(rng.integers(len(shapes)))] for _ in range(2))
    kind = int(kinds[int(rng.integers(len(kinds)))]) if rng.random() < 0.4 else TensorProto.FLOAT
    operation = str(rng.choice(operations))
    if rng.random() < 0.5:
        before = after = shapes[0]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(operation, ["x"], ["y"])],
        "g",
        [value("x", kind, before)],
        [value("y", kind, after)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content = model.SerializeToString()
    if rng.random() < 0.4:
        content = _damaged(content, rng)
    (folder / "m.onnx").write_bytes(content)
    return with_restorer("m.onnx", rng, folder)


#: What makes files of each kind.
FILES: Final[dict[str, Maker]] = {
    **{
        f"image .{kind}": _format(kind) for kind in ("npy", "npz", "tif", "png", "bmp", "jpg", "h5")
    },
    "arrays": _array,
    "no image": _no_image,
    "archives": _archive,
    "positions": _positions,
    "margins": _margins,
    "cluster file": _cluster,
    "run.json": _run_json,
    "files of a run": _run_files,
    "baseline": _baseline,
    "model files": _model,
    "onnx": _onnx,
    "user modules": _module,
}
