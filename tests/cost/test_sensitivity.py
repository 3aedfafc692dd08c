"""The same counts under several tables: the range, what weighs most, and conclusions that turn."""

from fractions import Fraction
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.cost import CostTable, load_table, price, sensitivity, tables, unit_energies
from hwsim.ledger import Ledger
from tests.cost.priced import CHARGED, SATA, ledger, ledgers, random_ledger, table
from tests.examples import chip


def priced_by(name: str, ac: float, dram: float | None) -> CostTable:
    """pJ of an accumulate and of a byte of DRAM."""
    rows = [{"item": "ac_issued", "energy_pj": ac}]
    return table(
        *rows,
        *([{"item": "dram_byte", "energy_pj": dram}] if dram is not None else []),
        name=name,
        dram="table",
    )


TEN = ledger(ac_issued=10, dram_input_read_bytes=2)
TABLES = [priced_by("cheap logic", 1.0, 10.0), priced_by("cheap memory", 5.0, 1.0)]


def test_tables_come_by_rising_energy_with_the_constant_that_weighs_most() -> None:
    found = sensitivity(TEN, SATA, chosen=TABLES[::-1])
    assert [(r.table, r.energy_pj, r.dominant) for r in found.rows] == [
        ("cheap logic", 30.0, ("dram_input_read_bytes", 20 / 30)),
        ("cheap memory", 52.0, ("ac_issued", 50 / 52)),
    ]
    assert found.span == 52 / 30


def test_a_conclusion_that_turns_with_the_table_is_marked() -> None:
    other = ledger(ac_issued=4, dram_input_read_bytes=3)
    found = sensitivity(TEN, SATA, (other, SATA, 1.0), TABLES)
    assert found.verdicts == {"cheaper": ["cheap logic"], "dearer": ["cheap memory"], "equal": []}
    assert found.flips
    assert [row.ratio for row in found.rows] == [30 / 34, 52 / 23]


def test_a_conclusion_on_which_all_tables_agree_is_not_marked() -> None:
    found = sensitivity(TEN, SATA, (TEN, SATA, 2.0), TABLES)
    assert found.verdicts == {"cheaper": ["cheap logic", "cheap memory"], "dearer": [], "equal": []}
    assert not found.flips


def test_against_the_same_everything_is_equal() -> None:
    assert sensitivity(TEN, SATA, (TEN, SATA, 1.0), TABLES).verdicts["equal"] == [
        "cheap logic",
        "cheap memory",
    ]


def test_what_a_table_has_no_number_for_is_told_and_makes_its_energy_a_part() -> None:
    (row,) = sensitivity(TEN, SATA, chosen=[priced_by("logic only", 1.0, None)]).rows
    assert row.energy_pj == 10.0
    assert row.unpriced == ("dram_input_read_bytes",)
    assert row.as_dict()["complete"] is False


def test_what_only_the_other_has_no_price_for_is_told_too() -> None:
    other = ledger(dram_input_read_bytes=1)
    (row,) = sensitivity(
        ledger(ac_issued=1), SATA, (other, SATA, 1.0), [priced_by("logic only", 1.0, None)]
    ).rows
    assert row.unpriced == ("dram_input_read_bytes",)
    assert row.ratio is None


def test_a_table_that_does_not_reach_the_chip_is_refused_with_its_reason() -> None:
    found = sensitivity(TEN, chip(weight=4096), chosen=[load_table("horowitz45")])
    assert not found.rows
    assert found.span is None
    assert "capacity_bytes = 4096" in found.refused["horowitz45"]


def test_nothing_that_happened_has_no_constant_that_dominates() -> None:
    found = sensitivity(Ledger.empty(("a",)), SATA, chosen=TABLES)
    assert [row.dominant for row in found.rows] == [None, None]
    assert found.span is None


@settings(max_examples=30, deadline=None, derandomize=True)
@given(ledgers)
def test_every_row_is_what_its_table_prices(counted: Ledger) -> None:
    for row in sensitivity(counted, SATA).rows:
        assert row.energy_pj == price(counted, SATA, load_table(row.table)).total_pj


@pytest.mark.parametrize("name", tables())
@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_total_is_its_integer_counts_times_constants(name: str, seed: int, layers: int) -> None:
    counted, kernels = random_ledger(seed, layers), load_table(name)
    units = {a: e for a, e in unit_energies(kernels, SATA).items() if e is not None}
    exact = sum(
        counted.total(a) * Fraction(e) for a, e in units.items() if a in CHARGED or a in ("ac", "mac")
    )
    assert isclose(price(counted, SATA, kernels).total_pj, exact, rel_tol=4e-16)
