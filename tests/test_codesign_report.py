"""The pages of reports/codesign and reports/congestion say what their rows say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import congestion
from benchmarks.codesign.plan import CHIPS, FACTOR, OBJECTIVES
from benchmarks.codesign.report import Found, page

PATHS = {"skip skip": (0.7, 1.0), "srb5 srb5": (0.75, 2.0), "scb3 skip": (0.72, 1.5)}
"""Accuracy, and all costs in some unit."""


def costs(unit: float, latency: float | None = None) -> dict[str, float]:
    return {
        "spikes": 1e3 * unit, "ac": 1e5 * unit, "dram_bytes": 1e4 * unit, "energy_pj": 1e6 * unit,
        "latency_ns": 1e3 * (latency or unit),
    }  # fmt: skip


def found(loihi_latency: dict[str, float] | None = None) -> Found:
    """All searches found the cheapest path but, where a chip's latencies are told, its own."""
    rows, latencies = [], loihi_latency or {}
    for path, (accuracy, unit) in PATHS.items():
        chips = {"sata": costs(unit), "loihi": costs(unit, latencies.get(path))}
        rows.append({"path": path, "accuracy": accuracy, "parameters": 1000 * unit} | chips)
    searches: list[dict[str, Any]] = []
    for o in OBJECTIVES:
        own = latencies and (o.chip, o.cost) == ("loihi", "latency_ns")
        winner = min(latencies, key=lambda p: latencies[p]) if own else "skip skip"
        told = {"objective": o.name, "chip": o.chip, "cost": o.cost, "seed": 0, "winner": winner}
        searches.append(told | {"fitness": 0.7, "mean_cost": costs(1.0)[o.cost], "evaluated": 3})
    trained = [row | {"seed": 0} for row in rows]
    return Found(searches, rows, trained, 1.0)


def test_where_all_costs_order_alike_no_search_loses_by_another_objective() -> None:
    values = found()
    spikes = OBJECTIVES[0]
    best = max(values.fitness(row, spikes) for row in values.paths)
    assert values.fitness(values.by_path["skip skip"], spikes) == best == pytest.approx(0.7)
    assert values.fitness(values.by_path["srb5 srb5"], spikes) == pytest.approx(0.75 * 2**FACTOR)
    assert all(values.regrets(by, judge) == [0.0] for by in OBJECTIVES for judge in OBJECTIVES)
    assert "not every seed of the search for spikes loses more" in page(values)


def test_where_a_chip_is_slow_at_what_spikes_least_the_search_for_spikes_loses_there() -> None:
    values = found({"skip skip": 8.0, "srb5 srb5": 1.0, "scb3 skip": 4.0})
    spikes, latency = OBJECTIVES[0], OBJECTIVES[-1]
    lost = 1 - 0.7 * 8**FACTOR / 0.75
    assert values.regrets(spikes, latency) == [pytest.approx(lost)]
    assert values.regrets(latency, latency) == [0.0]
    text = page(values)
    assert (
        f"{latency.name}: found by spikes {lost:.1%} below the best, found by itself 0.0%; every seed" in text
    )
    assert f"by {latency.name}: winners of the search for {latency.name} are the fittest" in text
    assert all(chip in text for chip in CHIPS)


def run(network: str, spikes: float, latency: float, chip: str = "loihi", slower: int = 1) -> congestion.Run:
    return congestion.Run(
        chip, slower, network, spikes, 10 * spikes, 20.0, spikes, spikes, 5.0, 0.0, 0.1, 0.5, 3, latency
    )


def test_the_congestion_page_tells_how_often_more_spikes_are_faster() -> None:
    rows = [
        run(name, spikes, latency * slower, chip, slower)
        for chip in congestion.chips()
        for slower in congestion.SLOWER
        for name, spikes, latency in (("a", 1.0, 3.0), ("b", 2.0, 2.0), ("c", 3.0, 4.0))
    ]
    text = congestion.page(rows)
    assert "more spikes is the faster one in 33% of all pairs" in text
    assert "1500.0% at 1/16 and 6300.0% at 1/64" in text
    assert text.index("| b |") < text.index("| a |") < text.index("| c |")


def test_rows_of_the_congestion_report_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [run("a", 1.5, 2.25), replace(run("b", 2.0, 1.0), cores=7)]
    (tmp_path / "runs.csv").write_text(congestion.written(rows), encoding="utf-8")
    assert congestion.read(tmp_path / "runs.csv") == rows
    assert congestion.read(tmp_path / "none.csv") == []
