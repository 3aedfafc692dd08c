"""Saved results that somebody has changed: refused by name, or shown whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hwsim.errors import HwsimError
from hwsim.report import saved
from hwsim.report.contents import contents
from tests.report import chip_example
from tests.report.example import Page, empty, example

ODD: tuple[Any, ...] = (
    None, -1, "x", "<script>", [], {}, 1e30, 10**18, 0, True, [None], {"a": 1},
)  # fmt: skip
EXAMPLES = (example, chip_example.example, chip_example.on_tiles)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value lies, the first two of each list."""
    if at:
        yield at
    inside = (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    )
    for key, held in inside:
        yield from places(held, (*at, key))


@pytest.mark.parametrize("make", [*EXAMPLES, empty])
def test_what_an_estimate_writes_is_read_back(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "any name"
    path.write_text(json.dumps(make()), encoding="utf-8")
    assert saved.load(path).values == make()


@pytest.mark.parametrize("seed", range(12))
def test_a_value_of_another_kind_is_refused_or_shown(tmp_path: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311
    path = tmp_path / "result.json"
    for _ in range(4):
        values = random.choice(EXAMPLES)()
        *above, last = random.choice(list(places(values)))
        holder = values
        for key in above:
            holder = holder[key]
        if isinstance(holder, dict) and random.random() < 0.2:
            del holder[last]
        else:
            holder[last] = random.choice(ODD)
        path.write_text(json.dumps(values), encoding="utf-8")
        try:
            found = saved.load(path)
        except HwsimError:
            continue
        parsed = Page(contents(found).html())
        assert (parsed.mismatches, len(parsed.all("script"))) == ([], 1)


def refused(tmp_path: Path, name: str, values: dict[str, Any]) -> str:
    """What is wrong with values, without the path in front."""
    path = tmp_path / name
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(HwsimError) as caught:
        saved.load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_energies_of_layers_add_up_to_the_whole(tmp_path: Path) -> None:
    values = example()
    whole = values["energy_pj"]["pe_array"]
    layer = next(la for la in values["layers"] if la["energy_pj"]["pe_array"])
    layer["energy_pj"]["pe_array"] += whole * 2e-9
    told = refused(tmp_path, "result.json", values)
    assert "energy_pj.pe_array: layers add up to" in told
    assert f"the whole is {whole:.12g}" in told
    layer["energy_pj"]["pe_array"] -= whole * 1.5e-9  # half of one in a billion is rounding
    (tmp_path / "result.json").write_text(json.dumps(values), encoding="utf-8")
    assert saved.load(tmp_path / "result.json").kind == "result"


def test_energies_of_components_add_up_to_the_total(tmp_path: Path) -> None:
    values = example()
    values["totals"]["energy_pj"] *= 1 + 1e-8
    assert "energy_pj: components add up to" in refused(tmp_path, "result.json", values)
    values = chip_example.example()
    values["energy"][1]["energy_pj"]["update"] += 1.0
    name = values["energy"][1]["prices"]
    assert f"energy of '{name}': energy_pj: components add up to" in refused(tmp_path, "chip.json", values)


def test_layers_on_tiles_add_up_but_for_hops(tmp_path: Path) -> None:
    values = chip_example.on_tiles()
    assert values["energy"][0]["energy_pj"]["hops"] > 0
    values["layers"][0]["energy_pj"]["weight_buffer"] += 1.0
    assert "energy_pj.weight_buffer: layers add up to" in refused(tmp_path, "chip.json", values)
    values = chip_example.on_tiles()
    values["layers"][0]["counts"]["pe_cycles"] += 1
    assert "counts.pe_cycles: layers add up to" in refused(tmp_path, "chip.json", values)


@pytest.mark.parametrize("make", [example, chip_example.on_tiles])
def test_a_sensitivity_without_a_row_is_refused(tmp_path: Path, make: Any) -> None:
    values = make()
    values["sensitivity"]["rows"] = []
    assert refused(tmp_path, "r.json", values).startswith("sensitivity.rows: ")


def test_fewer_steps_without_a_row_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "r.json", example() | {"over_time": []}).startswith("over_time")


@pytest.mark.parametrize(
    ("field", "message"),
    [("cycles", "cycles and cold_bytes are missing"), ("cold_bytes", "cycles and cold_bytes are missing")],
)
def test_bounds_of_tiles_come_with_what_their_roofline_shows(
    tmp_path: Path, field: str, message: str
) -> None:
    values = chip_example.on_tiles()
    del values["layers"][0][field]
    assert message in refused(tmp_path, "chip.json", values)
    del values["bounds"]  # as results of before
    (tmp_path / "chip.json").write_text(json.dumps(values), encoding="utf-8")
    assert "roofline" not in contents(saved.load(tmp_path / "chip.json")).pictures
