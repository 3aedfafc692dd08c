"""The price of actions: unit energies of the same tables as inference's, at the widths of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import fsum

from hwsim.cost import CostTable, buffer_energy, composed_energy, dram_energies
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.methods.learning_cost import forward, plasticity
from hwsim.methods.learning_cost.actions import COMPONENTS, Action, Part, merged
from hwsim.methods.learning_cost.words import Task, Word, Words
from hwsim.methods.stdp.counts import Counts

LEARNING = {
    "learning_add": ("add",),
    "learning_multiply": ("multiply",),
    "learning_compare": ("compare",),
    "random_number": ("add", "add"),
}
"""Primitives of each action of the learning units, at its width; a division is a subtraction a bit. A random
number is drawn by one addition (a shift register as wide costs as much: 0.031 pJ against 0.042 for 8 bits in
SATA_Sim) and added by another."""

REAL = {
    "ac_issued": ("add",),
    "lif_update": ("compare", "add"),
    "decay_add": ("add",),
    "decay_multiply": ("multiply",),
}
"""Those of what integers of a chip have rows and recipes for, in floating point."""

FLOATS = {"add": "float_add", "multiply": "float_multiply"}
"""A comparison of floats is one of their bits as integers (IEEE 754), a register holds bits."""

WIDEST = "horowitz45"
"""The table with rows of floats and of integers of every width that learns."""

MANTISSA_BITS = 24
"""Of float32, the hidden one included: a division of floats subtracts mantissas."""


@dataclass(frozen=True)
class Priced:
    """An action and what one of it costs (pJ); None where the table has no number."""

    action: Action
    unit_pj: float | None

    @property
    def energy_pj(self) -> float:
        return self.action.count * (self.unit_pj or 0.0)


@dataclass(frozen=True)
class LearningCost:
    """Rows of what ``images`` took; energies are of all of them together."""

    images: int
    rows: tuple[Priced, ...]

    @property
    def total_pj(self) -> float:
        return fsum(row.energy_pj for row in self.rows)

    @property
    def unpriced(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.action.action for row in self.rows if row.unit_pj is None))

    def by_component(self) -> dict[str, float]:
        """pJ of each component that did anything."""
        found = {name: [r for r in self.rows if r.action.component == name] for name in COMPONENTS}
        return {name: fsum(r.energy_pj for r in rows) for name, rows in found.items() if rows}

    def by_part(self) -> dict[Part, float]:
        """pJ of each part of the learning."""
        parts = dict.fromkeys(row.action.part for row in self.rows)
        return {part: fsum(r.energy_pj for r in self.rows if r.action.part == part) for part in parts}

    def count(self, *actions: str, part: Part | None = None) -> int:
        chosen = (r.action for r in self.rows if r.action.action in actions)
        return sum(a.count for a in chosen if part in (None, a.part))

    @property
    def dram_bytes(self) -> int:
        return sum(r.action.count for r in self.rows if r.action.action.endswith("_bytes"))


def actions_of(task: Task, counts: Counts, learns: bool) -> tuple[Action, ...]:
    """What the chip does for these counts, nothing for no images; without ``learns`` only what answering
    takes."""
    if not counts.images:
        return ()
    found: list[Iterator[Action]] = [
        forward.neurons(task, counts), forward.synapses(task, counts), forward.spikes(task, counts),
        forward.loading(task, learns),
    ]  # fmt: skip
    if learns:
        found += [
            plasticity.rule(task, counts), plasticity.normalization(task, counts),
            plasticity.traces(task, counts), plasticity.theta(task, counts),
        ]  # fmt: skip
    return merged(chain.from_iterable(found))


def price(task: Task, counts: Counts, learns: bool, table: CostTable) -> LearningCost:
    """Counts times unit energies. Raises HwsimError for a table of whole chips, for one without numbers for
    floats where there are any, and for widths beyond it."""
    if table.includes is not None:
        raise HwsimError(
            f"table {table.name!r} prices synaptic operations of a whole chip alone, nothing of learning; "
            "take one of parts (hwsim list tables)"
        )
    prices = Prices(table, task.hardware, task.words)
    rows = [Priced(action, prices.of(action)) for action in actions_of(task, counts, learns)]
    return LearningCost(counts.images, tuple(rows))


class Prices:
    """Unit energies (pJ) on a chip with the learner's words under a table."""

    def __init__(self, table: CostTable, hardware: Hardware, words: Words) -> None:
        _check_floats(table, words)
        self.table = table
        widths = {
            "weight_bits": words.weight.bits,
            "partial_sum_bits": words.sum.bits,
            "state_bits": words.state.bits,
        }
        precision = hardware.precision.model_copy(update=widths)
        self.hardware = hardware.model_copy(update={"precision": precision})
        self.memories: dict[str, float | None] = dict(dram_energies(table, hardware))
        self.memories["dram_weight_write_bytes"] = self.memories["dram_weight_read_bytes"]
        for name, buffer in hardware.buffers.present().items():
            try:
                read, write = buffer_energy(table, buffer, hardware.buffers.cell_type)
            except HwsimError as error:
                raise HwsimError(f"hardware {hardware.name!r}: buffers.{name}: {error}") from None
            self.memories[f"{name}_buffer_read"], self.memories[f"{name}_buffer_write"] = read, write

    def of(self, action: Action) -> float | None:
        """None where the table has no row of a part."""
        try:
            return self._of(action.action, action.word)
        except HwsimError as error:
            hint = "" if self.table.name == WIDEST else f"; {WIDEST} prices integers of 8 to 32 bits"
            raise HwsimError(f"{action.action} of {action.word.bits} bits: {error}{hint}") from None

    def _of(self, name: str, word: Word) -> float | None:
        if name in self.memories:
            own = self.table.whole(name)
            return self.memories[name] if own is None else own
        if name == "decay_shift":
            return 0.0
        if name == "learning_divide":
            bits = MANTISSA_BITS if word.real else word.bits
            one = self._sum(("add",), Word(bits))
            return None if one is None else bits * one
        if name in LEARNING:
            return self._sum(LEARNING[name], word)
        if not word.real or name == "pe_cycles":
            return composed_energy(self.table, self.hardware, name)
        whole = self.table.whole(name)
        return self._sum(REAL[name], word) if whole is None else whole

    def _sum(self, items: tuple[str, ...], word: Word) -> float | None:
        total = 0.0
        for item in items:
            found = self.table.of(FLOATS.get(item, item) if word.real else item, word.bits)
            if found is None:
                return None
            total += found
        return total


def _check_floats(table: CostTable, words: Words) -> None:
    """A table that prices an accumulate whatever its width has no need of floats."""
    real = [name for name, word in vars(words).items() if word.real]
    priced = any(row.item == "float_add" for row in table.rows) or table.whole("ac_issued") is not None
    if real and not priced:
        raise HwsimError(
            f"table {table.name!r} has no float_add, and this learning computes in float32 where it has no "
            f"format ({', '.join(real)}); take a table that has ({WIDEST}), learn with --format of "
            "weights, membrane and theta, or price the chip's own widths (--widths chip)"
        )
