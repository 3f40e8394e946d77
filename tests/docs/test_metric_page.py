"""The page of metrics is what metrics declare and notes say, and no metric keeps quiet."""

from dataclasses import replace

import pytest

from docs.site import metric_page as made
from docs.site.metric_page import NOTES, PAGE, metric_page
from reports.metrics import table


def test_the_page_is_what_the_metrics_declare():
    again = "run: python docs/site/metric_page.py"
    assert PAGE.read_text(encoding="utf-8") == metric_page(), again


def test_every_metric_stands_on_it_once():
    page = metric_page().splitlines()
    for name in table.METRICS:
        assert page.count(f"### {name}") == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[psnr_db]", "[snr_db]", "lacks equation and fooled_by of: psnr_db"),
        ("fooled_by", "fooled", "lacks equation and fooled_by of: position_bias_x_pm, "),
        ("[ssim]", "[nothing]\n[ssim]", "no file declares: nothing"),
    ],
)
def test_notes_that_do_not_fit_are_refused(old, new, sentence, monkeypatch, tmp_path):
    text = NOTES.read_text(encoding="utf-8").replace(old, new)
    (tmp_path / "notes.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(made, "NOTES", tmp_path / "notes.toml")
    with pytest.raises(ValueError, match=sentence):
        metric_page()


def test_a_metric_without_a_heading_is_refused(monkeypatch):
    metrics = dict(table.METRICS)
    metrics["psnr_db"] = replace(metrics["psnr_db"], subject="nowhere")
    monkeypatch.setattr(table, "METRICS", metrics)
    with pytest.raises(ValueError, match="no heading for metrics of nowhere"):
        metric_page()
