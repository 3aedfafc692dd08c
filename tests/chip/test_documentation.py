"""docs/chip.md and docs/result.md against the fields that there are."""

from pathlib import Path
from typing import Any

import pytest

from hwsim.chip.config import Chip, EventCore, chips
from hwsim.chip.prices import COMPONENTS, ITEMS, Price, chip_prices
from hwsim.chip.times import CAUSES
from hwsim.cost.rows import StaticPower
from tests.report.chip_example import example, on_tiles

DOCS = Path(__file__).parents[2] / "docs"
CHIP = (DOCS / "chip.md").read_text(encoding="utf-8")
RESULT = (DOCS / "result.md").read_text(encoding="utf-8").split("## chip.json")[1].split("\n## ")[0]

TOLD_AS_COUNTS = ("updates", "fired", "touched", "sent", "local", "spikes_sent", "received", "marks")
"""Counts of E7, which result.md points to."""


@pytest.mark.parametrize("field", [*Chip.model_fields, *EventCore.model_fields])
def test_every_field_of_a_chip_is_told(field: str) -> None:
    assert f"`{field}`" in CHIP


@pytest.mark.parametrize("name", [*ITEMS, *CAUSES, *Price.model_fields, *StaticPower.model_fields])
def test_every_item_cause_and_field_of_prices_is_told(name: str) -> None:
    assert f"`{name}`" in CHIP


@pytest.mark.parametrize("name", [*chips(), *chip_prices()])
def test_every_preset_has_its_line(name: str) -> None:
    assert f"\n| {name} |" in CHIP


def keys(values: Any) -> set[str]:
    """Names of the fields of chip.json that are its own."""
    found = set(values) | {name for part in ("totals", "per_tick", "time", "units") for name in values[part]}
    for part in ("placement", "network"):
        found |= set(values[part])
    for part in ("by_tick", "cores", "energy"):
        found |= set(values[part][0])
    return found - {name for name in found if name.startswith("synapses_")} - set(TOLD_AS_COUNTS)


def test_every_field_of_the_result_is_told() -> None:
    missing = {name for name in keys(example()) if f"`{name}`" not in RESULT}
    assert missing <= {"imbalance_cycles", "barrier_cycles"}
    assert all(f"`{name}`" in RESULT for name in (*COMPONENTS, *CAUSES))


def test_every_field_of_the_result_of_tiles_is_told() -> None:
    values = on_tiles()
    (row,) = values["energy"]
    named = keys(values) | set(values["cold_start"]) | set(values["layers"][0]) | set(row["energy_pj"])
    missing = {name for name in named if f"`{name}`" not in RESULT}
    assert missing <= {"imbalance_cycles", "barrier_cycles"}
