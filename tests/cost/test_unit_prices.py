"""What an action costs under every shipped table, worked out by hand."""

from math import exp, fsum, log

import pytest

from hwsim.cost import (
    load_table,
    price,
    tables,
    unit_energies,
)
from tests.cost.priced import CHARGED, SATA, ledger, near, table
from tests.examples import chip


def test_the_price_under_the_convention_of_snn_papers() -> None:
    # 10 * 0.9 + 3 * 4.6 + 4 * 0.9 + 2 * 4.6 + 100 bytes * 160
    counted = ledger(ac_issued=10, mac_issued=3, vector_add=4, vector_mac=2, dram_weight_read_bytes=100)
    assert near(price(counted, SATA, load_table("snn_paper_fp32")).total_pj, 9 + 13.8 + 3.6 + 9.2 + 16000)


def test_the_price_of_arithmetic_at_45_nm() -> None:
    # SATA's widths: weights 8, sums 16, states 16 bits.
    # ac: add(16) = 0.05; mac: multiply(8) + add(16) = 0.25; lif: compare(16) + add(16) = 0.1;
    # bias and readout: add(16); relu: compare(8) = 0.03; lanes: 0.05 and 0.25; a DRAM byte 162.5
    counted = ledger(
        ac_issued=10, mac_issued=4, lif_update=7, bias_add=2, readout_update=3, relu_update=5,
        vector_add=6, vector_mac=1, dram_input_read_bytes=64, dram_output_write_bytes=16,
    )  # fmt: skip
    expected = 0.5 + 1.0 + 0.7 + 0.1 + 0.15 + 0.15 + 0.3 + 0.25 + 80 * 162.5
    assert near(price(counted, SATA, load_table("horowitz45")).total_pj, expected)


def test_the_price_of_memories_at_45_nm() -> None:
    # 32 KB at 64 bits: a published point, 20 pJ. 144 KB lies between 32 KB (20 pJ) and 1 MB (100 pJ), at
    # log(4.5) / log(32) of the way; its word has 128 bits, twice the 64 of the points
    counted = ledger(input_buffer_read=3, output_buffer_write=2, weight_buffer_read=5, weight_buffer_write=1)
    way = log(4.5) / log(32)
    word = 2 * exp((1 - way) * log(20) + way * log(100))
    assert near(price(counted, SATA, load_table("horowitz45")).total_pj, 5 * 20 + 6 * word)


def test_the_price_of_satas_kernels() -> None:
    # whole actions win: ac 0.073, mac 0.279, lif 0.188; pe cycle: register(8) + register(1);
    # membrane and held sums written: register(16); decay: multiply(16); bias: add(16); relu: compare(8)
    counted = ledger(
        ac_issued=10, mac_issued=4, lif_update=7, pe_cycles=100, membrane_register_write=8,
        hold_register_write=2, decay_multiply=3, bias_add=2, relu_update=5, vector_mac=6,
        dram_weight_read_bytes=64,
    )  # fmt: skip
    parts = [
        0.73, 4 * 0.279, 7 * 0.188, 100 * (0.031 + 0.00388), 10 * 0.063,
        3 * 0.892, 2 * 0.092, 5 * 0.0245, 6 * (0.205 + 0.092), 64 * 162.5,
    ]  # fmt: skip
    assert near(price(counted, SATA, load_table("sata_kernels")).total_pj, fsum(parts))


def test_the_price_of_satas_buffers_comes_from_the_grid() -> None:
    # tables/sram_grid.csv, 32 nm, itrs-lop, 32768 bytes, 64 bits: 3.18451 pJ a read, 2.62199 a write
    counted = ledger(input_buffer_read=3, output_buffer_write=2)
    found = price(counted, SATA, load_table("sata_kernels")).by_component()
    assert near(found["input_buffer"], 3 * 3.18451)
    assert near(found["output_buffer"], 2 * 2.62199)


def test_only_the_operations_that_pes_execute_are_priced() -> None:
    # useful operations, spikes and events are counts only
    counted = ledger(ac=1000, mac=1000, lif_spike=1000, events_in=1000, events_out=1000, weight_reads=1000)
    found = price(counted, SATA, load_table("sata_kernels"))
    assert found.total_pj == 0
    assert found.unpriced == ()


@pytest.mark.parametrize("name", tables())
def test_wires_and_shifts_are_free_in_every_table(name: str) -> None:
    counted = ledger(decay_shift=9, pool_or=9, membrane_register_read=9, hold_register_read=9)
    found = price(counted, SATA, load_table(name))
    assert found.total_pj == 0
    assert found.unpriced == ()


def test_what_a_table_does_not_price_is_told() -> None:
    counted = ledger(lif_update=5, weight_buffer_read=2, pe_cycles=1, ac_issued=1)
    found = price(counted, SATA, load_table("snn_paper_fp32"))
    assert set(found.unpriced) == {"lif_update", "weight_buffer_read", "pe_cycles"}
    assert near(found.total_pj, 0.9)


def test_what_did_not_happen_is_not_told_as_unpriced() -> None:
    assert price(ledger(ac_issued=1), SATA, load_table("snn_paper_fp32")).unpriced == ()


@pytest.mark.parametrize("action", CHARGED)
def test_a_row_named_like_an_action_wins(action: str) -> None:
    # the docstring of unit_energies
    own = table({"item": action, "energy_pj": 7.0}, {"item": "dram_byte", "energy_pj": 1.0})
    assert unit_energies(own, chip(membrane=4096, partial_sum=4096))[action] == 7.0


def test_a_mac_multiplies_at_the_wider_of_weight_and_activation() -> None:
    rows = [{"item": "multiply", "bits": b, "energy_pj": float(b)} for b in (4, 8, 16)]
    rows += [{"item": "add", "bits": b, "energy_pj": 100.0 * b} for b in (16, 20)]
    for weight, activation in ((4, 16), (16, 4)):
        energies = unit_energies(table(*rows), chip(bits=(weight, 20, 16, activation)))
        assert near(energies["mac_issued"], 16 + 2000)


def test_an_action_with_one_unknown_part_is_unpriced() -> None:
    rows = [{"item": "add", "bits": 16, "energy_pj": 1.0}]
    energies = unit_energies(table(*rows), chip())
    assert energies["ac_issued"] == 1.0
    assert energies["lif_update"] is None
    assert energies["mac_issued"] is None
