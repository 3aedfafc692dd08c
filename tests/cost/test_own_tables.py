"""Cost tables of one's own that could not be priced with, or not as they look."""

import json
from pathlib import Path

import numpy as np
import pytest

from hwsim.cost import chip_area, load_table
from hwsim.errors import HwsimError
from hwsim.mapping import Mapping
from hwsim.pipeline import Workload, estimate
from tests.cost.priced import SATA, small_chip
from tests.examples import small_network

OWN = """\
name: own
description: one row
node_nm: 28
voltage_v: 0.9
rows:
{rows}
area_from: {area}
"""
AREAS = (
    "{item: accumulator, area_um2: 10.0}",
    "{item: scratchpad, area_um2: 1.0}",
    "{item: lif_unit, area_um2: 5.0}",
)
POINT = "{{capacity_bytes: {0}, word_bits: 64, energy_pj: {1}}}"


def write(path: Path, *rows: str, area: str = "sata_kernels", sram: str = "") -> str:
    told = "\n".join(f"  - {row[:-1]}, status: measured, source: my own chip}}" for row in rows)
    path.write_text(OWN.format(rows=told, area=area) + sram)
    return str(path)


def error(path: Path, *rows: str, sram: str = "") -> str:
    with pytest.raises(HwsimError) as caught:
        load_table(write(path, *rows, sram=sram))
    return str(caught.value).removeprefix(str(path))


def test_two_rows_of_an_item_and_width_are_refused(tmp_path: Path) -> None:
    add = "{item: add, bits: 16, energy_pj: 2.0}"
    found = error(tmp_path / "t.yaml", add, "{item: add, bits: 8, energy_pj: 1.0}", add)
    assert found.startswith(":5: rows: found ")
    assert "rows 0 and 2 are both of add of 16 bits; allowed: one" in found


def test_two_areas_of_a_structure_are_refused_whatever_their_widths(tmp_path: Path) -> None:
    rows = ("{item: accumulator, bits: 8, area_um2: 9.0}", "{item: accumulator, bits: 16, area_um2: 18.0}")
    assert "rows 0 and 1 are both of accumulator; allowed: one" in error(tmp_path / "t.yaml", *rows)


def test_only_an_accumulator_has_a_sum(tmp_path: Path) -> None:
    row = "{item: lif_unit, bits: 16, sum_bits: 16, area_um2: 9.0}"
    assert "sum_bits: without effect: only accumulator has one" in error(tmp_path / "t.yaml", row)


def test_a_misspelled_item_gets_the_nearest(tmp_path: Path) -> None:
    found = error(tmp_path / "t.yaml", "{item: ac_isued, energy_pj: 1.0}")
    assert found.startswith(":6: rows.0.item: found 'ac_isued'")
    assert "Did you mean 'ac_issued'?" in found


def test_a_width_that_nothing_asks_for_is_refused(tmp_path: Path) -> None:
    found = error(tmp_path / "t.yaml", "{item: dram_byte, bits: 8, energy_pj: 1.0}")
    assert ":6: rows.0.bits: found 8" in found
    assert "dram_byte has one constant for all widths; leave it out" in found


@pytest.mark.parametrize("row", ["energy_pj: 1.0e+10", "area_um2: 1.0e+13"])
def test_a_constant_whose_sums_could_pass_all_numbers_is_refused(tmp_path: Path, row: str) -> None:
    assert f":6: rows.0.{row[: row.index(':')]}" in error(tmp_path / "t.yaml", f"{{item: add, {row}}}")


def test_two_memories_of_one_capacity_are_refused(tmp_path: Path) -> None:
    points = ", ".join(POINT.format(size, energy) for size, energy in ((1024, 2.0), (4096, 4.0), (1024, 3.0)))
    sram = f"sram:\n  points: [{points}]\n  status: measured\n  source: my own chip\n"
    found = error(tmp_path / "t.yaml", "{item: add, bits: 8, energy_pj: 1.0}", sram=sram)
    assert "sram.points: found" in found
    assert "capacity_bytes 1024 is there 2 times; allowed: once" in found


def test_the_table_of_areas_is_looked_for_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    sram = "sram:\n  grid: {node_nm: 32, cell_type: itrs-lop}\n  status: measured\n  source: my own chip\n"
    write(tmp_path / "deep" / "areas.yaml", *AREAS, sram=sram)
    own = write(tmp_path / "deep" / "t.yaml", "{item: add, energy_pj: 1.0}", area="areas.yaml")
    monkeypatch.chdir(tmp_path)
    array, units = SATA.pe_array, SATA.lif.units
    area = chip_area(load_table("deep/t.yaml"), SATA)
    assert area["pe_array"] == array.rows * array.columns * (array.lanes * 10.0 + 1.0)
    assert area["lif_units"] == units * 5.0
    one, same = load_table(own).id, load_table("deep/t.yaml").id
    assert one == same
    write(tmp_path / "deep" / "areas.yaml", *AREAS[:2], "{item: lif_unit, area_um2: 6.0}", sram=sram)
    assert load_table(own).id != one


def test_a_result_names_the_table_of_areas_without_its_folder(tmp_path: Path) -> None:
    sram = "sram:\n  grid: {node_nm: 32, cell_type: itrs-lop}\n  status: measured\n  source: my own chip\n"
    own = write(tmp_path / "t.yaml", *AREAS, "{item: ac_issued, energy_pj: 1.0}", area="t.yaml", sram=sram)
    work = Workload(small_network(), np.ones((1, 3, 2, 4, 4), np.float32))
    result = estimate(work, small_chip(8, 16, 16, 8), Mapping(), load_table(own))
    values = result.as_dict()
    assert values["prices"]["area_from"] == "t.yaml"
    assert str(tmp_path) not in json.dumps(values)


def test_a_counterpart_that_costs_next_to_nothing_gives_no_ratio(tmp_path: Path) -> None:
    # every accumulate 1e9 pJ, a multiplication the least that a double can hold
    rows = ("{item: ac_issued, energy_pj: 1.0e+9}", "{item: mac_issued, energy_pj: 5.0e-324}")
    work = Workload(small_network(), np.ones((1, 3, 2, 4, 4), np.float32))
    result = estimate(
        work, small_chip(8, 16, 16, 8), Mapping(), load_table(write(tmp_path / "t.yaml", *rows))
    )
    values = result.as_dict()
    assert values["ann"]["energy_pj"] > 0
    assert values["ann"]["energy_ratio"] is None
    assert json.dumps(values, allow_nan=False)
