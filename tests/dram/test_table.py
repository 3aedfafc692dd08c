"""DRAM tables and address mappings: what is refused, and in which words."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml

from hwsim.dram.mapping import FIELDS, fields_of, places
from hwsim.dram.table import DramTable, drams, load_dram
from hwsim.errors import HwsimError
from tests.dram.streams import shipped


@pytest.fixture
def loaded(tmp_path: Path) -> Any:
    """Load a changed DDR4 table: ``section.field`` names what to change."""

    def load(path: str, value: Any) -> DramTable:
        values = shipped("ddr4_2400")
        *sections, field = path.split(".")
        at = values
        for section in sections:
            at = at[section]
        at[field] = value
        file = tmp_path / "mine.yaml"
        file.write_text(yaml.safe_dump(values, sort_keys=False))
        return load_dram(str(file))

    return load


def test_every_table_loads_and_its_pins_move_what_they_say() -> None:
    peaks = {name: load_dram(name).peak_bytes_per_s for name in drams()}
    assert peaks["ddr4_2400"] == peaks["lpddr4_2400"] == peaks["ideal"] == 19_200_000_000
    assert load_dram("ddr4_2400").capacity_bytes == 8 * 2**30


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("banked.mapping", "row:bank:column", ["mapping", "'channel' occurs 0 times"]),
        ("banked.mapping", "row:rank:bank:bankgroup:colum:channel", ["'colum'", "Did you mean 'column'"]),
        ("banked.organization.columns", 100, ["organization.columns", "100", "power of two"]),
        ("banked.timing_cycles.CCD_S", 7, ["CCD_S 7 is longer than CCD_L 6"]),
        ("banked.timing_cycles.REFI", 500, ["REFI 500"]),
        ("banked.timing_cycles.tRCD", 16, ["tRCD", "Did you mean 'RCD'"]),
        ("banked.page_policy", "ajar", ["page_policy", "'open' or 'closed'"]),
        ("flat", {"bandwidth_bytes_per_s": 1, "latency_cycles": 0, "energy_pj_per_bit": None}, ["one of"]),
        ("burst_bytes", 48, ["burst_bytes", "power of two"]),
    ],
)
def test_a_wrong_table_is_refused_by_field(loaded: Any, path: str, value: Any, words: list[str]) -> None:
    with pytest.raises(HwsimError) as error:
        loaded(path, value)
    assert all(word in str(error.value) for word in ("mine.yaml", *words))


def test_an_unknown_dram_is_answered_with_the_known_ones() -> None:
    with pytest.raises(HwsimError, match="Did you mean 'ddr4_2400'"):
        load_dram("ddr4_2133")


def test_a_flat_dram_has_no_mapping_to_change() -> None:
    with pytest.raises(HwsimError, match="flat"):
        load_dram("hbm2").changed("row:rank:bank:bankgroup:column:channel", None)


def test_every_order_of_the_six_fields_is_a_mapping_of_as_many_bits() -> None:
    sizes = {"channel": 2, "rank": 1, "bankgroup": 4, "bank": 4, "row": 1024, "column": 128}
    for order in permutations(FIELDS):
        mapping = ":".join(order)
        assert fields_of(mapping) == list(order)
        bits = sorted(places(mapping, sizes).values())
        assert bits[-1][0] + bits[-1][1] == 1 + 0 + 2 + 2 + 10 + 7
