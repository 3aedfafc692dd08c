"""Spiking neurons with state, stepped once per call.

A model built from these is an ordinary ``nn.Module`` that computes one timestep per call; its
neurons keep their membranes between calls. :func:`run` resets it and steps it T times.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from hwsim.nn.fused import Rule, lif_over_time
from hwsim.nn.surrogate import Surrogate, arctan

Reset = Literal["subtract", "zero"]
Compare = Literal[">=", ">"]


class Stateful(nn.Module):
    """A module that carries values from one timestep's call to the next.

    ``timesteps`` T, set by :func:`hwsim.nn.timed` alone: one call computes T steps of (T * B, ...).
    """

    timesteps: int | None = None

    def reset(self) -> None:
        """Forget them: the next call is the first of a sample."""
        raise NotImplementedError(f"{type(self).__name__} has no reset()")


class SpikingNeuron(Stateful):
    """A layer of neurons whose output is 0 or 1 and whose membrane survives from call to call."""

    membrane: Tensor | None

    def reset(self) -> None:
        """Forget the membrane: the next call starts from zero."""
        self.membrane = None


def check_constants(name: str, decay: float, threshold: float, reset: str, compare: str) -> None:
    """Raises ValueError for a decay outside [0, 1], a threshold that is not positive, an unknown rule."""
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"{name} decay is {decay}; it must lie in [0, 1]")
    if not threshold > 0.0:
        raise ValueError(f"{name} threshold is {threshold}; it must be positive")
    if reset not in ("subtract", "zero"):
        raise ValueError(f"{name} reset is {reset!r}; it must be 'subtract' or 'zero'")
    if compare not in (">=", ">"):
        raise ValueError(f"{name} compare is {compare!r}; it must be '>=' or '>'")


class LIF(SpikingNeuron):
    """Leaky integrate-and-fire layer.

    v[t] = decay * v[t-1] + x[t];  s[t] = [v[t] >= threshold] (or >);  then the reset:
    ``subtract``: v[t] -= threshold * s[t];  ``zero``: v[t] = 0 where s[t] = 1.

    Shapes: input (B, ...) currents, output the same shape, 0 or 1. ``decay`` 1 is an IF neuron.
    Raises ValueError for a decay outside [0, 1] or a threshold that is not positive.
    Source: EfficientLIF-Net, Eq. 1-3 (soft reset); ASGL, Eq. 1 (hard reset).
    """

    def __init__(
        self,
        decay: float = 0.5,
        threshold: float = 1.0,
        reset: Reset = "subtract",
        compare: Compare = ">=",
        surrogate: Callable[[Tensor, bool], Tensor] = arctan,
    ) -> None:
        super().__init__()
        check_constants("LIF", decay, threshold, reset, compare)
        self.decay, self.threshold = decay, threshold
        self.reset_mode: Reset = reset
        self.compare: Compare = compare
        self.surrogate = surrogate
        self.membrane = None

    def forward(self, current: Tensor) -> Tensor:
        if self.timesteps is not None:
            return self._over_time(current, self.timesteps)
        if self.membrane is None:
            membrane = current
        elif self.membrane.shape != current.shape:
            raise ValueError(
                f"LIF got input of shape {tuple(current.shape)} but holds membranes of shape "
                f"{tuple(self.membrane.shape)}; call hwsim.nn.reset_states(model) between batches"
            )
        else:
            membrane = self.decay * self.membrane + current
        spikes = self.surrogate(membrane - self.threshold, self.compare == ">=")
        if self.reset_mode == "subtract":
            self.membrane = membrane - self.threshold * spikes
        else:
            self.membrane = membrane * (1.0 - spikes)
        return spikes

    def _over_time(self, merged: Tensor, timesteps: int) -> Tensor:
        if not isinstance(self.surrogate, Surrogate):
            return stepped(self, merged, timesteps)
        currents = by_step(merged, timesteps)
        rule = Rule(self.decay, self.threshold, self.reset_mode == "zero", self.compare == ">=")
        before = None if self.membrane is None else held("LIF", self.membrane, currents[0])
        spikes, self.membrane = lif_over_time(currents, before, rule, self.surrogate)
        return spikes.flatten(0, 1)

    def extra_repr(self) -> str:
        return (
            f"decay={self.decay}, threshold={self.threshold}, reset={self.reset_mode!r}, "
            f"compare={self.compare!r}"
        )


class IF(LIF):
    """Integrate-and-fire layer: :class:`LIF` without a leak.

    v[t] = v[t-1] + x[t];  s[t] = [v[t] >= threshold] (or >);  then the reset, as for LIF.

    Shapes: input (B, ...) currents, output the same shape, 0 or 1.
    """

    def __init__(
        self,
        threshold: float = 1.0,
        reset: Reset = "subtract",
        compare: Compare = ">=",
        surrogate: Callable[[Tensor, bool], Tensor] = arctan,
    ) -> None:
        super().__init__(1.0, threshold, reset, compare, surrogate)


def held(name: str, state: Tensor | None, like: Tensor) -> Tensor:
    """``state``, or zeros at the start of a sample. Raises ValueError if the shape of ``like`` is another."""
    if state is None:
        return torch.zeros_like(like)
    if state.shape != like.shape:
        raise ValueError(
            f"{name} got input of shape {tuple(like.shape)} but holds values of shape "
            f"{tuple(state.shape)}; call hwsim.nn.reset_states(model) between batches"
        )
    return state


def by_step(merged: Tensor, timesteps: int) -> Tensor:
    """(T * B, ...) as (T, B, ...)."""
    return merged.reshape(timesteps, len(merged) // timesteps, *merged.shape[1:])


def stepped(module: Stateful, merged: Tensor, timesteps: int) -> Tensor:
    """Step ``module`` through ``merged`` (T * B, ...), one call a step; returns (T * B, ...)."""
    module.timesteps = None
    try:
        return torch.cat([module.forward(part) for part in by_step(merged, timesteps)])
    finally:
        module.timesteps = timesteps


def reset_states(model: nn.Module) -> None:
    """Reset everything in ``model`` that survives from call to call: membranes, delayed values."""
    for module in model.modules():
        if isinstance(module, Stateful):
            module.reset()


def run(model: nn.Module, images: Tensor, timesteps: int) -> Tensor:
    """Sum of the model's outputs over ``timesteps`` steps of the same images (direct coding).

    Shapes: images (B, C, H, W); returns (B, classes).
    """
    reset_states(model)
    total = model(images)
    for _ in range(timesteps - 1):
        total = total + model(images)
    assert isinstance(total, torch.Tensor)
    return total
