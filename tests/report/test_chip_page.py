"""The page of a run on a chip of event-driven cores: complete, harmless, alone in its file; its figures."""

from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from hwsim.report import (
    area_tables,
    batches,
    chip_console,
    chip_figures,
    chip_levels,
    chip_page,
    memory,
    picture,
    roofline,
)
from hwsim.report.drawing import Bar
from tests.report.chip_example import SAMPLES, TICKS, example, on_tiles
from tests.report.example import HOSTILE, Page


def renamed(name: str) -> dict[str, Any]:
    """The example with ``name`` wherever a name can stand."""
    values = example()
    values["model"] |= {"name": name, "notes": {name: name}}
    values["chip"] |= {"name": name, "description": name}
    values["depth"] = {name: 1}
    for row in values["energy"]:
        row |= {"prices": name, "description": name, "unpriced": [name], "caveats": [name]}
    for core in values["cores"]:
        core["populations"] = [name]
    return values


def test_every_element_is_closed_where_it_should_be() -> None:
    parsed = Page(chip_page.render(example()))
    assert parsed.mismatches == []
    assert parsed.open == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str) -> None:
    ordinary = Page(chip_page.render(renamed("harmless")))
    parsed = Page(chip_page.render(renamed(name)))
    assert parsed.mismatches == []
    assert [tag for tag, _ in parsed.elements] == [tag for tag, _ in ordinary.elements]
    assert not [a for _, attributes in parsed.elements for a in attributes if a.startswith("on")]
    assert any(name in text for text in parsed.text_of("bdi"))


def test_the_same_run_gives_the_same_bytes_and_is_left_alone() -> None:
    values = example()
    assert chip_page.render(values) == chip_page.render(example())
    assert values == example()


def test_page_and_pictures_are_written(tmp_path: Path) -> None:
    paths = chip_page.write(example(), tmp_path)
    assert {path.name for path in paths.values()} == {"page.html", "links.png", "ticks.png"}
    assert all(path.stat().st_size > 1000 for path in paths.values())


def test_a_run_without_a_spike_has_its_page_and_its_table(tmp_path: Path) -> None:
    values = example(bright=0.0)
    assert values["totals"]["synapses"] == values["totals"]["sent"] == 0
    parsed = Page(chip_page.write(values, tmp_path)["page"].read_text())
    assert (parsed.mismatches, parsed.open) == ([], [])
    with StringIO() as text:
        chip_console.show(values, Console(file=text, width=160))
        assert "per synaptic operation" not in text.getvalue()


def test_a_run_on_tiles_has_its_page_without_energy_by_tick(tmp_path: Path) -> None:
    values = on_tiles()
    assert "by_tick_pj" not in values["energy"][0]
    text = chip_page.write(values, tmp_path)["page"].read_text()
    parsed = Page(text)
    assert (parsed.mismatches, parsed.open) == ([], [])
    assert "Energy, tick by tick" not in text
    assert "Energy, tick by tick" in chip_page.render(example())
    shown = [float(a["value"] or "") for a in parsed.all("data")]
    assert values["cold_start"]["latency_ns"] in shown


def test_energy_of_tiles_is_drawn_by_component() -> None:
    values = on_tiles()
    labels = chip_figures.components(values)
    assert set(labels) == set(values["energy"][0]["energy_pj"])
    series = [name for _, name in labels.values()]
    assert len(set(series)) == len(series)


def test_tiles_have_the_exact_means() -> None:
    values = example()
    shown = [float(a["value"] or "") for a in Page(chip_page.render(values)).all("data")]
    mean = values["per_tick"]
    energies = [row["per_tick_pj"] for row in values["energy"]]
    assert shown[:3] == [mean["time_ns"], min(energies), mean["barrier_share"]]


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[Bar]]:
    """The rows of every figure of bars that is drawn from here on."""
    found: list[list[Bar]] = []
    for module in (chip_figures, picture):
        monkeypatch.setattr(module, "bars", lambda _alt, rows, *_, **__: found.append(list(rows)) or "")
    return found


def test_a_figure_of_ticks_has_a_row_a_tick_with_the_mean_of_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, rows = example(), drawn(monkeypatch)
    chip_figures.spikes(values)
    (bars,) = rows
    assert [bar.label for bar in bars] == [str(k) for k in range(TICKS)]
    assert [bar.length for bar in bars] == [t["fired"] / SAMPLES for t in values["by_tick"]]


def test_many_ticks_share_rows_that_keep_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    # 100 ticks in rows of 5, the last of which has all; tick k fires k times in each sample
    values, rows = example(), drawn(monkeypatch)
    tick = values["by_tick"][0]
    values |= {"ticks": 100, "by_tick": [tick | {"tick": k, "fired": SAMPLES * k} for k in range(100)]}
    chip_figures.spikes(values)
    (bars,) = rows
    assert [bar.label for bar in bars[:2]] == ["0\N{EN DASH}4", "5\N{EN DASH}9"]
    assert [bar.length for bar in bars] == [5 * i + 2 for i in range(20)]


def test_every_row_of_prices_has_its_bar_and_its_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    values, rows = example(), drawn(monkeypatch)
    caption = chip_figures.energy_by_row(values).caption
    assert [bar.label for bar in rows.pop()] == ["loihi_davies2018", "loihi_sanafe"]
    energies = [row["total_pj"] for row in values["energy"]]
    assert f"{max(energies) / min(energies):.1f}-fold" in caption
    assert len(chip_figures.energy_by_tick(values)) == len(rows) == 2
    for bars, row in zip(rows, values["energy"], strict=True):
        lengths = np.array([bar.length for bar in bars])
        energy = np.array(list(row["by_tick_pj"].values())).sum(axis=0) / SAMPLES
        assert lengths / lengths.sum() == pytest.approx(energy / energy.sum())


def test_packets_are_told_by_the_time_that_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    # of cycles 4 to 7, 8 to 15 and 16 to 31 of 2 ns: 3, 0 and 1 of 4 packets, 7 x 3 + 16 cycles together
    values, rows = example(), drawn(monkeypatch)
    values["network"] |= {"latency": [0] * 7 + [3] + [0] * 8 + [1], "cycle_ns": 2.0}
    caption = chip_figures.latency(values).caption
    (bars,) = rows
    assert [(bar.label, bar.length) for bar in bars] == [
        ("8 to 16 ns", 75), ("16 to 32 ns", 0), ("32 to 64 ns", 25),
    ]  # fmt: skip
    assert "mean 18.5 ns, longest 32 ns" in caption


def test_the_map_has_a_line_for_each_link_with_packets_and_a_square_for_each_router() -> None:
    values = example()
    network = values["network"]
    drawing = Page(chip_figures.links(values).svg)
    used = sum(1 for flits in network["links"].values() for n in flits if n)
    assert len(drawing.all("line")) == used > 0
    corners = {(square["x"], square["y"]) for square in drawing.all("rect")}
    places = [{(core["x"], core["y"])[axis] for core in values["cores"]} for axis in (0, 1)]
    assert len(corners) == len(drawing.all("rect")) == (max(places[0]) + 1) * (max(places[1]) + 1)
    assert any(text.startswith("router (0, 0)") for text in drawing.text_of("title"))


def test_causes_of_a_tick_are_those_of_its_mean_core(monkeypatch: pytest.MonkeyPatch) -> None:
    values, rows = example(), drawn(monkeypatch)
    chip_figures.time_by_tick(values)
    (bars,) = rows
    cores = values["placement"]["cores_used"]
    for bar, tick in zip(bars, values["by_tick"], strict=True):
        # 0.1 ns a cycle; the axis is in us where the longest tick has one
        ns = [tick[f"{cause}_cycles"] * 0.1 / cores / SAMPLES for cause in chip_figures.CAUSES]
        unit = 1e3 if max(t["time_ns"] for t in values["by_tick"]) / SAMPLES >= 1e3 else 1.0
        assert [s.value * unit for s in bar.segments] == pytest.approx(ns)


def test_bins_of_latencies_double() -> None:
    values = example()
    values["network"]["latency"] = [1] * 300
    labels = [float(t.split(" to ")[0].replace(",", "")) for t in _labels(chip_figures.latency(values).svg)]
    assert all(b == pytest.approx(2 * a, rel=0.01) for a, b in pairwise(labels[1:]))


def _labels(svg: str) -> list[str]:
    return [text for text in Page(svg).text_of("text") if " to " in text]


def test_area_static_power_and_the_ann_are_told_where_they_are_known() -> None:
    cores, tiles = chip_page.render(example()), chip_page.render(on_tiles())
    assert "60 mm\N{SUPERSCRIPT TWO}" in cores
    assert "104.4 mW" in cores
    assert "ANN, energy" not in cores
    assert "10.24 mm\N{SUPERSCRIPT TWO}" in tiles
    assert "static power" not in tiles.replace("Static power", "")
    assert "ANN, energy" in tiles


def test_tiles_are_told_by_layer_level_and_table() -> None:
    values = on_tiles()
    text = chip_page.render(values)
    ids = [a["id"] for a in Page(text).all("section")]
    assert ids == [
        "energy",
        "area",
        "layers",
        "memory",
        "roofline",
        "time",
        "traffic",
        "cores",
        "sensitivity",
        "setup",
    ]
    found = chip_levels.of(values)
    assert found is not None
    layers = chip_levels.layers(found)
    assert [cells[0].text for cells in layers.rows] == [la["name"] for la in values["layers"]]
    spent = sum(cells[5].value or 0.0 for cells in layers.rows) * SAMPLES
    (row,) = values["energy"]
    assert spent == pytest.approx(row["total_pj"] - row["energy_pj"]["hops"])
    assert "(this result&#39;s)" in text


def test_the_area_of_a_tile_stands_in_a_row_for_every_source() -> None:
    values = on_tiles()
    found = area_tables.by_source(values["tile_area"])
    assert found is not None
    assert [cells[0].text for cells in found.rows] == ["kernels", "fitted", "synthesis"]
    parts = [sum(cell.value or 0.0 for cell in cells[3:9]) for cells in found.rows]
    assert parts == pytest.approx([cells[1].value for cells in found.rows])
    assert found.label in chip_page.render(values)


def test_a_part_that_no_source_has_is_no_column_of_the_areas() -> None:
    areas = on_tiles()["tile_area"]
    for told in areas["sources"].values():
        told |= {"routers": 0.0, "total": told["total"] - told["routers"]}
    found = area_tables.by_source(areas)
    assert found is not None
    assert [head for head, _ in found.heads] == [
        "source", "total", "LIF share", "PE array", "scratchpads", "LIF units", "state registers", "buffers",
        "node",
    ]  # fmt: skip


def test_an_ann_of_the_same_accuracy_is_said_to_be_unknown() -> None:
    assert any(batches.UNTRAINED in text for text in Page(chip_page.render(on_tiles())).text_of("p"))
    assert batches.UNTRAINED not in chip_page.render(example())


def test_energy_over_time_is_told_beside_the_dynamic_energy() -> None:
    values = on_tiles()
    values["energy"][0]["standing"] = {"energy_pj": {"sram_leakage": 2e6 * SAMPLES}, "unpriced": ["clock"]}
    told = "Beside this, standing energy of an inference: SRAM leakage 2.00 µJ; no number for clock."
    assert told in chip_page.render(values)


def test_event_driven_cores_have_no_layers_but_all_their_prices() -> None:
    ids = [a["id"] for a in Page(chip_page.render(example())).all("section")]
    assert ids == ["energy", "time", "traffic", "cores", "sensitivity", "setup"]


def test_weights_come_from_dram_once_for_all_samples() -> None:
    values = on_tiles()
    found = chip_levels.of(values)
    assert found is not None
    dram = memory.traffic(found)["dram"]
    assert dram["weights"] == (sum(values["cold_start"]["channel_bytes"]) / SAMPLES, 0)
    assert all(moved == (0, 0) for name, moved in dram.items() if name != "weights" and moved)
    buffers = memory.traffic(found)["buffers"]["weights"]
    assert buffers is not None
    words = values["cold_start"]["counts"]["weight_buffer_write"]
    assert buffers[1] == words * values["chip"]["buffers"]["weight"]["word_bits"] / 8 / SAMPLES


def test_a_layer_lies_under_the_lowest_of_three_roofs() -> None:
    found = chip_levels.of(on_tiles())
    assert found is not None
    peak, dram, buffers = roofline.roofs(found)
    for point in roofline.points(found):
        assert point.per_dram_byte is not None
        assert point.per_buffer_byte is not None
        roofs = {"compute": peak, "SRAM": point.per_buffer_byte * buffers, "DRAM": point.per_dram_byte * dram}
        assert point.bound == min(roofs, key=roofs.__getitem__)
        assert point.per_cycle <= roofs["compute"]


def test_what_turns_with_the_table_is_said_once() -> None:
    values = on_tiles()
    values["sensitivity"] |= {
        "flips": True,
        "ann_verdicts": {"cheaper": ["a", "neuromc32"], "dearer": ["c"], "equal": []},
    }
    text = chip_page.render(values)
    assert text.count("turns with the table") == 1
    assert "the SNN is cheaper under a, neuromc32 (in part); dearer under c." in text
