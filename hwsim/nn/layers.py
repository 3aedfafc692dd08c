"""Layers without spikes of their own: the vote, and values that wait for the next timestep."""

import torch
from torch import Tensor, nn

from hwsim.nn.neurons import Stateful, held, stepped


class Vote(nn.AvgPool1d):
    """Average groups of neighbouring outputs: y[c] = mean of x[c * votes] .. x[(c + 1) * votes - 1].

    Shapes: input (B, classes * votes), output (B, classes). It is AvgPool1d(votes, votes) over the
    neurons. Source: the voting layers of AutoSNN and SNASNet.
    """

    def __init__(self, votes: int) -> None:
        super().__init__(votes)

    def forward(self, outputs: Tensor) -> Tensor:
        return super().forward(outputs.unsqueeze(1)).squeeze(1)


class Feedback(Stateful):
    """A connection back in time: gives what was kept in the call before, zeros at the start of a sample.

    ``forward(like)`` returns the value kept at step t - 1, of the shape of ``like``; ``keep(value)``
    stores this step's. A loop in time takes the value first and keeps the new one later in the same
    call.
    """

    kept: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.kept = None

    def reset(self) -> None:
        self.kept = None

    def forward(self, like: Tensor) -> Tensor:
        return held("Feedback", self.kept, like)

    def keep(self, value: Tensor) -> None:
        self.kept = value


class Window(Stateful):
    """The last ``length`` values of each channel, so that a convolution over time runs step by step.

    Shapes: input (B, C), output (B, C, length), the newest last, zeros before the start of the sample.
    ``nn.Conv1d`` with a kernel of ``length`` and no padding on it is the causal convolution over time.
    """

    past: Tensor | None

    def __init__(self, length: int) -> None:
        super().__init__()
        if length < 1:
            raise ValueError(f"Window length is {length}; it must be at least 1")
        self.length = length
        self.past = None

    def reset(self) -> None:
        self.past = None

    def forward(self, values: Tensor) -> Tensor:
        if self.timesteps is not None:
            return stepped(self, values, self.timesteps)
        if self.past is None:
            past = values.new_zeros(*values.shape, self.length - 1)
        elif self.past.shape[:-1] != values.shape:
            raise ValueError(
                f"Window got input of shape {tuple(values.shape)} but holds values of shape "
                f"{tuple(self.past.shape[:-1])}; call hwsim.nn.reset_states(model) between batches"
            )
        else:
            past = self.past
        window = torch.cat([past, values.unsqueeze(-1)], dim=-1)
        self.past = window[..., 1:]
        return window

    def extra_repr(self) -> str:
        return f"length={self.length}"


class Synapse(Stateful):
    """A leaky sum of what arrives: c[t] = decay * c[t-1] + x[t].

    Shapes: input (B, ...), output the same shape. Raises ValueError for a decay outside [0, 1].
    Source: ASGL, section 5 (recurrent synapses).
    """

    current: Tensor | None

    def __init__(self, decay: float) -> None:
        super().__init__()
        if not 0.0 <= decay <= 1.0:
            raise ValueError(f"Synapse decay is {decay}; it must lie in [0, 1]")
        self.decay = decay
        self.current = None

    def reset(self) -> None:
        self.current = None

    def forward(self, arriving: Tensor) -> Tensor:
        if self.timesteps is not None:
            return stepped(self, arriving, self.timesteps)
        self.current = self.decay * held("Synapse", self.current, arriving) + arriving
        return self.current

    def extra_repr(self) -> str:
        return f"decay={self.decay}"
