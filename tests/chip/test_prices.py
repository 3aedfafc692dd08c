"""Prices of chips of cores: what is read, what is refused, which rows a chip has (E8)."""

from pathlib import Path

import pytest

from hwsim.chip.config import chips, load_chip
from hwsim.chip.prices import COMPONENTS, ITEMS, chip_prices, load_prices, prices_of
from hwsim.configuration import save_yaml
from hwsim.errors import HwsimError

OWN = """\
name: own
description: one row
node_nm: 28
voltage_v: 0.9
chip: mine
rows:
  - {item: synapse_dense, energy_pj: 2.0, status: measured, source: my own chip}
static: {power_mw: 3.0, status: measured, source: my own chip}
"""


def test_every_item_belongs_to_one_component() -> None:
    assert sorted(item for items in COMPONENTS.values() for item in items) == sorted(ITEMS)


def test_a_row_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    found = load_prices(str(tmp_path / "own.yaml"))
    assert found.static is not None
    assert found.static.power_mw == 3.0
    assert {i: pj for i, pj in found.unit_pj.items() if pj is not None} == {"synapse_dense": 2.0}
    save_yaml(tmp_path / "copy.yaml", found)
    assert load_prices(str(tmp_path / "copy.yaml")).id == found.id


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("energy_pj: 2.0", "energy_pj: -2.0", ":7: rows.0.energy_pj: found -2.0"),
        ("status: measured, source: my own chip}\ns", "status: guessed, source: my own chip}\ns",
         ":7: rows.0.status: found 'guessed'"),
        (", source: my own chip}\ns", "}\ns", ":7: field 'rows.0.source' is missing"),
        ("source: my own chip}\ns", "source: me}\ns", ":7: rows.0.source: found 'me'"),
        ("synapse_dense", "synapse", ":7: rows.0.item: found 'synapse'. unknown item."),
        ("power_mw: 3.0, ", "", ":8: field 'static.power_mw' is missing"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert OWN.count(old) == 1
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace(old, new))
    with pytest.raises(HwsimError) as caught:
        load_prices(str(path))
    assert str(caught.value).removeprefix(str(path)).startswith(message)


def test_an_item_has_one_price(tmp_path: Path) -> None:
    row = OWN.splitlines()[6]
    (tmp_path / "own.yaml").write_text(OWN.replace(row, f"{row}\n{row}"))
    with pytest.raises(HwsimError, match="synapse_dense is there 2 times; allowed: once"):
        load_prices(str(tmp_path / "own.yaml"))


def test_an_unknown_row_gets_the_nearest_name() -> None:
    with pytest.raises(HwsimError, match=r"unknown prices 'loihi_sana'.*Did you mean 'loihi_sanafe'\?"):
        load_prices("loihi_sana")


def test_a_chip_is_priced_by_all_rows_of_its_name() -> None:
    assert [row.name for row in prices_of("loihi", 14)] == ["loihi_davies2018", "loihi_sanafe"]
    assert [row.name for row in prices_of("truenorth", 28)] == ["truenorth_all_in", "truenorth_marginal"]


def test_another_chip_is_priced_by_the_rows_of_its_node_and_else_by_all() -> None:
    assert [row.name for row in prices_of("mine", 14)] == ["loihi_davies2018", "loihi_sanafe"]
    assert [row.name for row in prices_of("mine", 7)] == chip_prices()


@pytest.mark.parametrize("name", chip_prices())
def test_every_row_is_of_a_chip_that_ships_and_of_its_node(name: str) -> None:
    row = load_prices(name)
    assert row.chip in chips()
    assert row.node_nm == load_chip(row.chip).node_nm


def test_the_line_through_truenorths_powers_gives_them_back() -> None:
    # Akopyan et al. 2015, Fig. 17: 68, 71 and 94 mW at 11.58, 20.07 and 95.93 Hz with 128 synapses a neuron;
    # mW = static + Hz x 128 x 2^20 events a second x pJ x 1e-9; the one in the middle is not on the line
    row = load_prices("truenorth_marginal")
    assert row.static is not None
    for hertz, power, off in ((11.58, 68, 0.1), (95.93, 94, 0.1), (20.07, 71, 0.5)):
        events = hertz * 128 * 2**20
        assert row.static.power_mw + events * 2.3e-9 == pytest.approx(power, abs=off)


def test_an_all_in_energy_has_no_static_power_beside_it() -> None:
    row = load_prices("truenorth_all_in")
    assert row.static is not None
    assert row.static.power_mw == 0
    assert {pj for item, pj in row.unit_pj.items() if not item.startswith("synapse")} == {0.0}
