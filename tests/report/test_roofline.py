"""Roofline, memory by level, and rows of many layers: every number by hand."""

import re
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import pytest

from hwsim.report import memory, page, picture_files, spans, spread
from hwsim.report.picture import Picture
from hwsim.report.roofline import points, roofline
from tests.report.example import HOSTILE, empty, example, with_layers


def layer(name: str, cycles: int, dram: int, **counts: int) -> dict[str, Any]:
    return example()["layers"][0] | {"name": name, "cycles": cycles, "dram_bytes": dram, "counts": counts}


def of(*layers: dict[str, Any]) -> dict[str, Any]:
    """A chip of 100 operations, 4 DRAM bytes and 24 + 8 buffer bytes a cycle; weight words of 64 bits."""
    values = example() | {"layers": list(layers)}
    values["hardware"]["buffers"]["weight"]["word_bits"] = 64
    brought = {"weight": 24.0, "input": 8.0}
    values["bounds"] = {
        "operations_per_cycle": 100, "dram_bytes_per_cycle": 4.0, "buffer_bytes_per_cycle": brought,
    }  # fmt: skip
    return values


def test_a_point_is_operations_over_cycles_and_over_the_bytes_of_each_level() -> None:
    # 800 AC and 200 MAC in 50 cycles; 20 words of 8 bytes read and 5 written in the weight buffer
    counts = {"ac": 800, "mac": 200, "weight_buffer_read": 20, "weight_buffer_write": 5}
    (point,) = points(of(layer("a", 50, 500, **counts)))
    assert (point.per_cycle, point.per_dram_byte, point.per_buffer_byte) == (20.0, 2.0, 5.0)


@pytest.mark.parametrize(
    ("dram", "words", "bound"),
    [
        (1000, 1, "DRAM"),  # 1 operation a byte: 4 a cycle; buffers 125 a byte: more than the array
        (10, 100, "SRAM"),  # 1.25 operations a buffer byte of 32 a cycle: 40; DRAM 400
        (10, 10, "compute"),  # 12.5 a buffer byte: 400, DRAM 400, the array 100
    ],
)
def test_the_lowest_roof_bounds_a_layer(dram: int, words: int, bound: str) -> None:
    (point,) = points(of(layer("a", 100, dram, ac=1000, weight_buffer_read=words)))
    assert point.bound == bound


def test_layers_without_operations_or_cycles_have_no_point() -> None:
    values = of(layer("pool", 5, 5), layer("free", 0, 5, ac=3), layer("a", 5, 0, ac=3))
    (point,) = points(values)
    assert (point.name, point.per_dram_byte) == ("a", None)


def test_points_stand_where_their_numbers_say() -> None:
    values = of(layer("a", 10, 10, ac=100), layer("b", 10, 100, ac=1000), layer("c", 100, 10, ac=100))
    circles = circle_centers(roofline(values).svg)
    (ax, ay), (bx, by), (cx, cy) = circles["a"], circles["b"], circles["c"]
    # a and b do 10 operations a byte, a and c as well; 10, 100 and 1 a cycle: a decade apart
    assert ax == bx == cx
    assert ay - by == pytest.approx(cy - ay, abs=0.2)
    assert by < ay < cy


def circle_centers(svg: str) -> dict[str, tuple[float, float]]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - what this package drew
    found = {}
    for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
        told = circle.find("{http://www.w3.org/2000/svg}title")
        assert told is not None
        found[str(told.text).split(":")[0]] = (float(circle.get("cx", "")), float(circle.get("cy", "")))
    return found


def test_the_caption_states_the_formulas() -> None:
    caption = roofline(example()).caption
    for part in (
        "(ac + mac)",
        "operations / cycles",
        "rows × columns × parallel time lanes",
        "bandwidth / clock",
    ):
        assert part in caption


def test_a_network_that_does_nothing_has_a_roofline_that_says_so() -> None:
    assert "No layer does operations" in roofline(empty()).caption


def test_memory_is_bytes_of_one_inference_by_operand_and_level() -> None:
    values = example()
    samples, counts = values["samples"], values["counts"]
    found = memory.traffic(values)
    assert found["dram"]["weights"] == (counts["dram_weight_read_bytes"] / samples, 0)
    words, bits = counts["weight_buffer_read"], values["hardware"]["buffers"]["weight"]["word_bits"]
    weights = found["buffers"]["weights"]
    assert weights is not None
    assert weights[0] == words * bits / 8 / samples
    states = found["registers"]["membrane"]
    assert states is not None
    assert states[1] == counts["membrane_register_write"] * 2 / samples  # states of 16 bits
    assert found["buffers"]["membrane"] is None  # the chip has no membrane buffer
    moved = sum(sum(both) for both in found["dram"].values() if both)
    assert moved == values["totals"]["dram_bytes"] / samples


@pytest.mark.parametrize("count", [0, 1, spans.MOST_ROWS, spans.MOST_ROWS + 1, 100, 10_000])
def test_rows_of_many_layers_hold_every_layer_once(count: int) -> None:
    found = spans.spans(count)
    assert [i for span in found for i in span] == list(range(count))
    assert len(found) == count if count <= spans.MOST_ROWS else len(found) <= spans.SPANS


def test_stretches_add_up_to_their_layers() -> None:
    # 100 layers in stretches of 3: the first has 0 + 1 + 2
    table = [(f"l{i}", {"a": float(i), "b": 1.0}) for i in range(100)]
    rows = spans.together(table)
    assert rows[0] == ("layers 1\N{EN DASH}3", {"a": 3.0, "b": 3.0})
    assert sum(parts["a"] for _, parts in rows) == 4950
    assert spans.told(100) == " Each row is up to 3 neighboring layers of 100."


@pytest.mark.parametrize("form", get_args(picture_files.Format))
def test_a_figure_is_the_same_file_every_time(tmp_path: Path, form: picture_files.Format) -> None:
    picture = page.pictures(example())["roofline"]
    for name in ("a", "b"):
        picture_files.save(picture, tmp_path / name, form)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("name", HOSTILE)
def test_an_svg_file_stands_alone_with_fixed_colors_whatever_the_names(tmp_path: Path, name: str) -> None:
    for key, picture in page.pictures(with_layers([name, f"{name} 2"])).items():
        shown = Picture(f"{picture.title} {name}", picture.svg, picture.legend, picture.caption)
        picture_files.save(shown, tmp_path / key, "svg")
        text = (tmp_path / key).read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)  # noqa: S314 - what this package drew
        assert not re.search(r"var\(|currentColor|url\(", text)
        kinds = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()}
        assert kinds <= {"svg", "title", "desc", "g", "path", "text", "rect", "line", "circle"}


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_hostile_names_are_painted(tmp_path: Path, form: picture_files.Format) -> None:
    for key, picture in page.pictures(with_layers(list(HOSTILE))).items():
        picture_files.save(picture, tmp_path / key, form)
        assert (tmp_path / key).stat().st_size > 2000


def test_a_spread_is_drawn_in_percent_of_its_mean() -> None:
    # of a mean of 200: p5 at -10%, p95 at +20%, which is where the axis ends but for its margin
    values = example()
    values["per_sample"]["energy_pj"] = {"mean": 200.0, "p5": 180.0, "median": 190.0, "p95": 240.0}
    picture = spread.figure(values)
    assert "Widest: energy, -10.0% to +20.0%" in picture.caption
    root = ElementTree.fromstring(picture.svg)  # noqa: S314 - what this package drew
    lines = [e for e in root.iter("{http://www.w3.org/2000/svg}line") if len(e)]
    grid = [float(e.get("x1", "")) for e in root.iter("{http://www.w3.org/2000/svg}line") if not len(e)]
    low, mean, high = grid
    begin, end = float(lines[0].get("x1", "")), float(lines[0].get("x2", ""))
    assert end == high
    assert (mean - begin) / (mean - low) == pytest.approx(0.5, abs=0.01)


def test_a_spread_of_nothing_says_so() -> None:
    assert spread.figure(empty()).caption == "Every mean is 0."
