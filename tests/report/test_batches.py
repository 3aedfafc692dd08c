"""What is said of figures per inference in mini-batches."""

import io
from typing import Any

import pytest
from rich.console import Console

from hwsim.report import console, page
from tests.report.example import Page, example


def printed(values: dict[str, Any]) -> str:
    out = io.StringIO()
    console.show(values, Console(file=out, width=200))
    return out.getvalue()


def test_the_time_of_one_sample_alone_is_its_latency() -> None:
    values = example()
    text, parsed = printed(values), Page(page.render(values))
    assert "latency" in text
    assert "each alone from empty buffers" in text
    assert "latency" in parsed.text_of("dt")
    assert "samples each alone from empty buffers" in page.render(values)
    assert "Spread over 2 samples" in parsed.text_of("h3")


@pytest.mark.parametrize("samples", [2, 3])
def test_the_time_of_a_sample_of_a_mini_batch_is_not_called_a_latency(samples: int) -> None:
    values = example(samples, batch=2)
    text, rendered = printed(values), page.render(values)
    assert "time per inference, mini-batches of 2" in text
    assert "latency" not in text
    assert "time per inference, mini-batches of 2" in Page(rendered).text_of("dt")
    for shown in (text, rendered):
        assert "in mini-batches of 2, each from empty buffers" in shown
        assert "each alone" not in shown
    over = (
        f"Spread over mini-batches of 2, each shared equally by its samples; of spikes over {samples} samples"
    )
    assert over in Page(rendered).text_of("h3")
    assert "run on one mini-batch of 2, densely" in rendered


def test_spikes_are_spread_over_samples_and_cycles_over_mini_batches() -> None:
    alone, together = example(3)["per_sample"], example(3, batch=3)["per_sample"]
    assert alone["spikes"]["p5"] < alone["spikes"]["p95"]
    assert together["spikes"] == alone["spikes"]
    assert together["dram_bytes"]["p5"] == together["dram_bytes"]["p95"]
    assert together["dram_bytes"]["mean"] < alone["dram_bytes"]["mean"]
