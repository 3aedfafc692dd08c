"""Cost tables of one's own: from YAML and back, refused with the line."""

from pathlib import Path

import pytest

from hwsim.configuration import save_yaml
from hwsim.cost import (
    load_table,
    price,
    tables,
)
from hwsim.errors import HwsimError
from tests.cost.priced import SATA, ledger


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


def test_other_tables_have_other_ids() -> None:
    assert len({load_table(name).id for name in tables()}) == len(tables()) >= 3
