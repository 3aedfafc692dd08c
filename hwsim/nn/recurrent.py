"""LIF neurons that see their own spikes of the step before."""

from collections.abc import Callable

from torch import Tensor, nn

from hwsim.nn.layers import Feedback, Synapse
from hwsim.nn.neurons import LIF, Reset
from hwsim.nn.surrogate import arctan


class RecurrentLIF(nn.Module):
    """A layer of LIF neurons behind leaky synapses, connected all to all with itself.

    c[t] = synapse_decay * c[t-1] + x[t] + V s[t-1];  s[t] = LIF(c[t]);  s[-1] = 0, c[-1] = 0.

    x is what comes from outside, W s_in; V is ``loop``, without a bias.
    Shapes: input (B, features), output the same shape, 0 or 1. Raises ValueError as LIF and Synapse.
    Source: ASGL, section 5 (the network for SHD).
    """

    def __init__(
        self,
        features: int,
        synapse_decay: float = 0.5,
        decay: float = 0.5,
        threshold: float = 1.0,
        reset: Reset = "zero",
        surrogate: Callable[[Tensor, bool], Tensor] = arctan,
    ) -> None:
        super().__init__()
        self.loop = nn.Linear(features, features, bias=False)
        self.before, self.synapse = Feedback(), Synapse(synapse_decay)
        self.neuron = LIF(decay, threshold, reset, surrogate=surrogate)

    def forward(self, arriving: Tensor) -> Tensor:
        out: Tensor = self.neuron(self.synapse(arriving + self.loop(self.before(arriving))))
        self.before.keep(out)
        return out
