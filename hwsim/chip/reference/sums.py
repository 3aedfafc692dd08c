"""What has arrived for the neurons of a slice, by the step that it is for (E2)."""

from collections import defaultdict

from hwsim.chip.reference.synapses import Synapse
from hwsim.network import Network, Population


class Heard:
    """Of one step: by neuron the sum of what came, the largest of it, and how many synapses brought it."""

    def __init__(self) -> None:
        self.total = defaultdict[int, float](int)
        self.largest: dict[int, float] = {}
        self.events = defaultdict[int, int](int)

    def add(self, neuron: int, value: float) -> None:
        self.total[neuron] += value
        self.largest[neuron] = max(value, self.largest.get(neuron, value))
        self.events[neuron] += 1


class Sums:
    """The buffers of one slice; ``neurons`` are those of the slice.

    A constant population is heard once, by all steps from its delay on.
    """

    def __init__(self, network: Network, p: Population, neurons: set[int]) -> None:
        self.neurons = neurons
        incoming = network.into(p.name)
        self.at_step = defaultdict[int, Heard](Heard)
        self.from_step = defaultdict[int, Heard](Heard)
        self.pooled = incoming[0].kind == "max_pool"
        self.bias: dict[int, float] = defaultdict(int)
        for q in incoming:
            if q.bias is not None:
                for n in neurons:
                    bias = q.bias[n // (p.size // p.channels)].item()
                    self.bias[n] += bias * 2 ** network.bias_shift(q)

    def add(self, step: int, stays: bool, synapses: list[Synapse], value: float) -> int:
        """One event through one projection; how many synapses it met in this slice."""
        heard = (self.from_step if stays else self.at_step)[step]
        mine = [s for s in synapses if s.target in self.neurons]
        for s in mine:
            heard.add(s.target, s.weight * value)
        return len(mine)

    def take(self, neuron: int, step: int, window: int) -> tuple[float, bool]:
        """The sum, or the maximum over a pool's ``window`` neurons, silent ones 0; whether events came."""
        parts = [self.at_step[step], *(h for first, h in self.from_step.items() if first <= step)]
        events = sum(h.events[neuron] for h in parts)
        if self.pooled:
            values = [h.largest[neuron] for h in parts if neuron in h.largest]
            silent = [0] if events < window else []
            return max([*values, *silent], default=0), events > 0
        return sum(h.total[neuron] for h in parts) + self.bias[neuron], events > 0
