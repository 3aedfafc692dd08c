"""A chip's identity: every field with an effect counts, and files give it back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from hwsim.configuration import save_yaml
from hwsim.hardware import Hardware, load_hardware, presets
from tests.examples import chip
from tests.place.examples import grid
from tests.random_cases import Case, cases


def test_a_chip_does_not_change_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        chip().clock_hz = 1  # type: ignore[misc]


def leaves(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in values.items():
        found += leaves(value, (*path, name)) if isinstance(value, dict) else [(*path, name)]
    return found


EXCHANGE = {
    "noc_clock_hz": 1000,
    "send_cycles": 1,
    "receive_cycles": 1,
    "barrier": "tick",
    "barrier_first_cycles": 1,
    "barrier_router_cycles": 1,
}


WHOLE = chip(
    3,
    5,
    "event",
    membrane=4096,
    partial_sum=64,
    fill="broadcast",
    decode={"events_per_cycle": 1, "merge_lanes": 2},
).model_copy(
    update={
        "grid": grid(3, 5, 2, neurons=9, synapses=9, weight_bytes=9, axons_in=9, axons_out=9, ticks=EXCHANGE)
    }
)


OTHER: dict[tuple[str, ...], Any] = {
    ("name",): "other",
    ("pe_array", "skip"): "gate",
    ("pe_array", "dataflow"): "ws",
    ("pe_array", "rows_hold"): "T",
    ("pe_array", "columns_hold"): "T",
    ("pe_array", "fill"): "systolic",
    ("pe_array", "streams"): "own",
    ("pe_array", "time_lanes"): "serial",
    ("pe_array", "weight_sparsity"): True,
    ("pe_array", "decode", "max_inputs"): 7,
    ("lif", "placement"): "edge",
    ("buffers", "spikes"): "list",
    ("buffers", "cell_type"): "itrs-hp",
    ("grid", "noc"): "booksim_torus",
    ("grid", "energy"): "dsent32",
    ("grid", "ticks", "barrier"): "none",
}
"""Another value of the fields that are neither numbers nor switches."""


WITH: dict[tuple[str, ...], dict[str, Any]] = {
    ("pe_array", "dataflow"): {"decode": None},
    ("pe_array", "rows_hold"): {"decode": None},
    ("pe_array", "columns_hold"): {"decode": None},
    ("pe_array", "skip"): {"decode": None},
    ("pe_array", "weight_sparsity"): {"streams": "own"},
}
"""What the other value asks of the array on both sides of the comparison."""


WITHOUT_EFFECT = {
    ("buffers", name, field)
    for name in ("input", "output", "membrane", "partial_sum")
    for field in ("banks", "ports", "double_buffered")
} - {("buffers", "input", "double_buffered")}
"""Fields of buffers that are refused but for their defaults."""


def other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value + 1


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in leaves(WHOLE.model_dump(exclude={"sources", "description"}))
        if p[0] != "dram" and p not in WITHOUT_EFFECT
    ],
    ids=".".join,
)
def test_every_field_counts_for_the_identity(path: tuple[str, ...]) -> None:
    values = WHOLE.model_dump()
    values["pe_array"] |= WITH.get(path, {})
    before = Hardware.model_validate(values).id
    part = values
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = OTHER[path] if path in OTHER else other(part[path[-1]])
    assert Hardware.model_validate(values).id != before


def test_every_number_of_the_dram_table_counts_for_the_identity() -> None:
    found = {chip(table=name).id for name in ("ideal", "hbm2", "ddr4_2400", "lpddr4_2400")}
    assert len(found | {chip().id}) == 5


def test_sources_and_description_do_not_count_for_the_identity() -> None:
    described = chip().model_copy(update={"description": "else", "sources": {"name": "me"}})
    assert described.id == chip().id


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_every_random_chip_comes_back_from_its_yaml(case: Case) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "chip.yaml"
        save_yaml(path, case.hardware)
        found = load_hardware(str(path))
    assert found == case.hardware
    assert found.id == case.hardware.id


@pytest.mark.parametrize("name", presets())
def test_every_preset_comes_back_from_its_yaml(name: str, tmp_path: Path) -> None:
    save_yaml(tmp_path / "copy.yaml", load_hardware(name))
    assert load_hardware(str(tmp_path / "copy.yaml")) == load_hardware(name)


def test_yaml_is_written_as_plain_data(tmp_path: Path) -> None:
    save_yaml(tmp_path / "c.yaml", chip())
    assert yaml.safe_load((tmp_path / "c.yaml").read_text())["pe_array"]["skip"] == "gate"


def test_how_a_dram_is_timed_counts_for_the_identity() -> None:
    played = chip(table="ddr4_2400", clock_hz=10**9)
    assert played.dram.timing == "commands"
    assert played.with_dram("bandwidth").id != played.id
    chips = [chip(), chip(bandwidth=1 << 39), chip(burst=2)]
    assert len({c.id for c in chips}) == 3


@pytest.mark.parametrize(("_", "name", "field"), sorted(WITHOUT_EFFECT))
def test_a_field_of_a_buffer_without_effect_is_refused(_: str, name: str, field: str) -> None:
    values = WHOLE.model_dump()
    values["buffers"][name][field] = other(values["buffers"][name][field])
    where = "weight and input" if field == "double_buffered" else "weight"
    with pytest.raises(ValueError, match=f"{name}.{field}: found .* has a meaning for {where} only"):
        Hardware.model_validate(values)
