"""A result without an ANN counterpart: the SNN's numbers stand, and everything that shows them says why."""

import io
import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from hwsim.cost import load_table
from hwsim.mapping import Mapping
from hwsim.network import Network, Population
from hwsim.pipeline import NoCounterpartError, Workload, counterpart, estimate
from hwsim.report import console, page
from hwsim.report.csv_files import layers_csv
from hwsim.result_values import dense_macs
from tests.examples import chip, conv, dense
from tests.random_networks import draw_network
from tests.report.example import Page, example
from tests.test_result import TEXT, documented

NARROW, TABLE = chip(4, 4, inputs=1024, weight=32768, output=32768), load_table("sata_kernels")
"""A job has half of 1024 bytes for its inputs."""

WHY = "layer 'a': the inputs of one fold of k_tile 1 take 576 bytes; hardware 'test' gives a job 512 bytes"
"""One position sees 24 x 24 pixels of each channel: 576 activations of 8 bits, or 72 bytes of spikes."""


def wide_network() -> Network:
    """(2, 24, 24) spikes -> conv 24x24 -> LIF (2, 1, 1) -> dense readout (5,)."""
    network = Network(
        "wide",
        (
            Population("in", (2, 24, 24), "input"),
            Population("a", (2, 1, 1), "lif", decay=0.5),
            Population("out", (5,), "readout"),
        ),
        (
            conv("in", "a", np.ones((2, 2, 24, 24), np.float32)),
            dense("a", "out", np.ones((5, 2), np.float32)),
        ),
        "out", 2, "spikes",
    )  # fmt: skip
    network.verify()
    return network


@cache
def _estimated() -> str:
    work = Workload(wide_network(), np.ones((2, 2, 2, 24, 24), np.float32))
    return json.dumps(estimate(work, NARROW, Mapping(), TABLE).as_dict(), allow_nan=False)


@pytest.fixture
def alone() -> dict[str, Any]:
    """A result of which the SNN fits the chip and the ANN does not."""
    values: dict[str, Any] = json.loads(_estimated())
    return values


def test_a_counterpart_that_does_not_fit_is_an_error_of_its_own() -> None:
    with pytest.raises(NoCounterpartError, match=WHY):
        counterpart(wide_network(), NARROW, Mapping(), TABLE)


def test_an_estimate_without_a_counterpart_has_the_reason_in_its_place(
    alone: dict[str, Any],
) -> None:
    assert alone["ann"] is None
    assert alone["ann_missing"].startswith(WHY)
    assert alone["totals"]["energy_pj"] > 0
    assert example()["ann_missing"] is None


def test_the_missing_counterpart_is_documented() -> None:
    assert "`ann` is `null` and `ann_missing`" in TEXT
    assert set(documented("### `ann`, ", "### `agreement`")) <= set(example()["ann"])


def test_the_terminal_has_one_column_and_the_reason(alone: dict[str, Any]) -> None:
    text = io.StringIO()
    console.show(alone, Console(file=text, width=200))
    assert f"no ANN to compare with: {WHY}" in text.getvalue()
    assert "same net as ANN" not in text.getvalue()
    assert "energy SNN / ANN unknown" in text.getvalue()


def test_the_page_has_the_snn_and_the_reason(alone: dict[str, Any]) -> None:
    text = page.render(alone)
    assert Page(text).mismatches == []
    assert "There is no ANN to compare with." in text
    assert "Layer &#39;a&#39;: the inputs of one fold of k_tile 1 take 576 bytes" in text
    assert "as ANN" not in text
    heads = [t for t in Page(text).text_of("th") if t in ("component", "as ANN", "area, µm²")]
    assert heads == ["component", "area, µm²"]


def test_dense_macs_of_layers_need_no_counterpart(alone: dict[str, Any]) -> None:
    # 2 x 2 channels of 24 x 24 taps at one position; 5 x 2
    assert [layer["dense_macs"] for layer in alone["layers"]] == [2 * 2 * 24 * 24, 5 * 2]
    assert layers_csv(alone).count("\n") == 3


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))
def test_dense_macs_are_those_of_the_counterpart(seed: int, layers: int, timesteps: int) -> None:
    network = replace(draw_network(np.random.default_rng(seed), layers, timesteps), coding="frames")
    roomy = chip(4, 4, weight=1 << 20, inputs=1 << 20, output=1 << 20)
    found = counterpart(network, roomy, Mapping(), load_table("snn_paper_fp32")).ledger
    assert found.per_layer("mac").tolist() == [dense_macs(network, name) for name in found.layers]
