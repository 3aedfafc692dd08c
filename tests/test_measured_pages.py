"""docs/validation.md and docs/performance.md: what their rows say."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.performance.told import Told
from benchmarks.validation.__main__ import PROPERTIES, page
from benchmarks.validation.rows import Row, exact, within

TESTS = Path(__file__).parent


def test_a_number_beyond_its_gate_is_told_as_missed() -> None:
    assert within("g", "w", 100, 104.9, 0.05, "c").met
    beyond = within("g", "w", 100, 106, 0.05, "c", "uJ")
    assert (beyond.met, beyond.difference, beyond.ours) == (False, "+6.00%", "106 uJ")
    assert exact("g", "w", "r", 3, 3, "c").met
    assert (exact("g", "w", "r", 2, 3, "c").met, exact("g", "w", "r", 2, 3, "c").difference) == (
        False,
        "1 differ",
    )


def test_rows_of_a_group_stand_together_and_open_ones_are_no_gates() -> None:
    rows = [
        exact("first", "a", "r", 1, 1, "pytest a"),
        Row("second", "b", "r|s", "o", "d", "g", None, "c"),
        exact("first", "c", "r", 0, 1, "pytest c"),
    ]
    text = page(rows)
    assert "1 of 2 gates hold." in text
    first, second = text.split("## second")
    assert first.count("| `pytest") == 2
    assert "**no**" in first
    assert "| r/s | o | d | g | - | `c` |" in second


@pytest.mark.parametrize("test", PROPERTIES)
def test_the_tests_of_properties_are_there(test: str) -> None:
    assert (TESTS / test).is_file()


def test_goals_are_counted_and_tables_keep_their_order() -> None:
    told = Told(Console(file=io.StringIO()))
    told.goal("speed", "3 M/s", "2 M/s", met=True)
    told.table("growing", ("n", "ms"), [("1", "2")], "a note")
    told.goal("memory", "3 GB", "2 GB", met=False)
    lines = list(told.page())
    assert lines[0] == "1 of 2 goals are met."
    assert "| memory | 3 GB | 2 GB | **no** |" in "\n".join(lines)
    assert lines[-2:] == ["a note", ""]
