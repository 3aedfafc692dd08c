"""compare.html: every row, what is not known, fronts, and names that mean harm."""

from typing import Any

import pytest

from hwsim.compared import Comparison
from hwsim.comparison import Executed, compare
from hwsim.cost import load_table
from hwsim.hardware import load_hardware
from hwsim.mapping import Mapping
from hwsim.report import compare_console, compare_page, console
from hwsim.report.scatter import Axis, Point, scatter, ticks
from tests.examples import all_silent, small_network

HARM = "<script>alert(1)</script>"


def example() -> dict[str, Any]:
    network = small_network()
    executed = Executed("none", network, all_silent(network))
    chips = [load_hardware(name) for name in ("sata", "loas")]
    tables = [load_table(name) for name in ("sata_kernels", "snn_paper_fp32")]
    values = Comparison.of(
        compare([executed], chips, [Mapping()], tables), {"cores": HARM}, [{"model": HARM}]
    )
    return values.as_dict()


def test_every_row_stands_in_the_table_with_the_value_behind_it() -> None:
    values = example()
    found = compare_page.table(values["rows"])
    assert [cells[0].text for cells in found.rows] == ["1", "2", "3", "4"]
    assert [head for head, _ in found.heads][:4] == ["row", "hardware", "table", "energy"]
    for cells, row in zip(found.rows, values["rows"], strict=True):
        assert cells[3].value == row["totals"]["energy_pj"] / row["samples"]
        assert cells[9].text == "unknown"


def test_a_simulation_stands_once_beside_all_tables() -> None:
    found = compare_page.sensitivity(example()["rows"])
    assert found is not None
    assert [cells[0].text for cells in found.rows] == ["1", "3"]
    assert {"sata_kernels", "horowitz45"} <= set(found.numbers)


def test_the_best_row_is_named_for_all_that_differs() -> None:
    rows = example()["rows"]
    tiles = {tile.name: tile for tile in compare_page.tiles(rows)}
    least = min(row["totals"]["energy_pj"] / row["samples"] for row in rows)
    assert tiles["least energy"].value == least
    # one network, so one number of spikes and one memory of states at equal widths
    assert "least spikes" not in tiles


def test_names_that_mean_harm_stay_text() -> None:
    values = example()
    for row in values["rows"]:
        row |= {"model": HARM, "sharing": HARM, "hardware": f'{row["hardware"]}"{HARM}', "caveats": [HARM]}
    page = compare_page.render(values)
    assert HARM not in page
    assert "&lt;script&gt;alert(1)" in page
    assert compare_page.render(values) == page
    assert HARM not in compare_page.fragment(values)


def test_points_are_drawn_inside_and_names_as_text() -> None:
    points = [Point(HARM, 1.0, 5.0, HARM, True), Point("b", 3.0, 2.0, "b", False)]
    svg = scatter(HARM, points, Axis(HARM, (("pJ", 1.0),)), Axis("y", (("", 1.0),)))
    assert HARM not in svg
    assert svg.count("<circle") == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 9.0], [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        ([0.3, 0.3], [0.26, 0.28, 0.3, 0.32, 0.34]),
        ([0.0, 0.0], [-1.0, -0.5, 0.0, 0.5, 1.0]),
    ],
)
def test_ticks_are_round_and_around_all_values(values: list[float], expected: list[float]) -> None:
    assert ticks(values) == pytest.approx(expected)


def turned(values: dict[str, Any]) -> dict[str, Any]:
    """All rows but the first by two tables that disagree."""
    for row in values["rows"][1:]:
        row["sensitivity"] |= {
            "flips": True,
            "verdicts": {"cheaper": ["a"], "dearer": ["b", "c"], "equal": []},
        }
    return values


def test_rows_of_equal_verdicts_are_told_together_and_once() -> None:
    values = turned(example())
    assert compare_console.turning(values["rows"]) == [
        "hardware sata and hardware loas: cheaper by a; dearer by b, c"
    ]
    assert compare_page.render(values).count("turns with the table") == 1
    text = console.text(lambda out: compare_console.show(values, out))
    assert text.count("turns with the table") == 1


def test_a_simulation_beside_all_tables_names_none_of_them_as_its_own() -> None:
    found = compare_page.sensitivity(example()["rows"])
    assert found is not None
    assert found.texts == ("row", "hardware", "against the first row")
