"""Operations and accesses of a layer (docs/machine.md, P3 to P6, L2, B4, B5)."""

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events, EventTrace
from hwsim.geometry import windows
from hwsim.lower.axes import Ints, K, M, N, T, Terms, along, total, units
from hwsim.lower.layers import Layer, Task, steps_of
from hwsim.lower.maps import Maps, address_bits, listed
from hwsim.lower.plans import Plan
from hwsim.lower.states import Counts
from hwsim.lower.streams import Streams
from hwsim.lower.weights import sparse_words, weight_words
from hwsim.network import Network, Population, Projection
from hwsim.program import LOADED, STORED


def update_counts(network: Network, name: str, samples: int) -> Counts:
    """L2: what every neuron does at every step, whatever happens."""
    population = network.population[name]
    updates = population.size * steps_of(network, name) * samples
    counts = dict.fromkeys(("decay_shift", "decay_add", "decay_multiply"), 0)
    if any(p.bias is not None for p in network.into(name)):
        counts["bias_add"] = updates
    if population.kind in ("lif", "li", "clif"):
        counts["lif_update"] = updates
    elif population.kind in ("readout", "relu"):
        counts[f"{population.kind}_update"] = updates
    for factors, free in leak_factors(population):
        if not free:
            counts[leak_action(factors)] += updates
    return counts


def leak_action(factors: NDArray[np.float64]) -> str:
    """What a neuron does for a leak by these factors, one or one a neuron: ``decay_shift`` if all are 0 or a
    power of two, ``decay_add`` if all are that or the sum or difference of two, else ``decay_multiply``."""
    mantissa = (np.frexp(factors)[0] * 2.0**53).astype(np.int64)
    odd = mantissa // np.maximum(mantissa & -mantissa, 1)
    if (mantissa < 0).any():
        return "decay_multiply"
    if (odd <= 1).all():
        return "decay_shift"
    beside = (odd - 1) & (odd - 2), (odd + 1) & odd
    return "decay_add" if ((beside[0] == 0) | (beside[1] == 0)).all() else "decay_multiply"


def leak_factors(population: Population) -> list[tuple[NDArray[np.float64], bool]]:
    """Factors of a neuron's every step, and whether they cost nothing: all 0 or all 1 (L2)."""
    if population.kind not in ("lif", "li", "clif"):
        return []
    decay = population.parameter("decay")
    divides = population.kind != "clif" and population.leak in ("relax_divide", "leak_divide")
    relaxes = population.kind != "clif" and population.leak in ("relax", "relax_divide")
    found = [1 / decay if divides else decay]
    if population.has_current:
        found += [population.parameter("current_decay")] * (2 if population.kind == "clif" else 1)
    if population.kind == "lif" and population.adaptive:
        found.append(population.parameter("adaptation_decay"))
    free = [bool((f == 0).all() or (f == 1).all()) for f in found]
    free[0] = free[0] and not relaxes
    return list(zip(found, free, strict=True))


def event_counts(network: Network, name: str, held: bool, trace: EventTrace, samples: range) -> Counts:
    """Events in and out, vector operations and merges of pools (L2)."""
    counts = {"events_in": 0, "vector_add": 0, "vector_mac": 0, "pool_or": 0}
    if name in trace.events:
        emitted = _between(trace.events[name], samples, trace.events[name].steps)
        counts["events_out"] = emitted.stop - emitted.start
        if network.population[name].spikes:
            counts["lif_spike"] = counts["events_out"]
    for p in network.into(name):
        times, delivered = arriving(network, p, held, trace.events[p.source], samples)
        number = sum(s.stop - s.start for s in delivered) * times
        counts["events_in"] += number
        if p.kind == "identity":
            counts["vector_add" if network.is_binary(p.source) else "vector_mac"] += number
        elif not p.has_weights:
            action = "vector_add" if p.kind == "avg_pool" else "pool_or"
            counts[action] += _window_visits(network, p, trace.events[p.source], delivered) * times
    return counts


def arriving(
    network: Network, p: Projection, held: bool, events: Events, samples: range
) -> tuple[int, list[slice]]:
    """Events that ``p`` delivers within the steps of its target, by place, and how often each (L2)."""
    steps = steps_of(network, p.target)
    left = max(0, steps - p.delay)
    if p.source in network.constant:
        return (min(1, left) if held and p.has_weights else left), [_between(events, samples, 1)]
    if not p.delay:
        return 1, [_between(events, samples, events.steps)]
    return 1, [_between(events, range(s, s + 1), left) for s in samples]


def _between(events: Events, samples: range, steps: int) -> slice:
    """Events of consecutive samples, of the last one only those of its first ``steps``."""
    begin = events.offsets[samples.start * events.steps]
    end = events.offsets[(samples.stop - 1) * events.steps + steps]
    return slice(int(begin), int(end))


def _window_visits(network: Network, p: Projection, events: Events, places: list[slice]) -> int:
    """Sum over events of the windows that contain them."""
    source, target = network.population[p.source], network.population[p.target]
    table = windows(source.plane, p.kernel, p.stride, p.padding, target.plane)
    if table.min() == table.max():
        return int(table[0]) * sum(int(place.stop) - int(place.start) for place in places)
    return sum(int(table[events.index[place] % len(table)].sum()) for place in places)


def fixed_counts(plan: Plan) -> Counts:
    """What the jobs of a layer do that no event changes."""
    task, layer, buffers = plan.task, plan.layer, plan.task.hardware.buffers
    shape, counts = layer.shape, output_counts(task, layer)
    spread = plan.jobs // (plan.weight.size * plan.fetches.size)
    fetches = int(plan.fetches.sum()) * spread
    counts["dram_weight_read_bytes"] = int(plan.weight.sum()) * fetches
    counts["weight_buffer_write"] = int(units(plan.weight * 8, buffers.weight.word_bits).sum()) * fetches
    for operand in LOADED[2:]:
        counts[f"dram_{operand}_read_bytes"] = plan.loads[operand].total(shape)
    for operand in STORED[1:]:
        counts[f"dram_{operand}_write_bytes"] = plan.stores[operand].total(shape)
    return counts | plan.counts


def output_counts(task: Task, layer: Layer) -> Counts:
    """Outputs that the jobs of a layer write, and their words (B5)."""
    once = layer.at_end * along(T, layer.pass_sizes)
    kind, bits = layer.population.kind, task.value_bits[layer.name]
    bits = task.hardware.precision.state_bits if kind == "readout" else bits
    words = units(layer.outputs * bits, task.hardware.buffers.output.word_bits) * once
    return {
        "output_writes": total(layer.outputs * once, layer.shape),
        "output_buffer_write": total(words, layer.shape),
    }


def scan_counts(layer: Layer, source: int, lanes: tuple[Ints, ...], word_bits: int) -> tuple[int, int]:
    """Inputs of one weighted projection that are scanned, and their words (P4); ``lanes``: factors of the
    lanes and steps of each job whose map is scanned."""
    w = layer.weighted[source]
    height, width = w.projection.kernel
    row = -(-width * layer.touched(source) * w.bits // word_bits)
    depth = np.zeros(len(layer.tiles), np.int64)
    for tile, part in layer.parts(source):
        depth[tile] += part.end - part.begin
    reads = Terms(((*lanes, along(K, depth)),)).total(layer.shape)
    return reads, Terms(((*lanes, along(K, height * row)),)).total(layer.shape)


def map_counts(
    plan: Plan, maps: Maps, load: Ints, streamed_words: Ints, store: Ints, entries: tuple[Ints, ...]
) -> Counts:
    """Bytes and words of maps: ``load``, ``store`` of each job; ``entries``: of each projection, live inputs
    that are read from lists (P4)."""
    buffers, layer, shape = plan.task.hardware.buffers, plan.layer, plan.layer.shape
    reads, words = 0, total(streamed_words * layer.at_end, shape)
    for i, w in enumerate(layer.weighted):
        if entries and listed(plan.task, w.source.name):
            reads += total(entries[i], shape)
            bits = entries[i] * address_bits(w.source.size)
            words += total(units(bits, buffers.input.word_bits), shape)
        lanes = layer.over_samples(maps.scanned(w.projection))
        lanes = lanes if layer.together else lanes * along(M, layer.rows)
        scanned = layer.over_passes(lanes, layer.array_steps)
        found = scan_counts(layer, i, scanned, buffers.input.word_bits)
        reads, words = reads + found[0], words + found[1]
    return {
        "input_reads": reads,
        "input_buffer_read": words,
        "dram_input_read_bytes": total(load, shape),
        "input_buffer_write": total(units(load * 8, buffers.input.word_bits), shape),
        "dram_output_write_bytes": total(store, shape),
        "output_buffer_read": total(units(store * 8, buffers.output.word_bits), shape),
    }


def operation_counts(task: Task, ac: int, mac: int) -> Counts:
    """Useful operations and, unless the array is dense, as many issued ones (P3)."""
    counts = {"ac": ac, "mac": mac}
    if task.hardware.pe_array.skip != "dense":
        counts |= {"ac_issued": ac, "mac_issued": mac}
    return counts


def stream_counts(task: Task, layer: Layer, streams: Streams) -> Counts:
    """Weight reads and decoded events (P4), operations that a dense array issues (P3).

    ``streams`` on the axes of hwsim.lower.axes.
    """
    array, shape = task.hardware.pe_array, layer.shape
    active = streams.length > 0
    tile = along(K, layer.depth) * along(N, layer.columns)
    counts: Counts = {}
    if array.skip == "dense":
        counts = {"ac_issued": 0, "mac_issued": 0}
        steps = layer.outputs * along(T, layer.array_steps)
        passes = total(steps, (*shape[:-1], 1))
        for w in layer.weighted:
            counts["ac_issued" if w.binary else "mac_issued"] += w.depth * passes
    if array.dataflow != "os":
        counts["weight_reads"] = total(active * tile, shape)
        words = active * weight_words(task, layer) * along(K, layer.depth)
        counts["weight_buffer_read"] = total(words, shape)
    elif array.weight_sparsity:
        counts["weight_reads"] = total(streams.reads, shape)
        counts["weight_buffer_read"] = total(active * sparse_words(task, layer), shape)
        counts["weight_index_reads"] = total(active * tile, shape)
    else:
        counts["weight_reads"] = total(streams.reads * along(N, layer.columns), shape)
        counts["weight_buffer_read"] = total(streams.reads * weight_words(task, layer), shape)
    if array.decode:
        counts["decode_events"] = total(streams.decoded, shape)
    return counts
