"""What a network does at every image, learning or not: membranes, synapses, spikes (rules Y3 to Y5)."""

from collections.abc import Iterator

import numpy as np

from hwsim.lower.counts import update_counts
from hwsim.methods.learning_cost.actions import Action, moved, sweep, words_in
from hwsim.methods.learning_cost.words import Task, ceil_div
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.labels import Labels
from hwsim.methods.stdp.network import network_of
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.network import Network


def neurons(task: Task, counts: Counts) -> Iterator[Action]:
    """Y3: update, leak, and the membrane read and written each step; it is not read at an image's first."""
    state, network = task.words.state, pair(task.spec)
    updates = {"excitatory": counts.excitatory_updates, "inhibitory": counts.inhibitory_updates}
    yield Action("neurons", "lif_update", counts.lif_updates, state)
    for name, membrane in task.membranes().items():
        leaks = update_counts(network, name, 1)
        once = leaks.pop("lif_update")
        for action, number in leaks.items():
            yield Action("neurons", action, updates[name] * number // once, state)
        yield from sweep(task, "neurons", membrane, counts.steps - counts.images, counts.steps)


def pair(spec: LearnSpec) -> Network:
    """The network that has learned, of one input and two neurons: its populations have the leaks of L2."""
    labels = Labels(np.zeros(2, np.int64), np.ones((1, 2), np.float32))
    weights, theta = np.zeros((1, 2), np.float32), np.zeros(2, np.float32)
    return network_of(spec.model_copy(update={"neurons": 2}), weights, theta, labels, "pair")


def synapses(task: Task, counts: Counts) -> Iterator[Action]:
    """Y4: an addition and a cycle of a PE a synaptic operation; a spike reads its row of weights."""
    n, weight = task.neurons, task.words.weight
    yield Action("synapses", "ac_issued", counts.synaptic_operations, task.words.sum)
    yield Action("synapses", "pe_cycles", counts.synaptic_operations, weight)
    rows = counts.inhibition_operations // (n - 1)
    across = task.layout == "neuron"
    yield from _rows(task, counts.input_spikes * (n if across else 1), 1 if across else n)
    yield from _rows(task, rows, n)
    yield from _rows(task, counts.relay_operations, 1)


def _rows(task: Task, visits: int, extent: int) -> Iterator[Action]:
    """Rows of ``extent`` weights that lie together, read fold by fold."""
    word, bits = task.hardware.buffers.weight.word_bits, task.words.weight.bits
    whole, rest = divmod(extent, task.fold)
    each = whole * ceil_div(task.fold * bits, word) + ceil_div(rest * bits, word)
    written = 0
    if not task.pinned:
        size = ceil_div(extent * bits, 8)
        yield from moved(task, "synapses", "weight", visits, 0, size)
        written = ceil_div(task.burst(size) * 8, word)
    yield from words_in(task, "synapses", "weight", visits * each, visits * written)


def spikes(task: Task, counts: Counts) -> Iterator[Action]:
    """Y5: a bitmap a step from DRAM for each projection, scanned by each fold, and to DRAM from each layer.

    What a projection of delay 1 brings at an image's first step has no bits, but is scanned.
    """
    n, buffers, spec = task.neurons, task.hardware.buffers, task.spec
    layers = 2 if spec.relayed else 1
    own, later = ceil_div(task.inputs, 8), counts.steps - counts.images
    yield from moved(task, "spikes", "input", counts.steps, 0, own)
    yield from moved(task, "spikes", "input", later * layers, 0, ceil_div(n, 8))
    loaded = ceil_div(task.burst(own) * 8, buffers.input.word_bits) * counts.steps
    loaded += ceil_div(task.burst(ceil_div(n, 8)) * 8, buffers.input.word_bits) * later * layers
    folds = ceil_div(n, task.fold)
    scanned = ceil_div(task.inputs, buffers.input.word_bits) + layers * ceil_div(n, buffers.input.word_bits)
    yield from words_in(task, "spikes", "input", folds * counts.steps * scanned, loaded)
    yield from moved(task, "spikes", "output", 0, counts.steps * layers, ceil_div(n, 8))
    out = buffers.output.word_bits
    whole, rest = divmod(n, task.fold)
    written = whole * ceil_div(task.fold, out) + ceil_div(rest, out)
    stored = ceil_div(task.burst(ceil_div(n, 8)) * 8, out)
    each = counts.steps * layers
    yield from words_in(task, "spikes", "output", each * stored, each * written)


def loading(task: Task, learns: bool) -> Iterator[Action]:
    """Y2: weights that fit come once, and go back once when they have learned."""
    if not task.pinned:
        return
    words = ceil_div(task.burst(task.weight_bytes) * 8, task.hardware.buffers.weight.word_bits)
    yield from moved(task, "loading", "weight", 1, int(learns), task.weight_bytes)
    yield from words_in(task, "loading", "weight", words * learns, words)
