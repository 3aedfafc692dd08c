"""Cost: prices worked out by hand for every shipped table, sums that must agree, errors of tables."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from math import exp, fsum, isclose, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.area import lif_area_share
from hwsim.caveats import caveats
from hwsim.configuration import save_yaml
from hwsim.cost import (
    COMPONENTS,
    Cost,
    CostTable,
    buffer_energy,
    check_widths,
    chip_area,
    load_table,
    price,
    tables,
    unit_energies,
)
from hwsim.errors import HwsimError
from hwsim.hardware import Buffer, Hardware, load_hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, Ledger
from tests.examples import chip

BY_COMMANDS = load_hardware("sata")  # its DRAM: ddr4_2400
SATA = BY_COMMANDS.model_copy(update={"dram": BY_COMMANDS.dram.model_copy(update={"timing": "bandwidth"})})
CHARGED = [action for actions in COMPONENTS.values() for action in actions]
SOURCE = "made up for a test"


def ledger(**counts: int) -> Ledger:
    """One layer with these counts."""
    made = Ledger.empty(("a",))
    for action, count in counts.items():
        made.counts[0, list(ACTIONS).index(action)] = count
    return made


def random_ledger(seed: int, layers: int) -> Ledger:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 10 ** rng.integers(0, 10, (layers, len(ACTIONS))) + 1)
    cycles = np.zeros((layers, len(CAUSE_COLUMNS)), np.int64)
    return Ledger(tuple(f"l{i}" for i in range(layers)), counts, cycles)


ledgers = st.builds(random_ledger, st.integers(0, 2**32 - 1), st.integers(1, 6))


def table(*rows: dict[str, Any], **fields: Any) -> CostTable:
    """A table of one's own."""
    told = [{"status": "published", "source": SOURCE} | row for row in rows]
    values = {"name": "own", "description": "", "node_nm": 28, "voltage_v": None, "rows": told}
    return CostTable.model_validate(values | {"area_from": "sata_kernels"} | fields)


def near(found: float | None, expected: float) -> bool:
    return found is not None and isclose(found, expected, rel_tol=1e-12)


def small_chip(*bits: int) -> Hardware:
    """A chip of weights, sums, states and activations of these bits, whose memories every table has."""
    assert len(bits) == 4
    return chip(bits=bits, weight=32768, inputs=32768, output=32768)


# --- prices by hand ------------------------------------------------------------------------------


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


# --- DRAM ----------------------------------------------------------------------------------------


COMMANDS = {
    "dram_activates": 3, "dram_reads": 5, "dram_writes": 2, "dram_refreshes": 1, "dram_active_cycles": 1200,
    "dram_precharged_cycles": 600, "dram_weight_read_bytes": 320, "dram_output_write_bytes": 128,
}  # fmt: skip


@pytest.mark.parametrize("name", ["horowitz45", "sata_kernels"])
def test_dram_commands_cost_what_the_drams_own_table_says(name: str) -> None:
    # ddr4_2400: ACT 3450, RD 2930, WR 2550, REF 693,000 pJ; IO 3.7 pJ on 512 bits a burst; 1200 cycles are a
    # microsecond: 413 mW are 413,000 pJ in it, 326 mW 163,000 pJ in half of it. The bytes are not paid again.
    found = price(ledger(**COMMANDS), BY_COMMANDS, load_table(name))
    io = 7 * 512 * 3.7
    assert near(found.by_component()["dram"], 3 * 3450 + 5 * 2930 + 2 * 2550 + io)
    assert near(found.standing_pj, 693_000 + 413_000 + 163_000)
    assert near(found.total_pj, found.by_component()["dram"])
    assert found.unpriced == ()


def test_a_convention_prices_the_bytes_even_where_commands_are_played() -> None:
    # snn_paper_fp32 says so itself: 160 pJ a byte, nothing for commands and background
    found = price(ledger(**COMMANDS), BY_COMMANDS, load_table("snn_paper_fp32"))
    assert near(found.total_pj, 448 * 160)
    assert found.unpriced == ()


def test_plain_bandwidth_is_priced_by_the_byte() -> None:
    assert near(price(ledger(**COMMANDS), SATA, load_table("horowitz45")).total_pj, 448 * 162.5)


def test_commands_without_a_known_energy_are_told_as_unpriced() -> None:
    # lpddr4_2400 has no refresh, background and IO: ACT 6960, RD 6250, WR 5770
    hardware = chip(table="lpddr4_2400", weight=32768, inputs=32768, output=32768)
    found = price(ledger(**COMMANDS), hardware, load_table("horowitz45"))
    assert found.unpriced == ("dram_refreshes", "dram_active_cycles", "dram_precharged_cycles")
    assert near(found.total_pj, 3 * 6960 + 5 * 6250 + 2 * 5770)
    assert any(
        "energies of lpddr4_2400, without IO" in told for told in caveats(load_table("horowitz45"), hardware)
    )


def test_whose_energies_price_the_dram_is_told() -> None:
    (told,) = caveats(load_table("sata_kernels"), BY_COMMANDS)
    assert told.endswith("energies of ddr4_2400, with IO, not by table sata_kernels")


def with_dram(name: str) -> Hardware:
    return chip(table=name, weight=32768, inputs=32768, output=32768)


@pytest.mark.parametrize("name", ["horowitz45", "sata_kernels"])
def test_a_flat_dram_prices_its_bytes_by_its_own_energy_of_a_bit(name: str) -> None:
    # hbm2: 4 pJ a bit, 32 pJ a byte; 448 bytes
    found = price(ledger(**COMMANDS), with_dram("hbm2"), load_table(name))
    assert near(found.by_component()["dram"], 448 * 32)
    assert found.unpriced == ()


def test_a_flat_dram_without_an_energy_is_priced_by_the_table() -> None:
    assert near(price(ledger(**COMMANDS), with_dram("ideal"), load_table("horowitz45")).total_pj, 448 * 162.5)


def test_a_convention_prices_the_bytes_of_a_flat_dram() -> None:
    found = price(ledger(**COMMANDS), with_dram("hbm2"), load_table("snn_paper_fp32"))
    assert near(found.total_pj, 448 * 160)


@pytest.mark.parametrize(
    ("name", "hardware", "told"),
    [
        ("horowitz45", with_dram("hbm2"), "32 pJ each, with the energy of hbm2, not by table horowitz45"),
        (
            "horowitz45",
            with_dram("ideal"),
            "162.5 pJ each, by table horowitz45; ideal has no energy of its own",
        ),
        ("horowitz45", chip(), "162.5 pJ each, by table horowitz45; the chip names no DRAM"),
        (
            "horowitz45",
            SATA,
            "162.5 pJ each, by table horowitz45; ddr4_2400 plays no commands at plain bandwidth",
        ),
        (
            "snn_paper_fp32",
            BY_COMMANDS,
            "160 pJ each, by table snn_paper_fp32, not with the energies of ddr4_2400",
        ),
        (
            "snn_paper_fp32",
            with_dram("hbm2"),
            "160 pJ each, by table snn_paper_fp32, not with the energies of hbm2",
        ),
    ],
)
def test_what_a_dram_byte_costs_and_by_whom_is_told(name: str, hardware: Hardware, told: str) -> None:
    assert caveats(load_table(name), hardware)[0] == f"DRAM is priced by the byte, {told}"


def test_a_dram_that_nobody_prices_is_told() -> None:
    assert caveats(table(), chip())[0] == "DRAM is not priced: table own has no dram_byte"


def test_dram_actions_that_a_table_prices_itself_are_told() -> None:
    own = table({"item": "dram_reads", "energy_pj": 7.0})
    assert "table own prices dram_reads itself" in caveats(own, BY_COMMANDS)


# --- widths --------------------------------------------------------------------------------------


def test_widths_between_two_rows_are_interpolated_in_log_space() -> None:
    # add: 0.05 pJ at 16 bits, 0.1 at 32; 20 bits lie log2(20/16) of the way: 0.05 * 2 ** log2(1.25)
    assert near(load_table("horowitz45").of("add", 20), 0.05 * 1.25)


@pytest.mark.parametrize(
    ("item", "bits", "energy"), [("add", 8, 0.03), ("add", 16, 0.05), ("multiply", 32, 3.1)]
)
def test_a_tables_own_widths_are_exact(item: str, bits: int, energy: float) -> None:
    assert load_table("horowitz45").of(item, bits) == energy


def test_a_width_beyond_a_table_is_an_error_that_names_item_and_range() -> None:
    with pytest.raises(HwsimError, match="table 'horowitz45' has 'add' for 8 to 32 bits, not for 33"):
        load_table("horowitz45").of("add", 33)


@pytest.mark.parametrize("bits", [1, 7])
def test_a_width_below_a_table_costs_what_its_narrowest_does(bits: int) -> None:
    assert load_table("horowitz45").of("add", bits) == 0.03


def test_a_chip_wider_than_the_table_cannot_be_priced() -> None:
    # the price of the accumulate, which happened, needs add(64); so does what every run does
    wide = small_chip(8, 64, 16, 8)
    for asked in (
        lambda: price(ledger(ac_issued=1), wide, load_table("horowitz45")),
        lambda: check_widths(load_table("horowitz45"), wide, ["ac_issued"]),
    ):
        with pytest.raises(HwsimError, match=r"partial_sum_bits = 64: .*'add' for 8 to 32 bits, not for 64"):
            asked()


def test_a_width_beyond_the_table_that_nothing_needs_leaves_a_chip_its_price() -> None:
    # activations of 32 bits: no compare(32), no multiply(32) in sata_kernels; accumulates and LIF have prices
    wide, kernels = small_chip(8, 16, 16, 32), load_table("sata_kernels")
    energies = unit_energies(kernels, wide)
    assert {a for a, energy in energies.items() if energy is None} == {
        "mac_issued", "relu_update", "vector_mac"
    }  # fmt: skip
    found = price(ledger(ac_issued=10, lif_update=1), wide, kernels)
    assert near(found.total_pj, 0.73 + 0.188)
    assert found.unpriced == ()
    with pytest.raises(HwsimError, match="'compare' for 8 to 16 bits, not for 32"):
        price(ledger(relu_update=1), wide, kernels)


@pytest.mark.parametrize("name", tables())
@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("others", [1, 8, 12, 16])
def test_no_narrower_width_is_dearer(name: str, which: int, others: int) -> None:
    """Weights, sums, states and activations of 1 to 16 bits, the other three as wide as told."""
    widths = [[others] * which + [bits] + [others] * (3 - which) for bits in range(1, 17)]
    energies = [unit_energies(load_table(name), small_chip(*bits)) for bits in widths]
    for action in energies[0]:
        told = [e[action] for e in energies]
        known = [e for e in told if e is not None]
        assert len(known) in (0, 16)
        assert known == sorted(known), (action, known)


def test_wider_than_every_whole_row_an_action_costs_what_its_primitives_do_but_no_less_than_that_row() -> (
    None
):
    # sata_kernels: ac 0.073 at 8 bits of weight; at 9 the add of the sum: 0.042 at 8 bits, 0.092 at 16
    kernels = load_table("sata_kernels")
    assert unit_energies(kernels, small_chip(9, 8, 16, 8))["ac_issued"] == 0.073
    assert unit_energies(kernels, small_chip(9, 16, 16, 8))["ac_issued"] == 0.092


def test_the_narrowest_whole_row_that_holds_a_width_prices_it() -> None:
    own = table(*({"item": "ac_issued", "bits": b, "energy_pj": float(b)} for b in (16, 4, 8)))
    prices = [unit_energies(own, small_chip(bits, 16, 16, 8))["ac_issued"] for bits in (1, 4, 5, 8, 9, 16)]
    assert prices == [4.0, 4.0, 8.0, 8.0, 16.0, 16.0]


def test_narrow_widths_that_wider_rows_price_are_told() -> None:
    told = caveats(load_table("sata_kernels"), small_chip(4, 8, 8, 8))
    assert "ac_issued is priced as of 8 bits, the chip has 4" in told
    assert "lif_update is priced as of 16 bits, the chip has 8" in told
    assert "mac_issued is priced as of 8 bits" not in " ".join(told)
    narrow = caveats(load_table("horowitz45"), small_chip(8, 4, 8, 8))
    assert "add of 4 bits is priced as of 8, the narrowest of table horowitz45" in narrow


@pytest.mark.parametrize(
    ("weight", "array", "told"),
    # P4: os, 8 x 16: 16 weights of 8 bits a beat; own streams take them for every access of a bank
    [
        ({"word_bits": 128}, {}, None),
        ({"word_bits": 32, "banks": 2, "ports": 2}, {}, None),
        ({"word_bits": 8}, {}, "a beat takes 128 bits of the weight buffer, which brings 8 a cycle"),
        ({"word_bits": 64, "banks": 2}, {"streams": "own", "fill": "broadcast"}, "brings 64 a cycle"),
    ],
)
def test_a_beat_wider_than_what_a_buffer_brings_is_told(
    weight: dict[str, Any], array: dict[str, Any], told: str | None
) -> None:
    made = SATA.model_dump()
    made["buffers"]["weight"] |= weight
    made["pe_array"] |= array
    wide = [c for c in caveats(load_table("sata_kernels"), Hardware.model_validate(made)) if "a beat" in c]
    assert [told in c for c in wide if told] == ([True] if told else [])
    assert len(wide) == (told is not None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sata_kernels", "capacity_bytes = 1023: the SRAM grid begins at 1024 bytes for words of 64 bits"),
        ("horowitz45", "capacity_bytes = 1023: table 'horowitz45' reaches from 8192 to 1048576 bytes"),
    ],
)
def test_a_buffer_that_no_table_reaches_is_named_with_its_chip(name: str, message: str) -> None:
    small = chip(weight=1023) if name == "sata_kernels" else chip(weight=1023, inputs=8192, output=8192)
    with pytest.raises(HwsimError, match=f"hardware 'test': buffers.weight: {message}"):
        price(ledger(), small, load_table(name))


def test_a_free_width_does_not_break_the_interpolation() -> None:
    rows = [{"item": "add", "bits": b, "energy_pj": e} for b, e in ((8, 0.0), (32, 1.0))]
    with suppress(HwsimError):  # a message is as good as a number
        found = table(*rows).of("add", 16)
        assert found is not None
        assert 0.0 <= found <= 1.0


@pytest.mark.parametrize("capacity", [8191, 1048577])
def test_a_memory_outside_the_published_points_is_an_error(capacity: int) -> None:
    buffer = Buffer(capacity_bytes=capacity, word_bits=64)
    with pytest.raises(HwsimError, match=r"horowitz45.* reaches from 8192 to 1048576 bytes"):
        buffer_energy(load_table("horowitz45"), buffer)


@pytest.mark.parametrize(("capacity", "energy"), [(8192, 10.0), (32768, 20.0), (1048576, 100.0)])
def test_published_points_of_memories_are_exact(capacity: int, energy: float) -> None:
    buffer = Buffer(capacity_bytes=capacity, word_bits=64)
    read, write = buffer_energy(load_table("horowitz45"), buffer)
    assert near(read, energy)
    assert near(write, energy)


# --- sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tables())
@settings(max_examples=40, deadline=None, derandomize=True)
@given(ledgers)
def test_layers_components_and_actions_add_up_to_the_same_total(name: str, counted: Ledger) -> None:
    cost = price(counted, SATA, load_table(name))
    by_layer = fsum(e for layer in cost.by_layer().values() for e in layer.values())
    energies = unit_energies(load_table(name), SATA)
    by_action = fsum(counted.total(a) * (energies.get(a) or 0.0) for a in CHARGED)
    assert cost.total_pj == fsum(cost.by_component().values())
    assert isclose(by_layer, cost.total_pj, rel_tol=1e-12)
    assert isclose(by_action, cost.total_pj, rel_tol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_two_runs_cost_what_each_costs(one: int, other: int, layers: int) -> None:
    first, second = random_ledger(one, layers), random_ledger(other, layers)
    kernels = load_table("sata_kernels")
    together = price(first + second, SATA, kernels).total_pj
    alone = price(first, SATA, kernels).total_pj + price(second, SATA, kernels).total_pj
    assert isclose(together, alone, rel_tol=1e-12)


def test_every_component_of_a_layer_is_told() -> None:
    counted = ledger(ac_issued=10, lif_update=1, dram_hold_read_bytes=2)
    found = price(counted, SATA, load_table("sata_kernels")).by_layer()["a"]
    assert {name for name, energy in found.items() if energy} == {"pe_array", "lif_units", "dram"}
    assert near(found["pe_array"], 0.73)
    assert near(found["dram"], 325.0)


def test_each_charged_action_belongs_to_one_component() -> None:
    assert len(CHARGED) == len(set(CHARGED))
    assert set(CHARGED) <= set(ACTIONS)


# --- area ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tables())
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


# --- tables as files -----------------------------------------------------------------------------


def test_an_unknown_table_gets_the_nearest_name() -> None:
    with pytest.raises(HwsimError, match=r"unknown table 'horowitz'.*Did you mean 'horowitz45'\?.*\.yaml"):
        load_table("horowitz")


OWN = """\
name: own
description: one row
node_nm: 28
voltage_v: 0.9
rows:
  - {item: add, bits: 16, energy_pj: 2.0, status: measured, source: my own chip}
area_from: sata_kernels
"""


def own_error(tmp_path: Path, old: str, new: str) -> str:
    assert OWN.count(old) == 1
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace(old, new))
    with pytest.raises(HwsimError) as caught:
        load_table(str(path))
    return str(caught.value).removeprefix(str(path))


def test_a_table_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    found = load_table(str(tmp_path / "own.yaml"))
    assert price(ledger(ac_issued=3), SATA, found).total_pj == 6.0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("energy_pj: 2.0", "energy_pj: -2.0", ":6: rows.0.energy_pj: found -2.0"),
        ("energy_pj: 2.0", "energy_pj: .nan", ":6: rows.0.energy_pj: found nan"),
        ("status: measured", "status: guessed", ":6: rows.0.status: found 'guessed'"),
        ("source: my own chip", "source: me", ":6: rows.0.source: found 'me'"),
        (", source: my own chip", "", ":6: field 'rows.0.source' is missing"),
        ("voltage_v: 0.9", "voltage_v: 0", ":4: voltage_v: found 0"),
        ("bits: 16", "bits: 0", ":6: rows.0.bits: found 0"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert own_error(tmp_path, old, new).startswith(message)


def test_an_unknown_key_of_a_row_gets_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    message = own_error(tmp_path, "energy_pj: 2.0", "energy: 2.0")
    assert message.startswith(":6: unknown field 'rows.0.energy'.")
    assert "Did you mean 'energy_pj'?" in message


@pytest.mark.parametrize(
    "sram",
    [
        "sram: {status: published, source: a test of both}",
        "sram: {grid: {node_nm: 32, cell_type: itrs-lop}, points: [{capacity_bytes: 1, word_bits: 1, "
        "energy_pj: 1}], status: published, source: a test of both}",
    ],
    ids=["neither", "both"],
)
def test_memories_come_from_the_grid_or_from_points(tmp_path: Path, sram: str) -> None:
    message = own_error(tmp_path, "area_from", f"{sram}\narea_from")
    assert "give either grid or points" in message


@pytest.mark.parametrize("name", tables())
def test_every_table_comes_back_from_its_yaml(name: str, tmp_path: Path) -> None:
    save_yaml(tmp_path / "copy.yaml", load_table(name))
    found = load_table(str(tmp_path / "copy.yaml"))
    assert found == load_table(name)
    assert found.id == load_table(name).id


# --- identity and files of costs -----------------------------------------------------------------

PRICED = price(ledger(ac_issued=3, pe_cycles=2, lif_update=1), SATA, load_table("horowitz45"))


def test_a_saved_cost_comes_back_the_same(tmp_path: Path) -> None:
    PRICED.save(tmp_path / "cost.json")
    found = Cost.load(tmp_path / "cost.json")
    assert found.as_dict() == PRICED.as_dict()
    assert found.id == PRICED.id
    assert found.total_pj == PRICED.total_pj
    assert found.unpriced == ("pe_cycles",)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(ledgers)
def test_every_random_cost_comes_back_through_json(counted: Ledger) -> None:
    cost = price(counted, SATA, load_table("sata_kernels"))
    found = Cost.from_dict(json.loads(json.dumps(cost.as_dict())))
    assert found.id == cost.id
    assert np.array_equal(found.energy_pj, cost.energy_pj)


def test_other_prices_have_other_ids() -> None:
    others = [
        price(ledger(ac_issued=4, pe_cycles=2, lif_update=1), SATA, load_table("horowitz45")),
        price(ledger(ac_issued=3, pe_cycles=2, lif_update=1), SATA, load_table("sata_kernels")),
        replace(PRICED, area_um2=PRICED.area_um2 | {"pe_array": 1.0}),
    ]
    assert len({PRICED.id, *(c.id for c in others)}) == 4


def test_other_tables_have_other_ids() -> None:
    assert len({load_table(name).id for name in tables()}) == len(tables()) >= 3


@pytest.mark.parametrize("energy", [-1.0, float("nan"), float("inf")])
def test_a_cost_that_is_no_energy_is_refused(energy: float) -> None:
    broken = PRICED.energy_pj.copy()
    broken[0, 2] = energy
    with pytest.raises(HwsimError, match="an energy is negative or not finite"):
        replace(PRICED, energy_pj=broken).verify()


def edited(change: Callable[[dict[str, Any]], Any]) -> str:
    values = PRICED.as_dict()
    change(values)
    return json.dumps(values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        edited(lambda v: v["actions"].reverse()),
        edited(lambda v: v.pop("layers")),
        edited(lambda v: v.update(layers=["a", "b"])),
        edited(lambda v: v.update(energy_pj=[["x"]])),
        edited(lambda v: v["energy_pj"][0].__setitem__(0, -1.0)),
        edited(lambda v: v.update(unpriced=None)),
    ],
    ids=[
        "empty", "cut", "list", "number", "no fields", "other actions", "no layers", "two layers", "texts",
        "negative", "null",
    ],
)  # fmt: skip
def test_a_damaged_cost_is_refused_naming_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cost.json"
    path.write_text(text)
    with pytest.raises(HwsimError, match=r"cost\.json"):
        Cost.load(path)


def test_a_missing_cost_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"cost\.json"):
        Cost.load(tmp_path / "cost.json")


def test_a_row_for_one_width_is_not_used_for_wider_ones() -> None:
    # sata_kernels: ac 0.073 is its 8-bit unit, for 7 bits too; at 16-bit weights
    # ac = add16 = 0.092, mac = 0.892 + 0.092
    kernels = load_table("sata_kernels")
    assert unit_energies(kernels, SATA)["ac_issued"] == 0.073
    assert unit_energies(kernels, small_chip(7, 16, 16, 8))["ac_issued"] == 0.073
    precision = SATA.precision.model_copy(update={"weight_bits": 16})
    wide = unit_energies(kernels, SATA.model_copy(update={"precision": precision}))
    assert near(wide["ac_issued"], 0.092)
    assert near(wide["mac_issued"], 0.892 + 0.092)


def test_constants_for_another_node_or_width_are_told() -> None:
    kernels = load_table("sata_kernels")
    assert len(caveats(kernels, SATA)) == 1  # whose energies price the DRAM
    small = SATA.model_copy(update={"node_nm": 7})
    assert [("7 nm" in told) for told in caveats(kernels, small)] == [False, True, True]
    assert any("has 16" in told for told in caveats(kernels, chip(bits=(16, 16, 16, 16))))


def test_memories_of_several_macros_are_told() -> None:
    kernels = load_table("sata_kernels")
    told = [
        [
            caveat
            for caveat in caveats(kernels, chip(weight=size, inputs=1024, output=1024))
            if "SRAM" in caveat
        ]
        for size in (1 << 21, (1 << 21) + 1)
    ]
    assert told == [[], ["the weight buffer is more than one SRAM; wires between them are not counted"]]
