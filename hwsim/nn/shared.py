"""LIF layers that share one state memory (EfficientLIF-Net)."""

from collections.abc import Callable

import torch
from torch import Tensor

from hwsim.nn.fused import Rule, lif_over_time
from hwsim.nn.neurons import (
    Compare,
    Reset,
    SpikingNeuron,
    Stateful,
    by_step,
    check_constants,
    held,
    stepped,
)
from hwsim.nn.surrogate import Surrogate, arctan


class SharedState(Stateful):
    """One membrane memory: what the layer or channel group that used it last left behind its reset."""

    value: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.value = None

    def reset(self) -> None:
        self.value = None


class SharedLIF(SpikingNeuron):
    """LIF layer whose membranes another layer has left, or its own channels' last group.

    ``state`` U is handed from user to user; each of the ``channel_groups`` N is one, in turn:

    v = decay * U + x;  s = [v >= threshold] (or >);  then U = v - threshold * s (``subtract``) or
    U = v (1 - s) (``zero``).

    Layers with the same ``state`` share across layers (Eq. 9), N > 1 shares across channels (Eq. 10), both
    together are Eq. 11. In the next step the first user goes on where the last one stopped.

    Shapes: input (B, channels, ...) currents, output the same shape, 0 or 1; U is (B, channels / N, ...).
    Raises ValueError for values out of range, and channels that N does not divide.
    Source: EfficientLIF-Net, Eq. 9 to 11.
    """

    def __init__(
        self,
        state: SharedState | None = None,
        channel_groups: int = 1,
        decay: float = 0.25,
        threshold: float = 1.0,
        reset: Reset = "subtract",
        compare: Compare = ">=",
        surrogate: Callable[[Tensor, bool], Tensor] = arctan,
    ) -> None:
        super().__init__()
        check_constants("SharedLIF", decay, threshold, reset, compare)
        if channel_groups < 1:
            raise ValueError(f"SharedLIF channel_groups is {channel_groups}; it must be at least 1")
        self.state = SharedState() if state is None else state
        self.channel_groups, self.decay, self.threshold = channel_groups, decay, threshold
        self.reset_mode: Reset = reset
        self.compare: Compare = compare
        self.surrogate = surrogate
        self.membrane = None

    def forward(self, current: Tensor) -> Tensor:
        if current.shape[1] % self.channel_groups:
            raise ValueError(
                f"SharedLIF got {current.shape[1]} channels; {self.channel_groups} groups do not divide them"
            )
        if self.timesteps is not None:
            return self._over_time(current, self.timesteps)
        fired = []
        for part in current.chunk(self.channel_groups, dim=1):
            membrane = self.decay * held("SharedLIF", self.state.value, part) + part
            spikes = self.surrogate(membrane - self.threshold, self.compare == ">=")
            if self.reset_mode == "subtract":
                self.state.value = membrane - self.threshold * spikes
            else:
                self.state.value = membrane * (1.0 - spikes)
            fired.append(spikes)
        self.membrane = self.state.value
        return torch.cat(fired, dim=1)

    def _over_time(self, merged: Tensor, timesteps: int) -> Tensor:
        """The groups of all steps in turn are the steps of one LIF layer."""
        if not isinstance(self.surrogate, Surrogate):
            return stepped(self, merged, timesteps)
        parts = by_step(merged, timesteps).unflatten(2, (self.channel_groups, -1)).movedim(2, 1)  # type: ignore[no-untyped-call]
        rule = Rule(self.decay, self.threshold, self.reset_mode == "zero", self.compare == ">=")
        before = None if self.state.value is None else held("SharedLIF", self.state.value, parts[0, 0])
        spikes, self.state.value = lif_over_time(parts.flatten(0, 1), before, rule, self.surrogate)
        self.membrane = self.state.value
        return spikes.reshape(parts.shape).movedim(1, 2).reshape(merged.shape)

    def extra_repr(self) -> str:
        return (
            f"channel_groups={self.channel_groups}, decay={self.decay}, threshold={self.threshold}, "
            f"reset={self.reset_mode!r}, compare={self.compare!r}"
        )
