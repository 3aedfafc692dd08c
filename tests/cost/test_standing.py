"""Leakage and clocks over time, beside dynamic energy."""

import pytest

from hwsim import sram
from hwsim.cost import load_table, price, standing_power
from hwsim.hardware import Hardware
from tests.cost.priced import SATA, ledger, near
from tests.cost.test_whole_chips import timed

BUFFERS = ((147456, 128), (32768, 64), (32768, 64))
"""Of the chip sata: weights, inputs, outputs."""


def with_cells(cell_type: str) -> Hardware:
    buffers = SATA.buffers.model_copy(update={"cell_type": cell_type})
    return SATA.model_copy(update={"buffers": buffers})


def test_buffers_leak_as_the_grid_says() -> None:
    power = standing_power(load_table("sata_kernels"), SATA)["sram_leakage"]
    assert near(power, sum(sram.access(32, "itrs-lop", *buffer).leakage_mw for buffer in BUFFERS))


def test_leakage_and_clocks_of_pes_and_lif_units_are_of_all_of_them() -> None:
    # synthesis45: 3.069 uW and 0.1341 pJ a cycle an accumulator, 7.84 uW and 0.1425 pJ a LIF unit; 128 each
    power = standing_power(load_table("synthesis45"), SATA)
    assert near(power["logic_leakage"], 128 * (3.069 + 7.84) * 1e-3)
    assert near(power["clock"], 128 * (0.1341 + 0.1425) * 0.4)  # pJ * 400 MHz = 0.4 mW


def test_energy_over_time_is_power_times_latency() -> None:
    # 4000 cycles of 400 MHz: 10,000 ns, and a mW over a ns is a pJ
    found = price(timed(4000, ac_issued=5), SATA, load_table("synthesis45"))
    clock = found.standing_mw["clock"]
    assert clock is not None
    assert near(found.standing()["clock"], clock * 10_000)
    assert near(found.total_pj, 5 * 0.2336)  # nothing of it within the dynamic energy


def test_a_table_without_such_numbers_says_so() -> None:
    found = price(ledger(), SATA, load_table("horowitz45"))
    assert found.standing_unpriced() == ("sram_leakage", "logic_leakage", "clock")
    assert found.standing() == {"dram": 0.0}


@pytest.mark.parametrize("cell_type", ["itrs-lstp", "itrs-lop", "itrs-hp"])
def test_a_chip_may_have_cells_of_its_own(cell_type: str) -> None:
    # energies, leakage and area all follow the cells that the chip names
    one = ledger(input_buffer_read=1)
    found = price(one, with_cells(cell_type), load_table("sata_kernels"))
    expected = sram.access(32, cell_type, 32768, 64)
    assert near(found.by_component()["input_buffer"], expected.read_pj)
    assert near(found.area_um2["input_buffer"], expected.area_um2)
    leakage = sum(sram.access(32, cell_type, *buffer).leakage_mw for buffer in BUFFERS)
    assert near(found.standing_mw["sram_leakage"], leakage)


def test_a_chip_without_cells_of_its_own_keeps_its_identity() -> None:
    assert SATA.id != with_cells("itrs-hp").id
    assert len({with_cells(cell).id for cell in ("itrs-lstp", "itrs-lop", "itrs-hp")}) == 3
