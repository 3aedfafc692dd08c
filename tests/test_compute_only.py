"""The operations-only energy of SNN papers, and what a chip can do at most in a cycle."""

import json
from typing import Any

import pytest

from hwsim.bounds import bounds
from hwsim.compute_only import compute_only
from hwsim.hardware import load_hardware


def layer(dense: int, **counts: int) -> dict[str, Any]:
    return {"dense_macs": dense, "counts": counts}


def asgl(rate: float) -> dict[str, Any]:
    """ASGL's ResNet-18 at T = 2 (design: 1.77 M MACs in the first layer of 555.42 M), of two samples."""
    first, rest = 1_769_472, 553_648_128
    ac = int(rate * 2 * rest) * 2
    layers = [layer(first, mac=2 * first), layer(rest, ac=ac)]
    return compute_only(layers, {"ac": ac, "mac": 2 * first}, 2, 2, "own", {"ac_issued": 0.1})


def test_asgl_costs_what_its_paper_says_at_the_rate_that_its_number_implies() -> None:
    found = asgl(0.2215)
    row = found["by_table"][1]
    assert row["table"] == "snn_paper_fp32"
    # 555,417,600 MACs of 4.6 pJ; 2 * .2215 * 553,648,128 AC of .9 pJ and 1,769,472 MACs of 4.6 pJ
    assert row["ann_energy_pj"] == pytest.approx(2.555e9, rel=1e-3)
    assert row["energy_ratio"] == pytest.approx(0.0896, abs=5e-5)
    assert found["rate"] == pytest.approx(0.2215, rel=1e-6)


def test_at_the_break_even_rate_both_cost_the_same() -> None:
    rate = asgl(0.1)["by_table"][1]["break_even_rate"]
    # the first layer multiplies in both: 553,648,128 * 4.6 = 2 r * 553,648,128 * .9
    assert rate == pytest.approx(4.6 / 1.8)
    assert asgl(rate)["by_table"][1]["energy_ratio"] == pytest.approx(1.0, rel=1e-6)


def test_what_a_table_does_not_price_is_null() -> None:
    row = asgl(0.1)["by_table"][0]
    assert (row["ac_pj"], row["mac_pj"], row["energy_pj"], row["break_even_rate"]) == (0.1, None, None, None)


def test_a_network_that_does_nothing_has_neither_rate_nor_ratio() -> None:
    found = compute_only(
        [], {"ac": 0, "mac": 0}, 1, 4, "snn_paper_fp32", {"ac_issued": 0.9, "mac_issued": 4.6}
    )
    (row,) = found["by_table"]
    assert (found["rate"], row["energy_pj"], row["energy_ratio"], row["break_even_rate"]) == (
        None,
        0,
        None,
        None,
    )
    json.dumps(found, allow_nan=False)


def test_the_bounds_of_a_chip_are_those_of_its_parts() -> None:
    # 8 x 16 PEs of one lane; DDR4-2400 of 64 bits brings 19.2 GB/s, 48 bytes a cycle of 400 MHz
    found = bounds(load_hardware("sata"), 4)
    assert found["operations_per_cycle"] == 128
    assert found["dram_bytes_per_cycle"] == pytest.approx(48.0)
    chip = load_hardware("sata").buffers
    assert found["buffer_bytes_per_cycle"]["weight"] == chip.weight.word_bits * chip.weight.banks / 8
