"""C-LIF: a neuron whose response to a spike is a difference of two exponentials (ASGL's Medly neuron)."""

import math
from collections.abc import Callable

from torch import Tensor

from hwsim.nn.neurons import SpikingNeuron, held, stepped
from hwsim.nn.surrogate import arctan


class CLIF(SpikingNeuron):
    """Double-exponential leaky integrate-and-fire layer with three states m, v, e.

    c[t] = u0 * x[t];  m[t] = bm * m[t-1] + c[t];  v[t] = bv * v[t-1] + c[t];
    e[t] = bm * e[t-1] + threshold * s[t-1];  u[t] = m[t] - v[t] - e[t];  s[t] = [u[t] >= threshold].

    bm = ``slow_decay``, bv = ``fast_decay``. u0 = ``gain`` normalises the response of u to one unit of
    input: None scales the peak of exp(-t/tm) - exp(-t/tv) to 1 (tm = -1/ln bm, tv = -1/ln bv). u does
    not move in the step in which its input arrives: m and v gain the same.

    Shapes: input (B, ...) weighted spikes, output the same shape, 0 or 1. ``membrane`` is the last u,
    kept for looking at; the states are m, v and e.
    Raises ValueError unless 0 < fast_decay < slow_decay < 1 and the threshold is positive.
    Source: ASGL, section 5 and Eq. 27, corrected: e follows the spikes (the print has m), and the
    threshold is tested once. The time constants are not given there; the defaults are 20 and 5 steps.
    """

    def __init__(
        self,
        slow_decay: float = math.exp(-1 / 20),
        fast_decay: float = math.exp(-1 / 5),
        threshold: float = 1.0,
        gain: float | None = None,
        surrogate: Callable[[Tensor, bool], Tensor] = arctan,
    ) -> None:
        super().__init__()
        if not 0.0 < fast_decay < slow_decay < 1.0:
            raise ValueError(
                f"CLIF decays are slow {slow_decay}, fast {fast_decay}; they must satisfy 0 < fast < slow < 1"
            )
        if not threshold > 0.0:
            raise ValueError(f"CLIF threshold is {threshold}; it must be positive")
        self.slow_decay, self.fast_decay, self.threshold = slow_decay, fast_decay, threshold
        self.gain = _unit_peak(slow_decay, fast_decay) if gain is None else gain
        self.surrogate = surrogate
        self.reset()

    def reset(self) -> None:
        self.slow: Tensor | None = None
        self.fast: Tensor | None = None
        self.refractory: Tensor | None = None
        self.membrane = None

    def forward(self, current: Tensor) -> Tensor:
        if self.timesteps is not None:
            return stepped(self, current, self.timesteps)
        charge = self.gain * current
        self.slow = self.slow_decay * held("CLIF", self.slow, current) + charge
        self.fast = self.fast_decay * held("CLIF", self.fast, current) + charge
        refractory = held("CLIF", self.refractory, current)
        self.membrane = self.slow - self.fast - refractory
        spikes = self.surrogate(self.membrane - self.threshold, True)
        self.refractory = self.slow_decay * refractory + self.threshold * spikes
        return spikes

    def extra_repr(self) -> str:
        return (
            f"slow_decay={self.slow_decay}, fast_decay={self.fast_decay}, threshold={self.threshold}, "
            f"gain={self.gain}"
        )


def _unit_peak(slow: float, fast: float) -> float:
    """1 / max over t of slow^t - fast^t; the maximum is where slow^t ln slow = fast^t ln fast."""
    ratio = math.log(fast) / math.log(slow)  # tm / tv
    peak = math.log(ratio) / (math.log(slow) - math.log(fast))
    return float(1.0 / (slow**peak - fast**peak))
