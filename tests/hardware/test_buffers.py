"""What a job gets of a chip's buffers and LIF units."""

from typing import Any

import pytest

from tests.examples import chip


def test_a_job_gets_half_of_a_double_buffered_memory() -> None:
    # W6: capacity // D
    assert chip(weight=101).buffers.weight.tile_bytes == 50
    assert chip(weight=101, double=False).buffers.weight.tile_bytes == 101


def test_loads_run_ahead_if_weights_and_inputs_are_both_double_buffered() -> None:
    # S1: D = 2 if both are, else 1
    both = chip()
    assert both.load_buffers == 2
    assert chip(double=False).load_buffers == 1
    single = both.buffers.input.model_copy(update={"double_buffered": False})
    buffers = both.buffers.model_copy(update={"input": single})
    assert both.model_copy(update={"buffers": buffers}).load_buffers == 1


@pytest.mark.parametrize(
    ("placement", "units", "rate"), [("array", 6, 6), ("array", 2, 2), ("edge", 6, 3), ("edge", 2, 2)]
)
def test_lif_units_at_the_edge_take_a_columns_width_a_cycle(placement: Any, units: int, rate: int) -> None:
    # L1: U' = units in the array, min(C, units) at its edge; C = 3
    assert chip(2, 3, placement=placement, units=units).lif_rate == rate


def test_a_chip_has_three_buffers_and_two_more_if_told() -> None:
    assert list(chip().buffers.present()) == ["weight", "input", "output"]
    assert list(chip(membrane=64, partial_sum=64).buffers.present()) == [
        "weight",
        "input",
        "output",
        "membrane",
        "partial_sum",
    ]
