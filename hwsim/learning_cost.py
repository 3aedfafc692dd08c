"""What ``hwsim learn-cost`` does: price the counts of a directory of ``hwsim learn``, show or print them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsim.caveats import caveats
from hwsim.commands import TABLE, chip, choice
from hwsim.cost import CostTable, load_table
from hwsim.delivery import say
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.methods.learning_cost.model_memory import model_memory
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Layout, Task, Traces, Widths, Words
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.learn import SPEC, Learned, finished
from hwsim.report import console, learning_console
from hwsim.storage import is_dir, is_file

FLOATS = "horowitz45"
"""Prices of a learning in floats, if not told which; of one in integers those of every command."""


@dataclass(frozen=True)
class Asked:
    """A chip and how a learning is priced on it; without ``table`` one that fits its words."""

    chip: Hardware
    table: CostTable | None
    widths: Widths
    traces: Traces
    layout: Layout

    @staticmethod
    def of(hardware: str, table: str | None, widths: str, traces: str, layout: str) -> "Asked":
        """From names. Raises HwsimError for what they cannot be."""
        return Asked(
            chip(hardware, None),
            load_table(table) if table else None,
            choice("widths", widths, Widths),
            choice("traces", traces, Traces),
            choice("layout", layout, Layout),
        )

    def task(self, learned: Learned) -> Task:
        spec, card = learned.spec, learned.card
        inputs = card["parameters"] // spec.neurons
        words = Words.of(spec, self.chip, self.widths)
        return Task(spec, inputs, self.chip.alone, words, self.traces, self.layout)

    def prices(self, task: Task) -> CostTable:
        words = (task.words.weight, task.words.state, task.words.theta)
        return self.table or load_table(FLOATS if any(word.real for word in words) else TABLE)


def opened(directory: Path) -> Learned:
    """A finished learning. Raises HwsimError for any other directory."""
    if not is_dir(directory) or not is_file(directory / SPEC):
        raise HwsimError(f"{directory}: no {SPEC}, so no directory of hwsim learn")
    return finished(directory)


def described(learned: Learned, asked: Asked) -> dict[str, Any]:
    """Both costs and what they are of, as JSON values. Raises HwsimError for counts of another version."""
    task = asked.task(learned)
    table = asked.prices(task)
    card, words = learned.card, task.words
    try:
        counts = {name: Counts.of_plain(card[f"{name}_counts"]) for name in ("learning", "test")}
    except HwsimError as error:
        raise HwsimError(f"{learned.directory / 'card.json'}: {error}") from None
    costs = {
        "learning": price(task, counts["learning"], True, table),
        "inference": price(task, counts["test"], False, table),
    }
    memory = {way: model_memory(task.spec, task.inputs, way).bytes for way in ("learned", "sparse", "dense")}
    return {
        "directory": learned.directory.resolve().name,
        "model": card["model"],
        "neurons": task.neurons,
        "rule": card["method"],
        "accuracy": card["test_accuracy"],
        "hardware": asked.chip.name,
        "table": table.name,
        "traces": asked.traces,
        "layout": asked.layout,
        "words": {name: {"bits": w.bits, "real": w.real} for name, w in vars(words).items()},
        "weights_in": "buffer" if task.pinned else "dram",
        "weight_bytes": task.weight_bytes,
        "state_bytes": task.state_bytes,
        "states_in_buffer": sorted(task.on_chip),
        "model_bytes": memory,
        **{name: told(cost, counts[key]) for (name, cost), key in zip(costs.items(), counts, strict=True)},
        "caveats": [line for line in caveats(table, asked.chip.alone) if not line.startswith("area")],
    }


def told(cost: LearningCost, counts: Counts) -> dict[str, Any]:
    """A cost as JSON values; energies of all images together (pJ)."""
    return {
        "images": cost.images,
        "lif_updates": counts.lif_updates,
        "synaptic_operations": counts.synaptic_operations,
        "lateral_operations": counts.synaptic_operations - counts.input_operations,
        "trace_updates": counts.trace_writes,
        "weight_writes": counts.weight_writes + counts.norm_writes,
        "dram_bytes": cost.dram_bytes,
        "energy_pj": cost.total_pj,
        "energy_by_component_pj": cost.by_component(),
        "energy_by_part_pj": cost.by_part(),
        "unpriced": list(cost.unpriced),
        "rows": [
            {
                "part": row.action.part,
                "component": row.action.component,
                "action": row.action.action,
                "bits": row.action.word.bits,
                "real": row.action.word.real,
                "count": row.action.count,
                "unit_pj": row.unit_pj,
                "energy_pj": row.energy_pj,
            }
            for row in cost.rows
        ],
    }


def run(directory: Path, asked: Asked, as_json: bool) -> None:
    """Print what the learning in a directory costs, as tables or as JSON."""
    values = described(opened(directory), asked)
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
    else:
        learning_console.show(values, console.terminal())
