"""Accumulators and LIF units at other widths than a table's rows, and leaks that take a multiplier."""

from math import exp, log

import pytest

from hwsim.area import areas
from hwsim.caveats import caveats
from hwsim.cost import chip_area, load_table, price, standing_power, structure_area, width_ratio
from hwsim.hardware import Hardware
from tests.cost.priced import SATA, ledger, near

KERNELS, SYNTHESIS = load_table("sata_kernels"), load_table("synthesis45")


def at(state: int, sums: int = 16, weights: int = 8) -> Hardware:
    words = {"state_bits": state, "partial_sum_bits": sums, "weight_bits": weights}
    return SATA.model_copy(update={"precision": SATA.precision.model_copy(update=words)})


def between(low: float, high: float, bits: int) -> float:
    """Log-log between 8 and 16 bits."""
    return exp(log(low) + log(bits / 8) / log(2) * log(high / low))


def test_a_lif_unit_has_the_parts_of_its_width() -> None:
    # add, compare, register of 8 bits: 22.2 + 16.2 + 34.0; of 16: 45.0 + 32.4 + 68.0
    found = structure_area(KERNELS, "lif_unit", at(8).precision)
    assert near(found, 129.2 * (22.2 + 16.2 + 34.0) / (45.0 + 32.4 + 68.0))
    parts = sum(between(*pair, 12) for pair in ((22.2, 45.0), (16.2, 32.4), (34.0, 68.0)))
    assert near(structure_area(KERNELS, "lif_unit", at(12).precision), 129.2 * parts / (45.0 + 32.4 + 68.0))


def test_an_accumulator_has_the_width_of_its_sum_whatever_the_weights() -> None:
    # add and register of 8 bits: 22.2 + 34.0, of 16: 45.0 + 68.0
    assert near(structure_area(KERNELS, "accumulator", at(16, 8).precision), 96.9 * 56.2 / 113.0)
    for weights in (4, 8, 16):
        assert structure_area(KERNELS, "accumulator", at(16, 16, weights).precision) == 96.9


@pytest.mark.parametrize(
    ("state", "built"),
    # open synthesis of the same unit, shift leak and soft reset, with its registers: um2 at 8, 24 and 32 bits
    [(8, 173.2), (24, 543.2), (32, 727.8)],
)
def test_the_rule_is_within_8_percent_of_units_that_were_built(state: int, built: float) -> None:
    assert structure_area(SYNTHESIS, "lif_unit", at(state).precision) == pytest.approx(built, rel=0.08)


@pytest.mark.parametrize(("sums", "built"), [(24, 242.9), (32, 322.4)])
def test_the_rule_is_within_3_percent_of_accumulators_that_were_built(sums: int, built: float) -> None:
    assert structure_area(SYNTHESIS, "accumulator", at(16, sums).precision) == pytest.approx(built, rel=0.03)


def test_a_width_that_no_part_has_leaves_the_row_and_says_so() -> None:
    assert width_ratio(KERNELS, "lif_unit", at(32).precision) is None
    assert structure_area(KERNELS, "lif_unit", at(32).precision) == 129.2
    assert "area of the lif_unit is for 16 bits, the chip has 32" in caveats(KERNELS, at(32))


def test_scaled_areas_are_told() -> None:
    found = caveats(KERNELS, at(8, 16, 4))
    assert "area of the lif_unit is scaled from 16 to 8 bits by its parts in table sata_kernels " in "".join(
        found
    )
    assert "area of the accumulator is for 8-bit weights, the chip has 4" in found


def test_fewer_bits_never_take_more_area() -> None:
    for table in (KERNELS, SYNTHESIS):
        found = [sum(chip_area(table, at(bits)).values()) for bits in range(2, 17)]
        assert found == sorted(found)


def test_leakage_and_clock_follow_the_area() -> None:
    # 128 accumulators as they are, 128 LIF units of 8 bits in place of 16
    ratio = (31.4 + 17.8 + 36.2) / (65.4 + 52.1 + 72.4)
    power = standing_power(SYNTHESIS, at(8))
    assert near(power["logic_leakage"], 128 * (3.069 + 7.84 * ratio) * 1e-3)
    assert near(power["clock"], 128 * (0.1341 + 0.1425 * ratio) * 0.4)


def test_leaks_that_are_multiplied_give_each_lif_unit_a_multiplier() -> None:
    # 441.5 um2 of 16 bits in each of 128 units, none where all leaks are shifts and additions
    plain = price(ledger(lif_update=5, decay_shift=5, decay_add=5), SATA, KERNELS).area_um2
    found = price(ledger(lif_update=5, decay_multiply=5), SATA, KERNELS).area_um2
    assert near(plain["lif_units"], 128 * 129.2)
    assert near(found["lif_units"], 128 * (129.2 + 441.5))
    assert {k: v for k, v in found.items() if k != "lif_units"} == {
        k: v for k, v in plain.items() if k != "lif_units"
    }
    source = areas(KERNELS, SATA, multiplied=True)["sources"]["kernels"]
    assert near(source["lif_units"], 128 * (129.2 - 51.0 + 441.5))
    assert "leaks are multiplied: each LIF unit has a multiplier of 16 bits, 441.5 um2" in caveats(
        KERNELS, SATA, multiplied=True
    )


def test_a_multiplier_beyond_the_table_is_left_out_and_told() -> None:
    wide = at(32)
    assert chip_area(KERNELS, wide, multiplied=True) == chip_area(KERNELS, wide)
    told = "leaks are multiplied: sata_kernels has no area of a 32-bit multiplier; none is counted"
    assert told in caveats(KERNELS, wide, multiplied=True)


def test_a_leak_of_two_powers_of_two_costs_an_addition() -> None:
    # add(16): 0.092 pJ; a shift nothing; any other multiply(16): 0.892
    for action, each in (("decay_shift", 0.0), ("decay_add", 0.092), ("decay_multiply", 0.892)):
        assert near(price(ledger(**{action: 10}), SATA, KERNELS).total_pj, 10 * each)


def test_a_lif_unit_of_open_synthesis_costs_what_its_width_was_measured_at() -> None:
    # rows of 8, 16 and 32 bits; 12 bits are priced as of 16, an upper bound
    for state, each in ((8, 0.4066), (12, 0.9302), (16, 0.9302), (32, 1.9696)):
        assert near(price(ledger(lif_update=10), at(state), SYNTHESIS).total_pj, 10 * each)
