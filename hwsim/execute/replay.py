"""One neuron replayed in float64, to judge whether float32 rounding could have decided its spike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.events import EventTrace
from hwsim.network import Network, Population, Projection

UNIT_ROUNDOFF = 2.0**-24
NOISE = 8


@dataclass(frozen=True)
class Flip:
    """A driven difference: its place, the exact membrane (float64), the rounding that two runs may carry.

    ``threshold`` is the one that the membrane was compared with; of several spikes a step, the nearest.
    """

    population: str
    sample: int
    step: int
    neuron: int
    membrane: float
    threshold: float
    rounding: float

    @property
    def explained(self) -> bool:
        return bool(abs(self.membrane - self.threshold) <= self.rounding)


def replayable(population: Population) -> bool:
    """Whether a neuron's spikes follow from its inputs and the past of its own state alone."""
    return population.spikes and not population.one_spike


def replay(
    network: Network, population: Population, reference: EventTrace, sample: int, step: int, neuron: int
) -> tuple[Flip, bool]:
    """The neuron up to ``step``, with the reference's inputs and the reference's spikes of all that use its
    state: itself, and in shared states the neurons of other layers and channel groups, one after the other.
    And whether the exact membrane gives the reference's spikes.

    Each of the n additions of a float32 sum rounds a partial sum, of about |sum| + sqrt(sum of terms^2), by
    2^-24 of it at most; the errors are independent, so that they add up as sqrt(n). NOISE times that leaves
    room for two runs and for weights that were rounded once more when a normalization was folded. The worst
    case, n times the sum of |terms|, is so wide for large layers that wrong thresholds pass for rounding.
    States carry their errors on; a reset to a value ends them.
    """
    users = _users(network, population, neuron)
    cell = (_Clif if population.kind == "clif" else _Lif)(*users[0])
    for t in range(step + 1):
        for user, own in users:
            cell.use(user, own)
            incoming = network.into(user.name)
            cell.charge(np.concatenate([_terms(network, q, reference, sample, t, own) for q in incoming]))
            spikes = _spikes(reference, user.name, sample, t, own)
            if t == step and user is population and own == neuron:
                break
            cell.settle(spikes)
    flip = Flip(population.name, sample, step, neuron, cell.membrane, cell.nearest(), cell.rounding)
    return flip, cell.spikes() == spikes


def _users(network: Network, population: Population, neuron: int) -> list[tuple[Population, int]]:
    """Neurons that use a neuron's state in one step, in order: layer after layer, group after group."""
    members = [population]
    if population.state_group:
        members = [p for p in network.populations if p.state_group == population.state_group]
    word = neuron % (population.size // population.channel_groups)
    return [
        (p, group * (p.size // p.channel_groups) + word) for p in members for group in range(p.channel_groups)
    ]


class _Lif:
    """Population's ``lif``, steps 1 to 6, with a bound on the error of its membrane."""

    def __init__(self, population: Population, neuron: int) -> None:
        self.use(population, neuron)
        self.membrane, self.rounding = self.of["initial"], 0.0
        self.current = self.current_rounding = 0.0
        self.adapted = self.pending = 0.0
        self.waiting = 0

    def use(self, population: Population, neuron: int) -> None:
        """Go on as this neuron, with the state as it is."""
        self.population = population
        self.of = {name: _own(population, name, neuron) for name in NUMBERS}

    def charge(self, terms: NDArray[np.float64]) -> None:
        p, of = self.population, self.of
        x, error = of["gain"] * terms.sum(), abs(of["gain"]) * _noise(terms)
        if p.has_current:
            x += of["current_decay"] * self.current
            error += abs(of["current_decay"]) * self.current_rounding + NOISE * UNIT_ROUNDOFF * abs(x)
            self.current, self.current_rounding = x, error
        if self.waiting:
            x = error = 0.0
        kept, taken = self._shares()
        before, rest = self.membrane, of["rest"] if p.leak != "decay" else 0.0
        self.membrane = kept * before + (1.0 - kept) * rest + taken * x
        if self.pending:
            self.membrane = self.membrane - self.pending if p.reset == "subtract" else self._reset_to()
            kept *= p.reset == "subtract"
        size = abs(self.membrane) + abs(before) + abs(rest) + self.threshold
        self.rounding = abs(kept) * self.rounding + abs(taken) * error + NOISE * UNIT_ROUNDOFF * size

    def _shares(self) -> tuple[float, float]:
        """v' = kept * v + (1 - kept) * rest + taken * x."""
        d = self.of["decay"]
        forms = {
            "decay": (d, 1.0),
            "relax": (1.0 - d, d),
            "relax_divide": (1.0 - 1.0 / d, 1.0 / d) if d else (0.0, 0.0),
            "leak_divide": (1.0 - 1.0 / d, 1.0) if d else (0.0, 0.0),
        }
        return forms[self.population.leak]

    def settle(self, spikes: float) -> None:
        p, of = self.population, self.of
        self.waiting = max(0, self.waiting - 1)
        self.pending = 0.0
        if spikes:
            if p.delayed_reset:
                self.pending = self.threshold * spikes
            else:
                reset = self.membrane - self.threshold * spikes
                self.membrane = reset if p.reset == "subtract" else self._reset_to()
                self.rounding *= p.reset == "subtract"
            self.waiting = p.refractory
        if p.floored and self.membrane < of["floor"]:
            self.membrane = of["floor"]
        self.adapted = of["adaptation_decay"] * self.adapted + of["adaptation"] * spikes

    def _reset_to(self) -> float:
        return self.of["reset_value"] if self.population.reset == "value" else 0.0

    @property
    def threshold(self) -> float:
        return self.of["threshold"] + self.adapted

    def spikes(self) -> float:
        """What the membrane fires: step 4."""
        p, h = self.population, self.threshold
        fires = self.membrane >= h if p.compare == ">=" else self.membrane > h
        return float(self.membrane // h if p.multispike else 1.0) if fires else 0.0

    def nearest(self) -> float:
        several = max(1.0, round(self.membrane / self.threshold)) if self.population.multispike else 1.0
        return self.threshold * several


class _Clif(_Lif):
    """Population's ``clif``; ``membrane`` is m - v - e."""

    def __init__(self, population: Population, neuron: int) -> None:
        super().__init__(population, neuron)
        self.slow = self.fast = self.recovering = self.membrane = self.spiked = 0.0

    def charge(self, terms: NDArray[np.float64]) -> None:
        of = self.of
        x = of["gain"] * terms.sum()
        self.slow = of["current_decay"] * self.slow + x
        self.fast = of["decay"] * self.fast + x
        self.recovering = of["current_decay"] * self.recovering + of["threshold"] * self.spiked
        self.membrane = self.slow - self.fast - self.recovering
        size = abs(self.slow) + abs(self.fast) + abs(self.recovering) + of["threshold"]
        error = 2 * abs(of["gain"]) * _noise(terms)
        carried = max(abs(of["current_decay"]), abs(of["decay"])) * self.rounding
        self.rounding = carried + error + NOISE * UNIT_ROUNDOFF * size

    def settle(self, spikes: float) -> None:
        self.spiked = spikes


NUMBERS = (
    "decay", "threshold", "gain", "rest", "reset_value", "initial", "floor", "current_decay",
    "adaptation", "adaptation_decay",
)  # fmt: skip


def _noise(terms: NDArray[np.float64]) -> float:
    """What float32 rounding may make of a sum of ``terms``."""
    partial = abs(float(terms.sum())) + float(np.sqrt(np.square(terms).sum()))
    return NOISE * UNIT_ROUNDOFF * float(np.sqrt(len(terms) + 8)) * partial


def _own(population: Population, name: str, neuron: int) -> float:
    """A parameter as the neuron has it, rounded to float32 as the executor holds it."""
    if not population.given(name):
        return 0.0
    values = population.parameter(name)
    return float(np.float32(values[neuron if len(values) > 1 else 0]))


def _spikes(reference: EventTrace, population: str, sample: int, step: int, neuron: int) -> float:
    events = reference.events[population]
    cell = events.cell(sample, step)
    found = np.nonzero(events.index[cell] == neuron)[0]
    if not len(found):
        return 0.0
    return 1.0 if events.payload is None else float(events.payload[cell][found[0]])


def _terms(
    network: Network, q: Projection, reference: EventTrace, sample: int, step: int, neuron: int
) -> NDArray[np.float64]:
    """What one projection adds to one neuron at one step, term by term, its bias included (float64)."""
    source, target = network.population[q.source], network.population[q.target]
    values = np.zeros(source.size)
    if step >= q.delay:
        events = reference.events[q.source]
        cell = events.cell(sample, step - q.delay)
        values[events.index[cell]] = 1.0 if events.payload is None else events.payload[cell]
    channel, position = divmod(neuron, target.size // target.channels)
    bias = [] if q.bias is None else [float(q.bias[channel])]
    if q.kind == "identity":
        return np.append(values[neuron : neuron + 1], bias)
    assert q.weights is not None
    if q.kind == "dense":
        products = q.weights[neuron].astype(np.float64) * values
        bias = [] if q.bias is None else [float(q.bias[neuron])]
        return np.append(products[products != 0], bias)
    oy, ox = divmod(position, target.plane[1])
    padded = np.pad(
        values.reshape(source.channels, *source.plane), [(0, 0), *((pad, pad) for pad in q.padding)]
    )
    per_group = source.channels // q.groups
    first = channel // (target.channels // q.groups) * per_group
    top, left = oy * q.stride[0], ox * q.stride[1]
    window = padded[first : first + per_group, top : top + q.kernel[0], left : left + q.kernel[1]]
    products = (q.weights[channel].astype(np.float64) * window).ravel()
    return np.append(products[products != 0], bias)
