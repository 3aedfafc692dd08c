"""Every number that ships has a source: read as plain YAML, without hwsim's own models."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

import hwsim
from hwsim.cost import COMPONENTS, Status

TABLES = Path(hwsim.__file__).parent / "tables"
ENERGY = sorted((TABLES / "energy").glob("*.yaml"))
HARDWARE = sorted((TABLES / "hardware").glob("*.yaml"))
DRAM = sorted((TABLES / "dram").glob("*.yaml"))
NOC = sorted((TABLES / "noc").glob("*.yaml"))
HOPS = sorted((TABLES / "hop_energy").glob("*.yaml"))
CHIPS = sorted((TABLES / "chip").glob("*.yaml"))
CHIP_ENERGY = sorted((TABLES / "chip_energy").glob("*.yaml"))
AREA = sorted((TABLES / "area").glob("*.yaml"))
SILICON = sorted((TABLES / "silicon").glob("*.yaml"))
SCALING = sorted((TABLES / "scaling").glob("*.yaml"))
SOURCED = [*HARDWARE, *DRAM, *NOC, *HOPS, *CHIPS, *SCALING]
PRIMITIVES = {"add", "multiply", "float_add", "float_multiply", "compare", "register", "and", "dram_byte"}
STRUCTURES = {"accumulator", "lif_unit", "lif_unit_fitted", "lif_registers", "scratchpad", "neuron"}
ACTIONS = {action for actions in COMPONENTS.values() for action in actions} | {"ac", "mac"}


def read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def rows() -> list[Any]:
    return [
        pytest.param(row, id=f"{path.stem}-{row['item']}-{row.get('bits', 'whole')}")
        for path in [*ENERGY, *AREA]
        for row in read(path)["rows"]
    ]


def leaves(values: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in values.items():
        found += leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [f"{prefix}{name}"]
    return found


def test_tables_of_every_kind_ship() -> None:
    assert {path.stem for path in ENERGY} >= {"horowitz45", "sata_kernels", "snn_paper_fp32"}
    assert {path.stem for path in HARDWARE} >= {"sata"}
    assert {path.stem for path in DRAM} >= {"ddr4_2400", "lpddr4_2400", "ideal", "hbm2"}
    assert {path.stem for path in NOC} >= {"booksim", "booksim_torus"}
    assert {path.stem for path in HOPS} >= {"loihi", "dsent32"}
    assert {path.stem for path in CHIPS} >= {"loihi", "truenorth"}
    assert {path.stem for path in CHIP_ENERGY} >= {"loihi_davies2018", "loihi_sanafe", "truenorth_all_in"}
    assert {path.stem for path in SILICON} >= {"loihi", "truenorth"}


def test_every_file_of_numbers_is_of_a_kind_whose_sources_are_checked() -> None:
    assert {*SOURCED, *ENERGY, *AREA, *CHIP_ENERGY, *SILICON} == set(TABLES.rglob("*.yaml"))
    assert {path.name for path in TABLES.rglob("*.csv")} == {"sram_grid.csv"}


@pytest.mark.parametrize("row", rows())
def test_every_energy_row_has_a_source_and_a_status(row: dict[str, Any]) -> None:
    assert len(row["source"].split()) >= 2
    assert row["status"] in get_args(Status)


@pytest.mark.parametrize("row", rows())
def test_every_energy_row_is_of_something_that_hwsim_prices(row: dict[str, Any]) -> None:
    assert row["item"] in PRIMITIVES | STRUCTURES | ACTIONS


@pytest.mark.parametrize("row", rows())
def test_every_energy_row_gives_a_number_with_its_unit(row: dict[str, Any]) -> None:
    numbers = {name: v for name, v in row.items() if isinstance(v, int | float) and not name.endswith("bits")}
    assert numbers
    assert all(name.endswith(("_pj", "_um2", "_uw")) for name in numbers)
    assert all(v > 0 for v in numbers.values())


@pytest.mark.parametrize("path", CHIP_ENERGY, ids=lambda p: p.stem)
def test_every_price_of_a_chip_of_cores_has_a_source_and_a_status(path: Path) -> None:
    values = read(path)
    static = [values["static"]] if values.get("static") else []
    assert values["rows"]
    for row in (*values["rows"], *static):
        assert len(row["source"].split()) >= 4
        assert row["status"] in get_args(Status)
        (number,) = (value for name, value in row.items() if name.endswith(("_pj", "_mw")))
        assert number > 0 or re.search(r"\b(within|free)\b", row["source"])


@pytest.mark.parametrize("path", SILICON, ids=lambda p: p.stem)
def test_die_and_static_power_of_a_chip_have_a_source_and_a_status(path: Path) -> None:
    values = read(path)
    for row in (values["area"], values.get("static", values["area"])):
        assert len(row["source"].split()) >= 4
        assert row["status"] in get_args(Status)
        (number,) = (value for name, value in row.items() if name in ("mm2", "power_mw"))
        assert number > 0


@pytest.mark.parametrize("path", ENERGY, ids=lambda p: p.stem)
def test_no_row_is_given_twice(path: Path) -> None:
    keys = [(row["item"], row.get("bits")) for row in read(path)["rows"]]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("path", ENERGY, ids=lambda p: p.stem)
def test_energies_of_memories_have_a_source(path: Path) -> None:
    memories = read(path).get("sram")
    assert memories is None or len(memories["source"].split()) >= 2


@pytest.mark.parametrize("path", ENERGY, ids=lambda p: p.stem)
def test_static_power_and_what_a_whole_chips_energy_holds_have_a_source(path: Path) -> None:
    values = read(path)
    if static := values.get("static"):
        assert len(static["source"].split()) >= 4
        assert static["status"] in get_args(Status)
        assert static["power_mw"] > 0 or "within" in static["source"]
    assert ("includes" in values) == path.stem.startswith("synop_")


@pytest.mark.parametrize("path", [*ENERGY, *AREA, *SOURCED, *CHIP_ENERGY, *SILICON], ids=lambda p: p.stem)
def test_every_file_is_named_and_described(path: Path) -> None:
    values = read(path)
    assert values["name"] == path.stem
    assert len(values["description"].split()) >= 4


@pytest.mark.parametrize(
    ("path", "leaf"),
    [
        pytest.param(path, leaf, id=f"{path.stem}-{leaf}")
        for path in SOURCED
        for leaf in leaves(
            {k: v for k, v in read(path).items() if k not in ("name", "description", "sources")}
        )
    ],
)
def test_every_number_of_a_chip_or_a_dram_has_a_source(path: Path, leaf: str) -> None:
    parts = leaf.split(".")
    covering = {".".join(parts[: i + 1]) for i in range(len(parts))}
    told = [text for key, text in read(path)["sources"].items() if key in covering]
    assert told
    assert all(text.strip() for text in told)


@pytest.mark.parametrize("path", SOURCED, ids=lambda p: p.stem)
def test_every_source_of_a_chip_belongs_to_one_of_its_numbers(path: Path) -> None:
    values = read(path)
    fields = leaves({k: v for k, v in values.items() if k != "sources"})
    for key in values["sources"]:
        assert any(leaf == key or leaf.startswith(f"{key}.") for leaf in fields), key
