"""Area of PEs, LIF units and buffers."""

from math import exp, log
from typing import Any

import pytest

from hwsim.area import lif_area_share
from hwsim.cost import (
    chip_area,
    load_table,
    tables,
)
from hwsim.errors import HwsimError
from tests.cost.priced import SATA, near, table
from tests.examples import chip


@pytest.mark.parametrize("name", [name for name in tables() if load_table(name).area_from == "sata_kernels"])
def test_area_is_that_of_pes_lif_units_and_buffers(name: str) -> None:
    # 128 PEs of an accumulator (96.9) and scratchpads (891); 128 LIF units of 129.2 um2
    area = chip_area(load_table(name), SATA)
    assert near(area["pe_array"], 128 * (96.9 + 891))
    assert near(area["lif_units"], 128 * 129.2)
    assert set(area) == {"pe_array", "lif_units", "weight_buffer", "input_buffer", "output_buffer"}
    assert area["input_buffer"] == area["output_buffer"] > 0


@pytest.mark.parametrize(
    ("window", "time_lanes", "accumulators"),
    [(1, "parallel", 1), (4, "parallel", 4), (4, "serial", 1), ("all", "parallel", 64), ("all", "serial", 1)],
)
def test_a_pe_has_an_accumulator_for_each_parallel_time_lane(
    window: Any, time_lanes: str, accumulators: int
) -> None:
    # 2 x 2 PEs of scratchpads (891) and accumulators (96.9); one LIF unit (129.2)
    hardware = chip(units=1, window=window, time_lanes=time_lanes)
    kernels = load_table("sata_kernels")
    assert near(chip_area(kernels, hardware)["pe_array"], 4 * (891 + accumulators * 96.9))
    share = lif_area_share(kernels, hardware)["kernels"]
    assert near(share, 129.2 / (129.2 + 4 * accumulators * 96.9))


@pytest.mark.parametrize(
    ("weight", "activation", "multiplier"),
    [
        (8, 8, 101.5),
        (16, 8, 441.5),
        (8, 16, 441.5),
        (4, 2, 101.5),  # no narrower row: the next wider one
        (12, 8, exp(log(101.5) + log(1.5) / log(2) * log(441.5 / 101.5))),  # between 8 and 16 bits
    ],
)
def test_multipliers_take_area_at_the_wider_of_weight_and_activation(
    weight: int, activation: int, multiplier: float
) -> None:
    bits = (weight, 16, 16, activation)
    kernels = load_table("sata_kernels")
    without = chip_area(kernels, chip(bits=bits))["pe_array"]
    found = chip_area(kernels, chip(bits=bits, multipliers=True))["pe_array"]
    assert near(found, without + 4 * multiplier)


def test_a_multiplier_wider_than_the_table_has_no_area() -> None:
    with pytest.raises(HwsimError, match=r"'multiply' .*8 to 16 bits.* 32"):
        chip_area(load_table("sata_kernels"), chip(bits=(32, 16, 16, 8), multipliers=True))


def test_a_membrane_buffer_takes_area() -> None:
    assert (
        chip_area(load_table("sata_kernels"), chip(membrane=4096, weight=4096, inputs=4096, output=4096))[
            "membrane_buffer"
        ]
        > 0
    )


def test_areas_of_an_unknown_table_are_an_error_with_the_nearest_name() -> None:
    own = table(area_from="sata_kernel")
    with pytest.raises(HwsimError, match=r"unknown table 'sata_kernel'.*Did you mean 'sata_kernels'"):
        chip_area(own, SATA)


def test_areas_of_a_table_without_them_are_an_error() -> None:
    with pytest.raises(HwsimError, match="horowitz45"):
        chip_area(table(area_from="horowitz45"), SATA)
