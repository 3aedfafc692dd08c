"""What a core holds of a population: the neurons of a slice with their buffers, or the host's input."""

from collections.abc import Mapping

from hwsim.chip.reference.neurons import Neuron, Number
from hwsim.chip.reference.packets import Spike
from hwsim.chip.reference.sums import Sums
from hwsim.chip.reference.wiring import Wiring, neurons_of
from hwsim.network import Network
from hwsim.place.slices import Slice

Given = Mapping[tuple[int, int], float]
"""The input's events of one sample: the value, by step and neuron."""


class Input:
    """The host's part: neurons that emit what they are given (G8)."""

    def __init__(self, network: Network, given: Given) -> None:
        self.population, self.given = network.input.name, given
        self.neurons = list(range(network.input.size))

    def step(self, neuron: int, step: int) -> tuple[Number, bool]:
        return self.given.get((step, neuron), 0), False

    def hear(self, spike: Spike) -> dict[str, int]:
        raise AssertionError(f"the host heard {spike}")


class Layer:
    """A slice at work. ``outputs``: of a readout, by step and neuron."""

    def __init__(self, wiring: Wiring, piece: Slice) -> None:
        network = wiring.network
        p = network.population[piece.population]
        incoming = network.into(p.name)
        self.wiring, self.population = wiring, p.name
        self.neurons = neurons_of(piece, p.plane[0] * p.plane[1])
        divisor = incoming[0].divisor if len(incoming) == 1 else 1.0
        self.states = {
            n: Neuron(p, n, network.integer, divisor, network.right_shift(p.name)) for n in self.neurons
        }
        self.sums = Sums(network, p, set(self.neurons))
        self.outputs: dict[tuple[int, int], Number] = {}
        self.keeps = p.has_state
        self.rests = p.kind == "lif" and p.reset == "zero" and not p.has_current and not p.delayed_reset
        each = p.size // p.channels
        biases = [q.bias for q in incoming if q.bias is not None]
        self.biased = {n for n in self.neurons if any(bias[n // each] != 0 for bias in biases)}
        self.awake: set[int] = set()

    def step(self, neuron: int, step: int) -> tuple[Number, bool]:
        """What the neuron emits, and whether its membrane may not have been at rest (E7)."""
        window = self.wiring.window[self.population][neuron]
        total, taken = self.sums.take(neuron, step, window)
        emitted = self.states[neuron].step(total)
        self.outputs[step, neuron] = self.states[neuron].output
        touched = taken or neuron in self.biased or neuron in self.awake
        if touched and self.keeps and not (emitted and self.rests):
            self.awake.add(neuron)
        else:
            self.awake.discard(neuron)
        return emitted, touched

    def hear(self, spike: Spike) -> dict[str, int]:
        """Add an event up; the synapses that it meets here, by kind of projection (E5)."""
        network, met = self.wiring.network, dict[str, int]()
        for q in network.into(self.population):
            if q.source == spike.population:
                synapses = self.wiring.synapses[q.name].get(spike.neuron, [])
                stays = q.source in network.constant
                value = spike.value * 2 ** network.left_shift(q)
                here = self.sums.add(spike.step + q.delay, stays, synapses, value)
                met[q.kind] = met.get(q.kind, 0) + here
        return met
