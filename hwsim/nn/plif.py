"""PLIF: a leaky neuron that learns its own leak (AutoSNN's neuron)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from hwsim.nn.neurons import SpikingNeuron, held, stepped
from hwsim.nn.surrogate import cauchy


class PLIF(SpikingNeuron):
    """Parametric leaky integrate-and-fire layer; one learnable w for the whole layer.

    v[t] = v[t-1] + (x[t] - v[t-1]) * sigmoid(w);  s[t] = [v[t] >= threshold];  v[t] = 0 where s[t] = 1.

    w starts at 0, that is at a leak of 1/2. In evaluation it is the LIF with decay 1 - k, input gain
    k = sigmoid(w) and reset to zero; scaling the membrane by 1 / k turns the gain into 1 and the
    threshold into threshold / k.

    Shapes: input (B, ...) currents, output the same shape, 0 or 1.
    Raises ValueError for a threshold that is not positive.
    Source: AutoSNN, Eq. 10 and 13, A.1 (threshold 1; the 0 of section 5.1 is an error). The reset is part
    of the gradient, as in Eq. 13; the public code detaches it.
    """

    def __init__(self, threshold: float = 1.0, surrogate: Callable[[Tensor, bool], Tensor] = cauchy) -> None:
        super().__init__()
        if not threshold > 0.0:
            raise ValueError(f"PLIF threshold is {threshold}; it must be positive")
        self.threshold = threshold
        self.surrogate = surrogate
        self.w = nn.Parameter(torch.zeros(()))
        self.membrane = None

    def forward(self, current: Tensor) -> Tensor:
        if self.timesteps is not None:
            return stepped(self, current, self.timesteps)
        before = held("PLIF", self.membrane, current)
        membrane = before + (current - before) * torch.sigmoid(self.w)
        spikes = self.surrogate(membrane - self.threshold, True)
        self.membrane = membrane * (1.0 - spikes)
        return spikes

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}"
