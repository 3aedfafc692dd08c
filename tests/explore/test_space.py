"""Space files: what they may say, which points they have, and what is wrong with others."""

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.explore.points import refused, settings_of, violations
from hwsim.explore.space import Parameter, Point, Space, grid, load_space, spaces
from tests.explore.small import EVALUATED, SIZE, SPACE, base_of, written

ROOT = Path(__file__).parents[2]


def space_of(tmp_path: Path, text: str) -> Space:
    return load_space(written(tmp_path, text))


def test_a_grid_has_every_combination_once_and_leaves_out_what_its_condition_does(tmp_path: Path) -> None:
    space = space_of(tmp_path, SPACE)
    points = list(grid(space))
    expected = [
        (rows, flow, columns, batch)
        for rows, flow in product((2, 4, 8), ("os", "ws", "is"))
        for columns in ((None,) if rows == 2 else (2, 8))
        for batch in (1, 4)
    ]
    names = (
        "hardware.pe_array.rows",
        "hardware.pe_array.dataflow",
        "hardware.pe_array.columns",
        "mapping.batch",
    )
    assert [tuple(point.get(n) for n in names) for point in points] == expected
    assert len(points) == SIZE
    assert all(("hardware.pe_array.columns" in p) == (p["hardware.pe_array.rows"] != 2) for p in points)


def test_derived_fields_follow_the_point_and_where_it_sets_nothing_the_chip(tmp_path: Path) -> None:
    space = space_of(tmp_path, SPACE)
    base = base_of(space)
    found = [settings_of(space, base, point) for point in grid(space)]
    # SATA has 16 columns where no parameter sets them
    assert {s["hardware.lif.units"] for s in found} == {2 * 16, 4 * 2, 4 * 8, 8 * 2, 8 * 8}
    kept = [not refused(space, base, p, s) for p, s in zip(grid(space), found, strict=True)]
    assert sum(kept) == EVALUATED
    chip, mapping, _ = base.applied(found[-1])
    assert (chip.pe_array.rows, chip.pe_array.columns, chip.lif.units, mapping.batch) == (8, 8, 64, 4)


@given(st.integers(1, 50), st.integers(0, 200), st.integers(1, 30))
def test_a_range_of_steps_has_all_of_them_and_none_beyond_its_end(low: int, more: int, step: int) -> None:
    found = Parameter(low=low, high=low + more, step=step).choices
    assert found == tuple(range(low, low + more + 1, step))


@given(st.integers(1, 100), st.integers(2, 10), st.integers(0, 6))
def test_a_geometric_range_ends_at_its_end(low: int, factor: int, steps: int) -> None:
    found = Parameter(low=low, high=low * factor**steps, factor=factor).choices
    assert found == tuple(low * factor**i for i in range(steps + 1))


def test_a_continuous_range_has_no_grid(tmp_path: Path) -> None:
    space = space_of(
        tmp_path,
        "model: fashion\nparameters:\n  hardware.clock_hz: {low: 100000000, high: 900000000, log: true}\n",
    )
    assert space.size is None
    with pytest.raises(HwsimError, match=r"hardware.clock_hz: a continuous range has no grid"):
        list(grid(space))


def test_options_set_several_fields_at_once(tmp_path: Path) -> None:
    text = """
model: fashion
parameters:
  array:
    options:
      small: {hardware.pe_array.rows: 2, hardware.pe_array.columns: 2}
      skewless: {hardware.pe_array.fill: broadcast}
  hardware: [sata, spinalflow]
"""
    space = space_of(tmp_path, text)
    base = base_of(space)
    found = [base.applied(settings_of(space, base, p))[0] for p in grid(space)]
    assert (found[0].name, found[0].pe_array.rows, found[0].pe_array.columns) == ("sata", 2, 2)
    assert found[2].pe_array.fill == "broadcast"
    assert found[1].name == "spinalflow"
    assert len(found) == 4


DIVIDED = """
model: fashion
parameters:
  hardware.pe_array.rows: [2, 4, 8]
"""


def test_a_formula_without_a_value_refuses_its_design_alone(tmp_path: Path) -> None:
    space = space_of(tmp_path, DIVIDED + "derived:\n  mapping.batch: 8 // (hardware.pe_array.rows - 4)\n")
    base = base_of(space)
    assert settings_of(space, base, {"hardware.pe_array.rows": 8})["mapping.batch"] == 2
    with pytest.raises(HwsimError, match=r"derived mapping.batch: '8 // .*: .*by zero"):
        settings_of(space, base, {"hardware.pe_array.rows": 4})


@pytest.mark.parametrize("formula", ["1e999", "1e308 * 10", "1" + "0" * 400, "1e999 * 0"])
def test_a_formula_gives_a_finite_number(tmp_path: Path, formula: str) -> None:
    space = space_of(tmp_path, f"{DIVIDED}derived: {{mapping.batch: {formula!r}}}\n")
    with pytest.raises(HwsimError, match="is no finite number"):
        settings_of(space, base_of(space), {"hardware.pe_array.rows": 4})


def test_constraints_without_a_value_say_so(tmp_path: Path) -> None:
    text = f"{DIVIDED}constraints:\n  - 8 / (hardware.pe_array.rows - 4) < 3\n"
    space = space_of(tmp_path, text + "  - energy_pj / (hardware.pe_array.rows - 2) < 1e9\n")
    base = base_of(space)
    whys = [refused(space, base, p, settings_of(space, base, p)) for p in grid(space)]
    assert whys[0] is whys[2] is None
    assert whys[1] == "constraint '8 / (hardware.pe_array.rows - 4) < 3': division by zero"
    of_2, of_8 = ({"hardware.pe_array.rows": rows} for rows in (2, 8))
    assert violations(space, base, of_8, of_8, {"energy_pj": 1.0}) == {}
    with pytest.raises(HwsimError, match=r"constraint 'energy_pj / .*by zero"):
        violations(space, base, of_2, of_2, {"energy_pj": 1.0})


P = "model: fashion\nparameters:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (P + "  hardware.pe_array.rows: [4]\n  hardware.pe_aray.rows: [4]\n", "pe_aray"),
        (P + "  hardware.pe_array.rows: [0]\n", "rows: found 0. Input should be greater than 0"),
        (P + "  hardware.pe_array.dataflow: [oss]\n", "dataflow: found 'oss'. Input should be"),
        (P + "  mapping.batches: [4]\n", r"unknown field 'batches'. Did you mean 'batch'"),
        (P + "  rows: [4]\n", "'rows' is no field; allowed: hardware.FIELD"),
        (P + "  network.bitz: [4]\n", "'network.bitz' is no field"),
        (P + "  hardware.pe_array.rows: []\n", "there is no value"),
        (P + "  hardware.pe_array.rows: [4, 4]\n", "a value is there twice"),
        (P + "  hardware.pe_array.rows: {low: 4}\n", "a range needs low and high"),
        (P + "  hardware.pe_array.rows: {low: 4, high: 8, setp: 2}\n", "rows.setp"),
        (P + "  mapping.batch: {values: [4], when: 'a <'}\n", "'a <' is not an expression"),
        (P + "  mapping.batch: {values: [4], when: 'table == 3'}\n", "names table, which is no parameter"),
        (P + "  mapping.batch: [1]\nconstraints: [\"'a' * 9999999999999 == 'b'\"]\n",
         "constraints.*\"'a'\" is no num"),
        (P + "  mapping.batch: [1]\nconstraints: ['hardware.pe_array.dataflow * 9 == 1']\n",
         r"constraints\.0: .*hardware.pe_array.dataflow is no number \('.*'\)"),
        (P + "  network.sharing: [none, L]\nderived: {mapping.batch: '2 * network.sharing'}\n",
         r"derived\.mapping\.batch: .*network.sharing is no number"),
        (P + "  mapping.batch: [1]\nconstraints: ['area < 2']\n", "'area' is no parameter"),
        (P + "  mapping.batch: [1]\nconstraints: ['hardware.pe_array.row < 2']\n", "Did you mean 'rows'"),
        (P + "  mapping.batch: [1]\nderived: {mapping.batch: '2'}\n", "is a parameter and derived"),
        (P + "  mapping.batch: [1]\nderived: {hardware.clock_hz: 'energy_pj'}\n", "not known before"),
        (P + "  mapping.batch: [1]\nobjectives: [energy]\n", "'energy' is no objective; known: energy_pj"),
        (P + "  hardware: [sata, satta]\n", "satta"),
        ("parameters:\n  mapping.batch: [1]\n", "no model: give model"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_space_is_said_with_its_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        base_of(space_of(tmp_path, text))


def test_the_spaces_that_ship_are_read() -> None:
    shipped = sorted((ROOT / "models" / "spaces").glob("*.yaml"))
    assert shipped
    assert [path.stem for path in shipped] == spaces()
    for path in shipped:
        base_of(load_space(path))
        assert load_space(Path(path.stem)) == load_space(path)


def test_the_space_of_the_document_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "explore.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.S | re.M)
    space = space_of(tmp_path, block)
    base = base_of(space)
    assert space.size is None
    point: Point = {
        "hardware.pe_array.rows": 16, "hardware.pe_array.columns": 64, "array": "skipping",
        "hardware.clock_hz": 200_000_000,
    }  # fmt: skip
    settings = settings_of(space, base, point)
    assert settings["hardware.lif.units"] == 1024
    assert refused(space, base, point, settings) == f"not kept: {space.constraints[0]}"
