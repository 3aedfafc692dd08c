"""Widths of values, words that loads fill (docs/machine.md, W8, B4); time on columns equals series."""

from dataclasses import replace

import numpy as np
import pytest

from hwsim.lower.layers import value_bits
from hwsim.lower.schedule import ACTION
from hwsim.mapping import Mapping
from hwsim.network import Coding, Network, Population, Projection
from tests.examples import chip, dense
from tests.lower.building import checked, lowered, pointwise
from tests.random_cases import draw_case

BITS = (8, 16, 20, 6)
"""Of weights, sums, states and activations."""


def pools(coding: Coding) -> Network:
    """An input, its 2x2 maximum and 3x3 average, sums of both kinds, and one neuron of each kind behind."""
    populations = (
        Population("in", (1, 6, 6), "input"),
        Population("max", (1, 3, 3), "relay"),
        Population("avg", (1, 4, 4), "relay"),
        Population("lif", (2,), "lif"),
        Population("many", (2,), "lif", multispike=True),
        Population("li", (2,), "li"),
        Population("sum", (2,), "relay"),
        Population("out", (2,), "readout"),
    )
    ones = np.ones((2, 9), np.float32)
    square = np.ones((2, 2), np.float32)
    projections = (
        Projection("m", "in", "max", "max_pool", kernel=(2, 2), stride=(2, 2)),
        Projection("a", "in", "avg", "avg_pool", kernel=(3, 3), stride=(1, 1), divisor=9.0),
        *(dense("max", name, ones) for name in ("lif", "many", "li", "sum")),
        dense("avg", "out", np.ones((2, 16), np.float32)),
        *(replace(dense(n, "out", square), name=f"{n}>out") for n in ("lif", "many", "li", "sum")),
    )  # fmt: skip
    return checked(Network("pools", populations, projections, "out", 2, coding))


@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        # W8: nine spikes sum to 9, which takes 4 bits; nine activations of 6 bits take 4 more
        ("spikes", {"in": 1, "max": 1, "avg": 4}),
        ("series", {"in": 6, "max": 6, "avg": 6 + 4}),
    ],
)
def test_an_emitted_value_has_the_bits_of_its_kind(coding: Coding, expected: dict[str, int]) -> None:
    network, hardware = pools(coding), chip(bits=BITS)
    always = {"lif": 1, "many": 6, "li": 20, "sum": 16, "out": 0}
    found = {p.name: value_bits(network, p.name, hardware) for p in network.populations}
    assert found == expected | always


@pytest.mark.parametrize(("coding", "bits"), [("spikes", 4), ("series", 6 + 4)])
def test_an_average_has_the_bits_of_all_of_its_window(coding: Coding, bits: int) -> None:
    # W8: a window of 2 x 6: 12 spikes sum to 12, 4 bits; 12 activations take bit_length(11) = 4 bits more
    populations = (
        Population("in", (1, 2, 6), "input"),
        Population("avg", (1, 1, 1), "relay"),
        Population("out", (1,), "readout"),
    )
    pool = Projection("a", "in", "avg", "avg_pool", kernel=(2, 6), divisor=12.0)
    projections = (pool, dense("avg", "out", np.ones((1, 1), np.float32)))
    network = checked(Network("wide", populations, projections, "out", 1, coding))
    assert value_bits(network, "avg", chip(bits=BITS)) == bits


def test_a_load_fills_whole_words_of_its_buffer() -> None:
    # B4: 3 channels of 5 weights are 15 bytes in words of 64 bits: 2; 5 inputs of a bit, 1 byte: 1 word
    program = lowered(pointwise(5, 3, 1), chip(1, 4, word=64))
    counts = program.counts.sum(axis=0)
    assert counts[ACTION["weight_buffer_write"]] == 2
    assert counts[ACTION["input_buffer_write"]] == 1


@pytest.mark.parametrize("seed", range(8))
def test_time_on_columns_does_the_work_of_steps_in_series(seed: int) -> None:
    # P1, W3: what is useful, emitted and updated does not depend on where time lies
    case = draw_case(seed)
    mapping = Mapping()
    series, across = chip(2, 3), chip(2, 3, columns_hold="T", window=2)
    kept = [ACTION[a] for a in ("ac", "mac", "events_in", "events_out", "lif_update", "lif_spike")]
    network = case.network
    found = [lowered(network, c, mapping).counts[:, kept].tolist() for c in (series, across)]
    assert found[0] == found[1]
