"""Prices between, below and beyond the widths and sizes of a table."""

from contextlib import suppress
from typing import Any

import pytest

from hwsim.caveats import caveats
from hwsim.cost import (
    buffer_energy,
    check_widths,
    load_table,
    price,
    tables,
    unit_energies,
)
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.memories import Buffer
from tests.cost.priced import SATA, ledger, near, small_chip, table
from tests.examples import chip


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
