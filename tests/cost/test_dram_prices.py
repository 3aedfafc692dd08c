"""Who prices the DRAM: its own commands and bits, or the table's bytes."""

import pytest

from hwsim.caveats import caveats
from hwsim.cost import (
    load_table,
    price,
)
from hwsim.hardware import Hardware
from tests.cost.priced import BY_COMMANDS, SATA, ledger, near, table
from tests.examples import chip

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
    assert near(found.dram_standing_pj, 693_000 + 413_000 + 163_000)
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
