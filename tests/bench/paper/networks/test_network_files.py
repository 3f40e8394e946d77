"""`stembench networks`: pictures and layer tables."""

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from bench.cli.app import app


def call(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_a_network_is_drawn_with_a_table_of_its_layers(tmp_path: Path) -> None:
    output = call("networks", "discriminator", "-o", tmp_path / "new")
    assert "discriminator: 5 layers, 2762753 parameters" in output
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"discriminator.{ending}" for ending in ("png", "svg", "csv")}
    table = pd.read_csv(tmp_path / "new" / "discriminator.csv")
    assert table["parameters"].sum() == 2_762_753
    assert table["kind"].str.contains("instance norm").sum() == 3


def test_an_unknown_network_is_named(tmp_path: Path) -> None:
    output = call("networks", "resnet", "-o", tmp_path / "new", code=2)
    assert "there is no network 'resnet'; known are cgrdn, grdn, mr-unet" in output
    assert not (tmp_path / "new").exists()
