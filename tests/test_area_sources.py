"""Areas side by side: each source's own, what is the user's, and what sharing saves."""

import re
from pathlib import Path
from typing import Any

import pytest

from hwsim.area import OWN, areas, check_own, parse_own
from hwsim.cost import TABLES, chip_area, load_table, scaling
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware, load_hardware
from tests.cost.priced import near, table

SATA = load_hardware("sata")
KERNELS = load_table("sata_kernels")


def sources(groups: int = 1, hardware: Hardware = SATA, **own: float) -> dict[str, Any]:
    found: dict[str, Any] = areas(KERNELS, hardware, groups, own or None)["sources"]
    return found


def test_three_sources_stand_side_by_side() -> None:
    # 128 PEs and LIF units: accumulator, LIF unit and the registers within that
    found = sources()
    assert list(found) == ["kernels", "fitted", "synthesis"]
    for source, accumulator, unit, registers in (
        ("kernels", 96.9, 129.2, 51.0),
        ("fitted", 96.9, 155.4, None),
        ("synthesis", 163.3, 357.0, 100.5),
    ):
        area = found[source]
        assert near(area["pe_array"], 128 * accumulator)
        assert near(area["lif_units"], 128 * (unit - (registers or 0)))
        assert (
            area["state_registers"] is None
            if registers is None
            else near(area["state_registers"], 128 * registers)
        )
        assert near(area["lif_share"], unit / (unit + accumulator))


def test_components_add_up_to_the_total() -> None:
    for area in sources(hardware=load_hardware("mesh-sata")).values():
        parts = ("pe_array", "scratchpads", "lif_units", "state_registers", "buffers", "routers")
        assert near(area["total"], sum(area[part] or 0 for part in parts))


def test_the_kernels_total_is_that_of_the_tables_own_area() -> None:
    # the same parts in another order as area_um2 of a result
    assert near(sources()["kernels"]["total"], sum(chip_area(KERNELS, SATA).values()))


def test_a_tile_of_a_network_has_its_part_of_a_router() -> None:
    # mesh-sata: dsent32, a router a tile; a chip of one tile has none
    mesh = load_hardware("mesh-sata")
    assert near(sources(hardware=mesh)["kernels"]["routers"], 26384.97)
    assert sources()["kernels"]["routers"] == 0
    assert areas(KERNELS, mesh)["tiles"] == 16


@pytest.mark.parametrize(
    ("source", "all_shared", "logic_shared"),
    # C#4: the paper's share 46 %; synthesis 51 %, with registers kept 37 %
    [("fitted", 0.46, None), ("synthesis", 0.51, 0.37), ("kernels", 0.43, 0.26)],
)
def test_four_groups_save_three_quarters_of_the_lif_units(
    source: str, all_shared: float, logic_shared: float | None
) -> None:
    sharing = areas(KERNELS, SATA, 4)["sharing"]
    assert (sharing["groups"], sharing["units"]) == (4, 32)
    found = sharing["sources"][source]
    assert abs(found["all_shared"]["saving"] - all_shared) < 0.005
    if logic_shared is None:
        assert found["logic_shared"] is None
    else:
        assert abs(found["logic_shared"]["saving"] - logic_shared) < 0.005


@pytest.mark.parametrize(("groups", "share"), [(2, 0.445), (4, 0.286), (8, 0.167)])
def test_the_fitted_share_is_figure_10s(groups: int, share: float) -> None:
    # (r / N) / (1 + r / N) with r = 1.604
    found = areas(KERNELS, SATA, groups)["sharing"]["sources"]["fitted"]["all_shared"]
    assert abs(found["lif_share"] - share) < 5e-4


def test_without_channel_groups_nothing_is_told_of_sharing() -> None:
    assert areas(KERNELS, SATA)["sharing"] is None


def test_units_that_groups_do_not_divide_are_rounded_up() -> None:
    lif = SATA.lif.model_copy(update={"units": 10})
    assert areas(KERNELS, SATA.model_copy(update={"lif": lif}), 4)["sharing"]["units"] == 3


def test_own_numbers_stand_beside_the_others_and_kernels_fill_the_rest() -> None:
    found = sources(lif_unit=200.0, accumulator=100.0)
    own, kernels = found["own"], found["kernels"]
    assert near(own["lif_units"], 128 * 200)
    assert own["state_registers"] is None
    assert near(own["pe_array"], 128 * 100)
    assert (own["scratchpads"], own["buffers"]) == (kernels["scratchpads"], kernels["buffers"])
    assert own["table"] == "own numbers, else sata_kernels"


def test_own_registers_are_a_part_of_ones_own_unit() -> None:
    own = sources(lif_unit=200.0, lif_registers=80.0)["own"]
    assert near(own["lif_units"], 128 * 120)
    assert near(own["state_registers"], 128 * 80)


def test_all_sources_are_scaled_to_the_tables_node() -> None:
    scaled = areas(load_table("horowitz45@16nm"), SATA)["sources"]
    factor = scaling().area_factor
    for source, node in (("kernels", 28), ("fitted", 28), ("synthesis", 45)):
        assert scaled[source]["node_nm"] == 16
        assert near(scaled[source]["pe_array"], sources()[source]["pe_array"] * factor(node, 16))


def test_a_source_that_does_not_reach_to_the_chip_is_missing_with_its_reason() -> None:
    precision = SATA.precision.model_copy(update={"weight_bits": 32})
    array = SATA.pe_array.model_copy(update={"multipliers": True})
    wide = SATA.model_copy(update={"precision": precision, "pe_array": array})
    found = areas(KERNELS, wide, 1, {"multiply": 3000.0})
    assert set(found["missing"]) == {"kernels", "fitted", "synthesis"}
    assert "'multiply' for 8 to 16 bits, not for 32" in found["missing"]["kernels"]
    assert set(found["sources"]) == {"own"}


def test_areas_that_a_users_own_table_names_are_one_more_source(tmp_path: Path) -> None:
    text = (
        (TABLES / "sata_kernels.yaml").read_text(encoding="utf-8").replace("name: sata_kernels", "name: mine")
    )
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("area_um2: 129.2", "area_um2: 300.0"), encoding="utf-8")
    found = areas(table(area_from=str(path)), SATA)["sources"]
    assert near(found["table"]["lif_units"], 128 * (300.0 - 51.0))
    assert found["table"]["table"] == "mine"


def test_own_areas_are_read_from_a_text() -> None:
    assert parse_own("lif_unit=129.2, accumulator=96.9") == {"lif_unit": 129.2, "accumulator": 96.9}
    assert set(OWN) == set(parse_own(",".join(f"{name}=7" for name in OWN)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lif=3", "'lif=3': unknown item. Did you mean 'lif_unit'"),
        ("lif_unit", "'lif_unit': an area is a number of um2"),
        ("lif_unit=-3", "an area is a number of um2"),
        ("lif_unit=nan", "an area is a number of um2"),
        ("lif_unit=1e3", "an area is a number of um2"),
        ("lif_unit=\u0661\u0662", "an area is a number of um2"),
        ("router=5", "'router=5': unknown item"),
        ("lif_unit=1,lif_unit=2", "lif_unit is there twice"),
        ("lif_registers=5", "lif_registers are a part of lif_unit"),
        ("lif_unit=0,accumulator=0", "both 0"),
        ("", "unknown item"),
    ],
)
def test_a_wrong_own_area_is_refused(text: str, message: str) -> None:
    with pytest.raises(HwsimError, match=re.escape(message)):
        parse_own(text)


def test_an_area_that_no_chip_has_is_refused() -> None:
    with pytest.raises(HwsimError, match="--area multiply: without effect, no multipliers in sata"):
        check_own({"multiply": 5.0}, [SATA])
    check_own({"multiply": 5.0}, [SATA, load_hardware("systolic-ann")])
    check_own({"lif_unit": 5.0}, [SATA])
