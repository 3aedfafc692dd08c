"""What learning adds: the rule, the normalization, traces and theta (rules Y6 to Y8)."""

from collections.abc import Iterator

from hwsim.methods.learning_cost.actions import Action, Part, moved, sweep, touch, words_in
from hwsim.methods.learning_cost.words import Task, ceil_div
from hwsim.methods.stdp.counts import Counts


def rule(task: Task, counts: Counts) -> Iterator[Action]:
    """Y6: w +- rate x, times (w_max - w) if soft, saturated; each weight read and written."""
    soft, counted = task.spec.learning.soft, task.spec.learning.threshold_spikes > 0
    lowered = counts.depressed_weights
    raised, word = counts.weight_writes - lowered, task.words.weight
    scaled = counts.potentiated_neurons if counted else 0
    yield Action("rule", "learning_multiply", counts.trace_reads + soft * raised + scaled, word)
    yield Action("rule", "learning_add", counts.weight_writes + soft * raised, word)
    yield Action("rule", "learning_compare", counts.weight_writes, word)
    yield from _random(task, "rule", "weights", counts.weight_writes)
    yield from _weights(task, "rule", counts.depressed_rows, lowered, task.neurons, "input")
    yield from _weights(task, "rule", counts.potentiated_neurons, raised, task.inputs, "neuron")


def normalization(task: Task, counts: Counts) -> Iterator[Action]:
    """Y7: a sum over each neuron that learned, a division, a product a weight; read twice, written once."""
    written, word = counts.norm_writes, task.words.weight
    columns = written // task.inputs
    yield Action("normalization", "learning_add", written, word)
    yield Action("normalization", "learning_divide", columns, word)
    yield Action("normalization", "learning_multiply", written, word)
    if not word.real:
        yield Action("normalization", "learning_compare", written, word)
    yield from _random(task, "normalization", "weights", written)
    yield from _weights(task, "normalization", columns, written, task.inputs, "neuron", reads=2)


def _weights(
    task: Task, part: Part, visits: int, weights: int, extent: int, along: str, reads: int = 1
) -> Iterator[Action]:
    """Accesses to ``weights`` in ``visits`` of lines of ``extent``: along the layout whole lines, where those
    are fewer words or bursts, else and across it a word or a burst a weight."""
    bits, size = task.words.weight.bits, ceil_div(extent * task.words.weight.bits, 8)
    together = along == task.layout
    if task.pinned:
        line = ceil_div(extent * bits, task.hardware.buffers.weight.word_bits)
        words = min(weights, visits * line) if together else weights
        yield from words_in(task, part, "weight", reads * words, words)
    elif together and visits * task.burst(size) < weights * task.burst(ceil_div(bits, 8)):
        yield from moved(task, part, "weight", reads * visits, visits, size)
    else:
        yield from moved(task, part, "weight", reads * weights, weights, ceil_div(bits, 8))


def traces(task: Task, counts: Counts) -> Iterator[Action]:
    """Y6: cleared at each image, set on a spike, read for an update; ``decay`` also multiplies all a step."""
    kept = task.learned()
    yield from sweep(task, "traces", kept["traces"], 0, counts.images)
    yield from touch(task, "traces", kept["traces"], counts.trace_reads, counts.trace_writes)
    if task.traces == "lazy":
        yield from touch(task, "traces", kept["trace_table"], counts.trace_reads, 0)
        return
    yield Action("traces", "learning_multiply", counts.trace_decays, task.words.weight)
    yield from sweep(task, "traces", kept["traces"], counts.steps, counts.steps)


def theta(task: Task, counts: Counts) -> Iterator[Action]:
    """Y8: + growth where a neuron crossed its threshold; times a factor after each image."""
    kept, word = task.learned()["theta"], task.words.theta
    faded = counts.images * task.neurons if task.fades else 0
    grown = counts.theta_updates - faded
    yield Action("theta", "learning_add", grown, word)
    if not word.real:
        yield Action("theta", "learning_compare", grown, word)
    yield from _random(task, "theta", "theta", counts.theta_updates)
    yield Action("theta", "learning_multiply", faded, word)
    yield from touch(task, "theta", kept, grown, grown)
    sweeps = counts.images if task.fades else 0
    yield from sweep(task, "theta", kept, sweeps, sweeps)


def _random(task: Task, part: Part, name: str, count: int) -> Iterator[Action]:
    """A number for each value that is rounded at random."""
    word = task.words.theta if name == "theta" else task.words.weight
    given = task.spec.formats.get(name)  # type: ignore[call-overload]
    if given is not None and given.rounding == "stochastic" and not word.real:
        yield Action(part, "random_number", count, word)
