"""The tables of tinySNN's costs: memory in three ways, lines of the CSV that add up, rows of each step."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.tinysnn.run import WORDS
from benchmarks.tinysnn_cost import (
    CHIP,
    SIZES,
    csv_of,
    formats,
    memories,
    more_by_learning,
    price_sets,
    ratio,
    summary,
)
from benchmarks.tinysnn_steps import BASELINE, LATERAL, QUANTIZED, QWN, STEPS, Step, float_table, run_of
from hwsim.hardware import load_hardware
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.learn import Learned
from hwsim.methods.stdp.spec import LearnSpec

TILE = load_hardware(str(CHIP))


def made(name: str, neurons: int) -> Step:
    """Two images learned and one answered, of 350 steps."""
    run, words = run_of(name, neurons), WORDS[QUANTIZED[name]] if name in QUANTIZED else ()
    spec = LearnSpec.of(
        {
            "model": f"tinysnn/{run.network}", "rule": run.rule, "neurons": neurons, "data": "none",
            "formats": {word: {"bits": 8, "fraction": 1, "rounding": run.rounding} for word in words},
        }
    )  # fmt: skip
    relayed = int(spec.relayed)
    learned = Counts(
        images=2, steps=700, input_spikes=900, excitatory_spikes=20, inhibitory_spikes=20 * relayed,
        excitatory_updates=700 * neurons, inhibitory_updates=700 * neurons * relayed,
        input_operations=900 * neurons, relay_operations=20 * relayed,
        inhibition_operations=20 * (neurons - 1), trace_writes=900, trace_reads=4000, weight_reads=4000,
        weight_writes=4000, norm_reads=4 * 784, norm_writes=2 * 784, theta_updates=20 + 2 * neurons,
        potentiated_neurons=20,
    )  # fmt: skip
    answered = replace(learned, images=1, steps=350, norm_writes=0, weight_writes=0, trace_writes=0)
    counts = {"learning_counts": learned.plain(), "test_counts": answered.plain()}
    return Step(name, neurons, Learned(Path(), spec, {"test_accuracy": 0.5, "minutes": 0.1} | counts, []))


STEPS_MADE = {(name, n): made(name, n) for name in STEPS for n in SIZES}


def test_memory_is_saved_as_the_formula_says_and_not_3_3_times() -> None:
    rows = [line.strip("| ").split(" | ") for line in memories(STEPS_MADE).splitlines()[2:]]
    saved = {(row[0], row[1]): (row[5], row[6]) for row in rows}
    assert saved["400", "learned"] == ("3.98", "4.01")
    assert saved["400", "sparse"] == ("6.00", "6.05")
    assert saved["400", "dense"] == ("5.33", "5.36")
    assert not {"3.30", "3.32"} & {cell for pair in saved.values() for cell in pair}


def test_lines_of_the_csv_add_up_to_the_costs() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_of(STEPS_MADE, {"tile": TILE}))))
    for (name, n), step in STEPS_MADE.items():
        for phase, learns in (("learning", True), ("inference", False)):
            own = [r for r in rows if (r["step"], r["neurons"], r["phase"]) == (name, str(n), phase)]
            total = step.cost(TILE, float_table(), learns).total_pj
            assert sum(float(row["energy_pj"]) for row in own) == pytest.approx(total, rel=1e-5)


def test_rows_tell_counts_an_image_and_where_weights_are() -> None:
    lines = {
        line.split(" | ")[0].strip("| "): line for line in summary(STEPS_MADE, TILE, 400, True).split("\n")
    }
    # 350 steps of 400 neurons and as many in the layer; (900 * 400 + 20 + 20 * 399) / 2 operations
    assert "| 280,000 | 184,000 |" in lines[BASELINE]
    assert "| 140,000 | 183,990 |" in lines[LATERAL]
    # (784 + 400) * 400 weights of 4 bytes do not fit 512 KiB, of one they do
    assert "1,894,400 DRAM" in lines[LATERAL]
    assert "473,600 on chip" in lines[QWN]


def test_the_ratio_is_the_baselines_energy_over_the_steps() -> None:
    costs = [STEPS_MADE[name, 100].cost(TILE, float_table(), False).total_pj for name in (BASELINE, QWN)]
    found = ratio(STEPS_MADE, TILE, 100, QWN, False, "all")
    assert found == pytest.approx(costs[0] / costs[1], rel=1e-12)
    assert found > 1


def test_integers_are_priced_by_every_table_of_parts() -> None:
    told = price_sets(STEPS_MADE, TILE)
    for name in ("horowitz45", "sata_kernels", "synthesis45"):
        assert f"| {name} |" in told
    assert "synop_" not in told
    assert "snn_paper_fp32" not in told


def test_what_learning_adds_is_told_against_inference_for_each_size() -> None:
    told = more_by_learning(STEPS_MADE, TILE)
    for n in SIZES:
        added = []
        for name in STEPS:
            learned, answered = (
                STEPS_MADE[name, n].cost(TILE, float_table(), learns) for learns in (True, False)
            )
            # two images learned, one answered
            added.append(learned.total_pj / 2 / answered.total_pj - 1)
        assert f"{min(added):.0%} to {max(added):.0%} at N = {n}" in told


def test_quantized_steps_are_the_grids_runs_of_the_float_learning_beside_them() -> None:
    for name in QUANTIZED:
        run = run_of(name, 100)
        assert run.source == run_of(LATERAL, 100)
        assert (run.scheme, run.bits, run.rounding) == ("itq", 8, "stochastic")


def test_formats_are_told_for_each_quantized_step_and_size() -> None:
    lines = formats(STEPS_MADE).splitlines()
    assert "| lateral+qW | 100 | 8.1 | float32 | float32 |" in lines
    assert "| lateral+qWN | 400 | 8.1 | 8.1 | 8.1 |" in lines
