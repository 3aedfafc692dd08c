"""docs/numbers.md against the tables."""

from pathlib import Path

import pytest

from hwsim.cost import load_table, tables
from hwsim.dram.table import drams
from hwsim.grid import hop_energies
from hwsim.numbers import markdown

PAGE = Path(__file__).parents[1] / "docs" / "numbers.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "make numbers writes it again"


def test_every_table_is_on_the_page() -> None:
    text = markdown()
    assert all(f"\n### {name}\n" in text for name in (*tables(), *drams(), "neurosim45", "truenorth28"))
    assert all(f"\n| {name} |" in text for name in hop_energies())


@pytest.mark.parametrize("name", tables())
def test_every_constant_of_a_table_stands_with_its_source(name: str) -> None:
    text = markdown().split(f"\n### {name}\n")[1].split("\n### ")[0]
    for row in load_table(name).rows:
        lines = [line for line in text.splitlines() if line.startswith(f"| {row.item} | ")]
        told = [line for line in lines if line.endswith(f" | {row.status} | {row.source} |")]
        numbers = (row.bits, row.energy_pj, row.area_um2, row.leakage_uw, row.clock_pj)
        assert any(all(f"| {n:g} |" in line for n in numbers if n is not None) for line in told), row
