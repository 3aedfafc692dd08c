"""Where states and held sums lie, and what moving them costs (docs/machine.md, M1 to M4)."""

from typing import Literal

import numpy as np

from hwsim.lower.axes import G, Ints, K, M, N, T, Terms, along, ceil_div, first, total, units, zeros
from hwsim.lower.layers import Layer, Task
from hwsim.network import Population

Place = Literal["array", "buffer", "visit", "dram"]
Counts = dict[str, int]


def words_of(population: Population) -> int:
    """State words that each neuron sees (M1)."""
    if population.kind == "lif":
        return 1 + population.has_current + population.adaptive
    return {"readout": 1, "clif": 3, "li": 1 + population.has_current}.get(population.kind, 0)


def state_bits(task: Task, population: Population) -> int:
    """e of M1."""
    return words_of(population) * task.hardware.precision.state_bits + population.refractory.bit_length()


def cells_of(population: Population) -> int:
    """State cells of a layer, its own or its group's (M1)."""
    return population.size // population.channel_groups


def state_bytes(task: Task, population: Population, cells: int) -> int:
    return ceil_div(cells * state_bits(task, population), 8)


def members(task: Task, population: Population) -> tuple[str, ...]:
    """The layers that share a state, in order; a layer without a state group is alone."""
    if not population.state_group:
        return (population.name,)
    return tuple(n for n in task.names if task.network.population[n].state_group == population.state_group)


def placed(task: Task, stepwise: frozenset[str]) -> dict[str, Place]:
    """Places of the states that outlast a layer's turn: in ``step_major`` and in stepwise components (M3)."""
    if task.mapping.schedule == "step_major":
        return _place(task, task.names, task.samples, stepwise)
    found: dict[str, Place] = {}
    samples = 1 if task.apart else task.samples
    for component in task.network.components:
        if component[0] in stepwise:
            found |= _place(task, component, samples, stepwise)
    return found


def _place(task: Task, names: tuple[str, ...], samples: int, stepwise: frozenset[str]) -> dict[str, Place]:
    """The membrane buffer fills up with what fits, in the order of layers."""
    buffer = task.hardware.buffers.membrane
    capacity = buffer.capacity_bytes if buffer else 0
    room = capacity
    apart = stepwise if task.apart else frozenset()
    found: dict[str, Place] = {}
    for name in names:
        population = task.network.population[name]
        if not population.has_state or name in found:
            continue
        alone = state_bytes(task, population, cells_of(population))
        place: Place = "buffer" if alone * samples <= room else "dram"
        if place == "buffer":
            room -= alone * samples
        elif population.state_group and name in apart and alone <= capacity:
            place = "visit"
        found |= dict.fromkeys(members(task, population), place)
    return found


def place_of(task: Task, layer: Layer, outlasting: dict[str, Place]) -> Place | None:
    """Where the state of a layer lies between its steps (M3); None without one."""
    if not layer.population.has_state:
        return None
    if layer.name in outlasting:
        return outlasting[layer.name]
    if task.hardware.pe_array.dataflow == "os":
        return "array"
    buffer = task.hardware.buffers.membrane
    needed = state_bytes(task, layer.population, int(layer.cells.max()))
    return "buffer" if buffer and needed <= buffer.capacity_bytes else "dram"


def fresh(task: Task, layer: Layer) -> Ints:
    """1 for folds whose first step is a *start*: nothing of their state comes from before (M3)."""
    population = layer.population
    if members(task, population)[0] != layer.name:
        return zeros()
    if population.channel_groups == 1 or layer.interleaved:
        return zeros() + 1
    if layer.weighted:
        ends = np.array([int(c[-1]) + 1 for c in layer.channels], np.int64)
        per_group = population.channels // layer.groups
        ends = along(G, range(layer.groups)) * per_group + along(N, ends)
        return (ends <= population.channels // population.channel_groups).astype(np.int64)
    return (along(M, np.cumsum(layer.rows)) <= population.size // population.channel_groups).astype(np.int64)


def state_moves(task: Task, layer: Layer, place: Place | None) -> tuple[Terms, Terms]:
    """Bytes of states that each job loads from DRAM and stores there (M3)."""
    if place not in ("dram", "visit"):
        return Terms(), Terms()
    size = task.bytes_of(layer.cells * state_bits(task, layer.population))
    load = size * (1 - fresh(task, layer) * first(T, layer.passes)), layer.at_end
    store = size, layer.at_end
    group = members(task, layer.population)
    return (
        Terms((load,)) if place == "dram" or layer.name == group[0] else Terms(),
        Terms((store,)) if place == "dram" or layer.name == group[-1] else Terms(),
    )


def state_counts(task: Task, layer: Layer, place: Place | None) -> Counts:
    """Words of states read and written in the array or in the membrane buffer (M3)."""
    population, samples = layer.population, layer.samples
    if place == "array":
        words = words_of(population) * samples
        written = population.size * layer.steps * words
        return {
            "membrane_register_write": written,
            "membrane_register_read": written - cells_of(population) * words,
        }
    buffer = task.hardware.buffers.membrane
    if place not in ("buffer", "visit") or buffer is None:
        return {}
    bits = state_bits(task, population)
    whole = units(layer.outputs * bits, buffer.word_bits)
    begun = units((layer.outputs - layer.cells) * bits, buffer.word_bits)
    folds = (*layer.shape[:T], 1, 1)
    written = total(whole, folds) * layer.steps
    skipped = total((whole - begun) * fresh(task, layer), folds)
    return {"membrane_buffer_write": written, "membrane_buffer_read": written - skipped}


def sums_in_array(task: Task, layer: Layer) -> bool:
    """Whether held sums stay in the PEs (M4)."""
    array, mapping = task.hardware.pe_array, task.mapping
    return array.dataflow == "os" and mapping.schedule == "layer_major" and not layer.stepwise


def hold_moves(task: Task, layer: Layer) -> tuple[Terms, Terms]:
    """Bytes of held sums that each job loads from DRAM and stores there (M4)."""
    if not layer.held or sums_in_array(task, layer) or sums_in_buffer(task, layer):
        return Terms(), Terms()
    size = task.bytes_of(layer.outputs * task.hardware.precision.partial_sum_bits)
    begins = first(T, layer.passes)
    return Terms(((size, 1 - begins, layer.at_end),)), Terms(((size, begins + 0, layer.at_end),))


def sums_in_buffer(task: Task, layer: Layer) -> bool:
    """Whether the held sums of a fold wait for its next pass in the partial-sum buffer (M4)."""
    buffer = task.hardware.buffers.partial_sum
    if buffer is None or layer.stepwise or task.mapping.schedule == "step_major":
        return False
    largest = int(layer.outputs.max()) * task.hardware.precision.partial_sum_bits
    return largest <= buffer.capacity_bytes * 8


def hold_counts(task: Task, layer: Layer) -> Counts:
    """Held sums written and read in the array or in the partial-sum buffer (M4)."""
    if not layer.held:
        return {}
    buffer = task.hardware.buffers.partial_sum
    if buffer and not sums_in_array(task, layer) and sums_in_buffer(task, layer):
        bits = layer.outputs * task.hardware.precision.partial_sum_bits
        words = total(units(bits, buffer.word_bits), (*layer.shape[:T], 1, 1))
        return {
            "partial_sum_buffer_write": 0 if partial_place(task, layer) == "buffer" else words,
            "partial_sum_buffer_read": words * (layer.passes - 1),
        }
    if not sums_in_array(task, layer):
        return {}
    values = layer.population.size * layer.samples
    return {"hold_register_write": values, "hold_register_read": values * (layer.steps - 1)}


def partial_sums(task: Task, layer: Layer) -> Ints:
    """Bits of the partial sums of each fold and pass (P6)."""
    return layer.outputs * along(T, layer.array_steps) * task.hardware.precision.partial_sum_bits


def partial_place(task: Task, layer: Layer) -> Place:
    """Where the partial sums of K-tiles lie (P6)."""
    if task.hardware.pe_array.dataflow == "os" or len(layer.tiles) < 2:
        return "array"
    buffer = task.hardware.buffers.partial_sum
    largest = int(layer.outputs.max()) * layer.pass_steps * task.hardware.precision.partial_sum_bits
    return "buffer" if buffer and largest <= buffer.capacity_bytes * 8 else "dram"


def spill_moves(task: Task, layer: Layer) -> tuple[Terms, Terms]:
    """Bytes of partial sums that each job loads and stores (P6)."""
    if partial_place(task, layer) != "dram":
        return Terms(), Terms()
    size = task.bytes_of(partial_sums(task, layer))
    return Terms(((size, 1 - first(K, len(layer.tiles))),)), Terms(((size, 1 - layer.at_end),))


def spill_counts(task: Task, layer: Layer) -> Counts:
    """Words of partial sums in their buffer (P6)."""
    buffer, tiles = task.hardware.buffers.partial_sum, len(layer.tiles)
    if buffer is None or partial_place(task, layer) != "buffer":
        return {}
    words = total(units(partial_sums(task, layer), buffer.word_bits), (*layer.shape[:-1], 1))
    return {"partial_sum_buffer_write": words * tiles, "partial_sum_buffer_read": words * (tiles - 1)}
