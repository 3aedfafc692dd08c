"""Area of chips of many cores (F6, E10)."""

import pytest

from hwsim.chip.config import chips, load_chip
from hwsim.cost import chip_area, load_table
from hwsim.grid import HopEnergy
from hwsim.hardware import load_hardware
from hwsim.manycore.area import area_of_cores, area_of_tiles
from hwsim.manycore.silicon import silicon_of

TABLE = "sata_kernels"


@pytest.mark.parametrize(("name", "tiles"), [("mesh-sata", 16), ("mesh-sata-256", 256)])
def test_tiles_have_their_parts_as_often_as_there_are_tiles_and_a_router_each(name: str, tiles: int) -> None:
    chip, table = load_hardware(name), load_table(TABLE)
    found = area_of_tiles(chip, table)
    each = chip_area(table, chip)
    # DSENT's router at 32 nm, 4 virtual channels of 8 flits of 32 bits: 0.02638497 mm2
    assert found.um2 == {part: tiles * um2 for part, um2 in each.items()} | {"routers": tiles * 26384.97}
    assert found.total_um2 == pytest.approx(tiles * (sum(each.values()) + 26384.97))
    assert found.sources.keys() == found.um2.keys()
    assert "routers" not in found.not_counted


def test_the_array_of_sixteen_tiles_is_that_of_its_pes() -> None:
    # an accumulator of 96.9 um2 and a scratchpad of 891 in each of 8 x 16 PEs; 128 LIF units of 129.2
    found = area_of_tiles(load_hardware("mesh-sata"), load_table(TABLE))
    assert found.um2["pe_array"] == pytest.approx(16 * 128 * (96.9 + 891))
    assert found.um2["lif_units"] == pytest.approx(16 * 128 * 129.2)


def test_routers_without_an_area_in_their_source_are_told_as_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chip = load_hardware("mesh-sata")
    assert chip.grid is not None
    row = chip.grid.hop_energy.model_copy(update={"router_area_um2": None})
    monkeypatch.setattr("hwsim.grid._energy", lambda _name: row)
    found = area_of_tiles(chip, load_table(TABLE))
    assert found.not_counted[0] == "routers"
    assert "routers" not in found.um2


@pytest.mark.parametrize(("name", "mm2"), [("loihi", 60), ("truenorth", 430)])
def test_a_chip_of_event_driven_cores_has_the_die_that_is_published(name: str, mm2: float) -> None:
    found = area_of_cores(load_chip(name))
    assert found.um2 == {"die": mm2 * 1e6}
    assert "as quoted by others" in found.sources["die"]


def test_silicon_is_of_the_chip_of_that_name_with_all_of_its_cores() -> None:
    chip = load_chip("loihi")
    narrow = chip.model_copy(update={"grid": chip.grid.model_copy(update={"width": 4})})
    renamed = chip.model_copy(update={"name": "mine"})
    for other, cores in ((narrow, 64), (renamed, 128)):
        assert silicon_of(other) is None
        found = area_of_cores(other)
        assert (found.total_um2, found.um2) == (None, {})
        told = f"all of it: no area is published of a chip {other.name!r} of {cores} cores"
        assert found.not_counted == (told,)
    assert {name for name in chips() if silicon_of(load_chip(name))} == {"loihi", "truenorth"}


def test_a_row_of_hops_need_not_have_an_area() -> None:
    fields = {"name": "own", "description": "mine", "node_nm": 7, "flit_bits": 32, "sources": {}}
    hops = {"source_router_pj": 1.0, "hop_x_pj": 1.0, "hop_y_pj": 1.0}
    assert HopEnergy.model_validate(fields | hops).router_area_um2 is None
