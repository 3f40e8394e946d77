"""The script for a GPU, where there is none: a failed step costs no other, rows come as JSON."""

import json
import sys
from pathlib import Path

import pytest

from tests.loaded_script import loaded_script


def test_a_step_that_fails_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = loaded_script("bench/speed/accelerator.py")
    monkeypatch.setattr(script, "find_spec", lambda _: True)
    fake = tmp_path / "python"
    fake.write_text(
        "#!/bin/sh\n"
        'if [ "$3" = rate ]; then echo \'{"step": "rate", "tflops": 1.0}\'; exit 0; fi\n'
        "echo no such card >&2; exit 1\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    out = tmp_path / "gpu.json"
    assert script.main(["--out", str(out), "--budget", "60"]) == 0
    rows = json.loads(out.read_text())
    assert rows[0] == {"step": "rate", "tflops": 1.0}
    assert [row["step"] for row in rows] == list(script.PARTS)
    assert all("no such card" in row["failed"] for row in rows[1:])


def test_without_jax_it_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = loaded_script("bench/speed/accelerator.py")
    monkeypatch.setattr(script, "find_spec", lambda _: None)
    assert script.main([]) == 2
    assert "pip install jax" in capsys.readouterr().err
