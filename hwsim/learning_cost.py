"""What ``hwsim learn-cost`` does: price the counts of a directory of ``hwsim learn``, show or print them."""

import json
import math
from collections import defaultdict
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
from hwsim.methods.learning_cost.prices import WIDEST, LearningCost, price
from hwsim.methods.learning_cost.words import Layout, Task, Traces, Widths, Words
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.learn import CARD, SPEC, Learned, finished
from hwsim.report import console, learning_console
from hwsim.storage import is_dir, is_file


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
        """As told; else for a learning in floats the table that has them, for integers every command's."""
        words = (task.words.weight, task.words.state, task.words.theta)
        return self.table or load_table(WIDEST if any(word.real for word in words) else TABLE)


def opened(directory: Path) -> Learned:
    """A finished learning. Raises HwsimError for any other directory, and for a card that is damaged."""
    if not is_dir(directory) or not is_file(directory / SPEC):
        raise HwsimError(f"{directory}: no {SPEC}, so no directory of hwsim learn")
    learned = finished(directory)
    _check_card(learned)
    return learned


def _check_card(learned: Learned) -> None:
    card, neurons = defaultdict[str, Any](lambda: None, learned.card), learned.spec.neurons

    def check(field: str, found: Any, holds: bool, allowed: str) -> None:
        if not holds:
            raise HwsimError(f"{learned.directory / CARD}: {field} is {found!r}, not {allowed}; learn again")

    for field in ("model", "method"):
        check(field, card[field], isinstance(card[field], str), "a text")
    found = card["parameters"]
    whole = _natural(found) and found > 0 and found % neurons == 0
    check("parameters", found, whole, f"a positive multiple of {neurons} neurons")
    found = card["test_accuracy"]
    number = isinstance(found, int | float) and not isinstance(found, bool)
    check("test_accuracy", found, number and math.isfinite(found) and 0 <= found <= 1, "a share, 0 to 1")
    for part in ("learning_counts", "test_counts"):
        counts = card[part]
        check(part, counts, isinstance(counts, dict), "a table of counts")
        for field, found in counts.items():
            check(f"{part}.{field}", found, _natural(found), "an integer of 0 or more")


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _counts(learned: Learned, task: Task) -> dict[str, Counts]:
    """Of learning and test. Raises HwsimError for counts of another version."""
    try:
        found = {name: Counts.of_plain(learned.card[f"{name}_counts"]) for name in ("learning", "test")}
        one = found["learning"]
        least = {
            "steps": one.images,
            "weight_writes": one.depressed_weights,
            "theta_updates": one.images * task.neurons if task.fades else 0,
        }
        for field, n in least.items():
            if getattr(one, field) < n:
                raise HwsimError(
                    f"learning_counts.{field} is {getattr(one, field)}, fewer than the {n} that are part of "
                    "it; learn again with this version"
                )
    except HwsimError as error:
        raise HwsimError(f"{learned.directory / CARD}: {error}") from None
    return found


def described(learned: Learned, asked: Asked) -> dict[str, Any]:
    """Both costs and what they are of, as JSON values. Raises HwsimError for counts of another version."""
    task = asked.task(learned)
    table = asked.prices(task)
    card, words, counts = learned.card, task.words, _counts(learned, task)
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
