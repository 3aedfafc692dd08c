"""Actions of a chip that learns: what it does, in which component, how often, how wide (rules Y1 to Y8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hwsim.methods.learning_cost.words import Task, Variable, Word, ceil_div

Part = Literal["neurons", "synapses", "spikes", "rule", "normalization", "traces", "theta", "loading"]

COMPONENTS: dict[str, tuple[str, ...]] = {
    "pe_array": ("ac_issued", "pe_cycles"),
    "lif_units": ("lif_update", "decay_shift", "decay_add", "decay_multiply"),
    "learning_units": (
        "learning_add", "learning_multiply", "learning_compare", "learning_divide", "random_number",
    ),
    "weight_buffer": ("weight_buffer_read", "weight_buffer_write"),
    "input_buffer": ("input_buffer_read", "input_buffer_write"),
    "output_buffer": ("output_buffer_read", "output_buffer_write"),
    "membrane_buffer": ("membrane_buffer_read", "membrane_buffer_write"),
    "dram": (
        "dram_weight_read_bytes", "dram_weight_write_bytes", "dram_input_read_bytes",
        "dram_output_write_bytes", "dram_membrane_read_bytes", "dram_membrane_write_bytes",
        "dram_activates", "dram_reads", "dram_writes",
    ),
}  # fmt: skip
"""Names are those of a Ledger; new are the learning units' and the bytes of weights written."""

COMPONENT = {action: component for component, actions in COMPONENTS.items() for action in actions}

BYTE = Word(8)


@dataclass(frozen=True)
class Action:
    """``count`` times ``action``, for ``part`` of the learning, of operands or words of ``word``."""

    part: Part
    action: str
    count: int
    word: Word

    @property
    def component(self) -> str:
        return COMPONENT[self.action]


def moved(task: Task, part: Part, operand: str, reads: int, writes: int, size_bytes: int) -> Iterator[Action]:
    """So many requests of ``size_bytes`` that lie together, from and to DRAM, in whole bursts (Y2).

    Where the DRAM has commands, also its bursts, and a row opened for each request or row of it.
    """
    burst, device = task.hardware.dram.burst, task.hardware.dram.banked
    whole = task.burst(size_bytes)
    if reads:
        yield Action(part, f"dram_{operand}_read_bytes", reads * whole, BYTE)
    if writes:
        yield Action(part, f"dram_{operand}_write_bytes", writes * whole, BYTE)
    if device is not None and device.banked is not None:
        row = device.banked.organization.columns * burst
        bits = Word(8 * burst)
        yield Action(part, "dram_activates", (reads + writes) * ceil_div(whole, row), bits)
        yield Action(part, "dram_reads", reads * whole // burst, bits)
        yield Action(part, "dram_writes", writes * whole // burst, bits)


def words_in(task: Task, part: Part, buffer: str, reads: int, writes: int) -> Iterator[Action]:
    word = Word(task.hardware.buffers.present()[buffer].word_bits)
    yield Action(part, f"{buffer}_buffer_read", reads, word)
    yield Action(part, f"{buffer}_buffer_write", writes, word)


def sweep(task: Task, part: Part, one: Variable, reads: int, writes: int) -> Iterator[Action]:
    """All cells of a variable, read and written so many times."""
    if one.name in task.on_chip:
        buffer = task.hardware.buffers.membrane
        assert buffer is not None
        each = one.swept(buffer.word_bits)
        yield from words_in(task, part, "membrane", reads * each, writes * each)
        return
    whole, rest = divmod(one.cells, one.fold)
    for folds, cells in ((whole, one.fold), (1, rest)):
        if cells:
            size = ceil_div(cells * one.bits, 8)
            yield from moved(task, part, "membrane", reads * folds, writes * folds, size)


def touch(task: Task, part: Part, one: Variable, reads: int, writes: int) -> Iterator[Action]:
    """Single cells of a variable: a word, or a burst, each."""
    if one.name in task.on_chip:
        yield from words_in(task, part, "membrane", reads, writes)
    else:
        yield from moved(task, part, "membrane", reads, writes, ceil_div(one.bits, 8))


def merged(actions: Iterator[Action]) -> tuple[Action, ...]:
    """One of each part, action and width, those that happened, in their order."""
    found: dict[tuple[Part, str, Word], int] = {}
    for one in actions:
        key = one.part, one.action, one.word
        found[key] = found.get(key, 0) + one.count
    return tuple(Action(*key[:2], n, key[2]) for key, n in found.items() if n)
