"""What the engine of low precision asks of a machine."""

import llvmlite.binding
import pytest

from restore import metadata_of
from restore.networks import bfloat16
from restore.networks.bfloat16 import require_bfloat16
from stembench.errors import InputError


@pytest.fixture(autouse=True)
def forget() -> None:
    bfloat16._has_instructions.cache_clear()


def has(monkeypatch: pytest.MonkeyPatch, **features: bool) -> None:
    found = {name.replace("_", "-"): value for name, value in features.items()}
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_features", lambda: found)


def test_a_processor_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, avx512f=True, avx512bf16=False)
    with pytest.raises(InputError, match="AVX512-BF16 or AMX, which this one is not; use 'cgrdn'"):
        metadata_of("cgrdn@bf16")
    has(monkeypatch)
    bfloat16._has_instructions.cache_clear()
    with pytest.raises(InputError, match="AVX512-BF16 or AMX"):
        require_bfloat16("cgrdn")


@pytest.mark.parametrize("name", ["avx512bf16", "amx_bf16"])
def test_either_instruction_will_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, **{name: True})
    require_bfloat16("cgrdn")
    assert metadata_of("cgrdn@bf16").precision == "bfloat16"
    assert metadata_of("cgrdn@keras").precision == "float32"


def test_another_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, avx512bf16=True)
    monkeypatch.setattr(bfloat16, "keras_backend", lambda: "jax")
    with pytest.raises(InputError, match="backend 'jax'; set KERAS_BACKEND=tensorflow"):
        require_bfloat16("cgrdn")


@pytest.mark.parametrize("value", ["0", "false"])
def test_onednn_switched_off(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, avx512bf16=True)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", value)
    with pytest.raises(InputError, match="which TF_ENABLE_ONEDNN_OPTS switches off; unset it"):
        require_bfloat16("cgrdn")
