"""Does the executor fire as PyTorch did? Every difference counted, located and explained.

Two comparisons per population. *Free*: the executor's own run against the reference, so that one
difference upstream shows again in everything that it reaches. *Driven*: the population alone, fed with
the reference's events, so that a difference is its own. The first driven difference of a neuron
is explained if its exact membrane lies so near the threshold that float32 rounding decides.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.execute.executor import drive
from hwsim.network import Network, Population, Projection

EXAMINED = 200
"""Driven differences examined per population; all are counted."""

UNIT_ROUNDOFF = 2.0**-24
GRADED_TOLERANCE = 1e-5
OUTPUT_TOLERANCE = 1e-4
"""Of a sample's largest output: how far sums of equal spikes may differ by the order of additions."""


@dataclass(frozen=True)
class Flip:
    """A driven difference: its place, the exact membrane (float64), the rounding that two runs may carry."""

    population: str
    sample: int
    step: int
    neuron: int
    membrane: float
    threshold: float
    rounding: float

    @property
    def explained(self) -> bool:
        return abs(self.membrane - self.threshold) <= self.rounding


@dataclass(frozen=True)
class PopulationAgreement:
    """One population: neuron-steps compared, the reference's events, and the differences of both kinds."""

    population: str
    compared: int
    events: int
    differences: int
    differences_on_equal_inputs: int


@dataclass(frozen=True)
class Agreement:
    """Differences of all spiking and pooling populations; ``flips`` are the driven ones examined."""

    rows: tuple[PopulationAgreement, ...]
    flips: tuple[Flip, ...]
    outputs_equal: int
    outputs_apart: int
    samples: int

    @property
    def compared(self) -> int:
        return sum(r.compared for r in self.rows)

    @property
    def free(self) -> int:
        return sum(r.differences for r in self.rows)

    @property
    def driven(self) -> int:
        return sum(r.differences_on_equal_inputs for r in self.rows)

    @property
    def unexplained(self) -> int:
        return sum(not f.explained for f in self.flips)

    @property
    def trusted(self) -> bool:
        """Whether rounding explains every difference, and equal spikes gave equal outputs."""
        return not self.unexplained and not self.outputs_apart

    def sentence(self) -> str:
        """The result in one line."""
        decided = f"; the same class for {self.outputs_equal} of {self.samples} samples"
        if self.outputs_apart:
            decided += f"; OUTPUTS DIFFER although all spikes are equal in {self.outputs_apart} samples"
        return self._spikes() + decided

    def _spikes(self) -> str:
        if not self.compared:
            return "the network has no neurons whose spikes could be compared with PyTorch's"
        if not self.free:
            return f"executor equals PyTorch in all {self.compared:,} neuron-steps"
        return (
            f"executor differs from PyTorch in {self.free:,} of {self.compared:,} neuron-steps "
            f"({self.free / self.compared:.1e}); {self.driven} of them on equal inputs "
            f"({self.driven / self.compared:.1e}), {self.unexplained} of those not within float32 "
            "rounding of the threshold; the rest follow from them"
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "compared": self.compared,
            "differences": self.free,
            "rate": self.free / max(self.compared, 1),
            "differences_on_equal_inputs": self.driven,
            "rate_on_equal_inputs": self.driven / max(self.compared, 1),
            "unexplained": self.unexplained,
            "trusted": self.trusted,
            "same_decision": self.outputs_equal,
            "outputs_apart": self.outputs_apart,
            "samples": self.samples,
            "populations": [asdict(r) for r in self.rows],
            "located": [asdict(f) | {"explained": f.explained} for f in self.flips],
        }


def agree(network: Network, trace: EventTrace, reference: EventTrace) -> Agreement:
    """Compare the executor's ``trace`` with the ``reference`` spikes of the same inputs.

    Raises HwsimError if the inputs of the two differ.
    """
    name = network.input.name
    if len(_differences(trace.events[name], reference.events[name], network.input.size)):
        raise HwsimError("the executor and the reference did not get the same inputs")
    rows, flips = [], []
    touched = np.zeros(trace.samples, np.bool_)
    for component in network.components:
        names = [n for n in component if network.population[n].kind not in ("input", "readout")]
        driven = drive(network, component, reference) if names else {}
        for population in (network.population[n] for n in names):
            ours, theirs = trace.events[population.name], reference.events[population.name]
            keys = _differences(ours, theirs, population.size)
            touched[np.unique(keys // (population.size * theirs.steps))] = True
            count, located = _own(network, population, reference, driven[population.name])
            rows.append(
                PopulationAgreement(
                    population.name,
                    theirs.samples * theirs.steps * population.size,
                    len(theirs.index),
                    len(keys),
                    count,
                )
            )
            flips += located
    decided = trace.outputs[:, -1].argmax(1) == reference.outputs[:, -1].argmax(1)
    apart = np.abs(trace.outputs - reference.outputs).max(axis=(1, 2), initial=0)
    scale = 1 + np.abs(reference.outputs).max(axis=(1, 2), initial=0)
    far = (apart > OUTPUT_TOLERANCE * scale) & ~touched
    return Agreement(tuple(rows), tuple(flips), int(decided.sum()), int(far.sum()), trace.samples)


def _differences(ours: Events, theirs: Events, size: int) -> NDArray[np.int64]:
    """Keys (cell * size + neuron) at which two event lists differ: one has no event, or another value."""
    if ours.steps != theirs.steps or ours.samples != theirs.samples:
        raise HwsimError("the executor and the reference ran different samples or steps")
    same = np.array_equal(ours.offsets, theirs.offsets) and np.array_equal(ours.index, theirs.index)
    if same and (ours.payload is None or theirs.payload is None):
        return np.zeros(0, np.int64)
    ours_at, theirs_at = _keys(ours, size), _keys(theirs, size)
    lonely = np.setxor1d(ours_at, theirs_at, assume_unique=True)
    if ours.payload is None or theirs.payload is None:
        return lonely
    common, i, j = np.intersect1d(ours_at, theirs_at, assume_unique=True, return_indices=True)
    a, b = ours.payload[i].astype(np.float64), theirs.payload[j].astype(np.float64)
    far = np.abs(a - b) > GRADED_TOLERANCE * np.maximum(np.abs(a), np.abs(b))
    return np.union1d(lonely, common[far])


def _keys(events: Events, size: int) -> NDArray[np.int64]:
    cells = np.repeat(np.arange(len(events.offsets) - 1, dtype=np.int64), np.diff(events.offsets))
    return cells * size + events.index


def _own(
    network: Network, population: Population, reference: EventTrace, driven: Events
) -> tuple[int, list[Flip]]:
    """Neurons that differ although driven by the reference, and the first of them examined."""
    theirs = reference.events[population.name]
    keys = _differences(driven, theirs, population.size)
    cells, neurons = np.divmod(keys, population.size)
    samples, steps = np.divmod(cells, theirs.steps)
    own = np.unique(samples * population.size + neurons, return_index=True)[1]
    if population.kind != "lif" or not replayable(population):
        return len(own), []
    places = ((int(samples[k]), int(steps[k]), int(neurons[k])) for k in own[:EXAMINED])
    return len(own), [_examine(network, population, reference, *place) for place in places]


def replayable(p: Population) -> bool:
    """Whether :func:`_examine` knows the neuron: one state of its own, a plain leak and reset."""
    return (
        p.leak == "decay"
        and p.gain == 1
        and p.state_words == p.size
        and not (p.vectors or p.shared or p.delayed_reset or p.multispike or p.one_spike)
        and not (p.refractory or p.initial or p.reset == "value")
    )


def _examine(
    network: Network, p: Population, reference: EventTrace, sample: int, step: int, neuron: int
) -> Flip:
    """Replay one neuron in float64 up to ``step`` and bound the rounding of a float32 run.

    A float32 sum of n terms errs by at most n * 2^-24 * sum |terms|; folding a batch normalization
    rounds each weight once more. Two runs are compared, and the leak carries their errors on.
    """
    fired = {int(i) for i in range(step) if _fired(reference.events[p.name], sample, i, neuron)}
    membrane = rounding = 0.0
    for t in range(step + 1):
        terms = np.concatenate(
            [_terms(network, q, reference, sample, t, neuron) for q in network.into(p.name)]
        )
        membrane = p.decay * membrane + float(terms.sum())
        scale = float(np.abs(terms).sum()) + abs(membrane) + p.threshold
        rounding = p.decay * rounding + 4 * (len(terms) + 8) * UNIT_ROUNDOFF * scale
        if t in fired:
            membrane = membrane - p.threshold if p.reset == "subtract" else 0.0
    return Flip(p.name, sample, step, neuron, membrane, p.threshold, rounding)


def _fired(events: Events, sample: int, step: int, neuron: int) -> bool:
    return bool(np.isin(neuron, events.index[events.cell(sample, step)]))


def _terms(
    network: Network, q: Projection, reference: EventTrace, sample: int, step: int, neuron: int
) -> NDArray[np.float64]:
    """What one projection adds to one neuron at one step, term by term, its bias included (float64)."""
    source, target = network.population[q.source], network.population[q.target]
    events = reference.events[q.source]
    cell = events.cell(sample, step)
    values = np.zeros(source.size)
    values[events.index[cell]] = 1.0 if events.payload is None else events.payload[cell]
    channel, position = divmod(neuron, target.size // target.channels)
    bias = [] if q.bias is None else [float(q.bias[channel])]
    if q.kind == "identity":
        return np.append(values[neuron : neuron + 1], bias)
    assert q.weights is not None
    if q.kind == "dense":
        products = q.weights[neuron].astype(np.float64) * values
        return np.append(products[products != 0], bias)
    oy, ox = divmod(position, target.plane[1])
    padded = np.pad(values.reshape(source.shape), [(0, 0), *((pad, pad) for pad in q.padding)])
    per_group = source.channels // q.groups
    first = channel // (target.channels // q.groups) * per_group
    top, left = oy * q.stride[0], ox * q.stride[1]
    window = padded[first : first + per_group, top : top + q.kernel[0], left : left + q.kernel[1]]
    products = (q.weights[channel].astype(np.float64) * window).ravel()
    return np.append(products[products != 0], bias)
