"""What a GPU does for the network and the simulation: one script that ends within its budget.

    python bench/speed/accelerator.py --out out/gpu.json --budget 450

Needs JAX for the network (Keras on JAX; no TensorFlow) and CuPy for the simulation. Each step runs
in a process of its own and writes its rows as they come, so that a step that fails or runs out of
time costs no other. On a machine without a GPU the steps run on the CPU, smaller, and say so.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

Row = dict[str, Any]

#: Seconds of the whole budget that each step may take at most, as parts of it.
PARTS: Final = {"rate": 0.1, "network": 0.35, "large": 0.25, "simulation": 0.9}
#: JAX's names of what a product of float32 matrices is computed in.
PRECISIONS: Final = {"float32": "highest", "TF32": "tensorfloat32", "bf16": "bfloat16"}
BATCHES: Final = (1, 4, 16, 64)
#: Sides of the images [px], and of those that a machine without a GPU is tried on.
_SIDE, _LARGE, _SMALL = 256, 2048, 64


def on_gpu() -> bool:
    """Whether JAX sees a GPU."""
    import jax

    return bool(jax.default_backend() == "gpu")


def seconds_of(call: Callable[[], object], *, rounds: int = 5) -> float:
    """Least time of a call after one that compiles [s]."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def rate() -> Iterator[Row]:
    """Products of square matrices per second: what the card gives at most."""
    import jax
    import jax.numpy as jnp

    n = 8192 if on_gpu() else 1024
    a = jnp.asarray(np.random.default_rng(1).standard_normal((n, n)), dtype=jnp.float32)
    for name, precision in PRECISIONS.items():
        with jax.default_matmul_precision(precision):
            product = jax.jit(lambda x: x @ x)
            taken = seconds_of(lambda run=product: run(a).block_until_ready())
        yield {"step": "rate", "precision": name, "tflops": 2e-12 * n**3 / taken}


def network() -> Iterator[Row]:
    """CGRDN per image by precision and batch, and its difference to float32."""
    import jax
    from test_speed_restore import network_operations

    from restore.cgrdn.graph import build_cgrdn
    from restore.cgrdn.weights import read_published_weights

    model = build_cgrdn(read_published_weights("hrstem").convolutions)
    parameters = [value.value for value in model.trainable_variables]
    fixed = [value.value for value in model.non_trainable_variables]
    rng = np.random.default_rng(1)
    exact, side = None, _SIDE if on_gpu() else _SMALL
    for name, precision in PRECISIONS.items():
        with jax.default_matmul_precision(precision):
            run = jax.jit(lambda x: model.stateless_call(parameters, fixed, x)[0])
            for batch in BATCHES if on_gpu() else BATCHES[:2]:
                images = rng.standard_normal((batch, side, side, 1)).astype(np.float32)
                taken = seconds_of(lambda x=images, f=run: f(x).block_until_ready(), rounds=3)
                yield {
                    "step": "network",
                    "precision": name,
                    "side": side,
                    "batch": batch,
                    "ms_per_image": 1e3 * taken / batch,
                    "tflops": 1e-12 * batch * network_operations((side, side)) / taken,
                }
            image = np.random.default_rng(2).standard_normal((1, side, side, 1))
            restored = np.asarray(run(image.astype(np.float32)))
            exact = restored if exact is None else exact
            apart = float(np.sqrt(np.mean((restored - exact) ** 2)) / exact.std())
            yield {"step": "network", "precision": name, "rms_from_float32": apart}


def large() -> Iterator[Row]:
    """One large image through the restorer, tiles and all."""
    from restore import load_restorer

    side = _LARGE if on_gpu() else _SMALL
    image = np.random.default_rng(1).poisson(5.0, (1, side, side)).astype(np.float64)
    restorer = load_restorer("cgrdn")
    taken = seconds_of(lambda: restorer.restore(image, sampling=0.2), rounds=2)
    yield {"step": "large", "side": side, "seconds": taken}


def simulation() -> Iterator[Row]:
    """One configuration of the nanoparticle on CuPy and on the CPU: time, and whether it agrees."""
    from cases import get_case
    from cases.simulation.configuration import probes_of, simulate_configuration

    case = get_case("nanoparticle")
    found: dict[str, Any] = {}
    for device in ("gpu", "cpu"):
        start = time.perf_counter()
        try:
            _, found[device] = simulate_configuration(case, 0, level="paired", device=device)
        except Exception as error:  # whatever CuPy raises is the row's news
            yield {"step": "simulation", "device": device, "failed": str(error)}
            continue
        yield {
            "step": "simulation",
            "device": device,
            "probes": probes_of(case, 0, level="paired"),
            "seconds": time.perf_counter() - start,
        }
    if len(found) == 2:
        apart = np.abs(found["gpu"] - found["cpu"]).max() / np.abs(found["cpu"]).max()
        yield {"step": "simulation", "largest_difference": float(apart)}


STEPS: Final = {"rate": rate, "network": network, "large": large, "simulation": simulation}


def run_step(name: str, *, limit: float) -> list[Row]:
    """Run a step in a process of its own; its rows so far, and a row on how it ended otherwise."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, __file__, "--step", name]
    try:
        ended = subprocess.run(  # noqa: S603 (this very script)
            command, env=environment, capture_output=True, text=True, timeout=limit, check=False
        )
        printed, failed = ended.stdout, ended.stderr[-400:] if ended.returncode else ""
    except subprocess.TimeoutExpired as error:
        printed = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        failed = f"not finished within {limit:.0f} s"
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [*rows, {"step": name, "failed": failed}] if failed else rows


def main(arguments: list[str] | None = None) -> int:
    """Run all steps within the budget, or one in this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("out/gpu.json"))
    parser.add_argument("--budget", type=float, default=450.0, help="seconds for everything")
    parser.add_argument("--step", choices=tuple(STEPS))
    given = parser.parse_args(arguments)
    if given.step:
        for row in STEPS[given.step]():
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()
        return 0
    if find_spec("jax") is None:
        sys.stderr.write("the network runs on JAX here, which is not installed: pip install jax\n")
        return 2
    rows: list[Row] = []
    end = time.monotonic() + given.budget
    given.out.parent.mkdir(parents=True, exist_ok=True)
    for name, part in PARTS.items():
        left = end - time.monotonic()
        limit = min(part * given.budget, left)
        if limit <= 1:
            rows.append({"step": name, "failed": "no time left"})
        else:
            rows += run_step(name, limit=limit)
        given.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        for row in rows:
            if row["step"] == name:
                sys.stdout.write(json.dumps(row) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
