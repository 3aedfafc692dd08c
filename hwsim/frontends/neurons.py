"""Which modules are layers of neurons, and what each computes in the terms of a Population.

A rule is found by the module's class, so that no library has to be imported to know its neurons:
classes of other libraries are named by text. Users add their own with :func:`register_neuron`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.nn import CLIF, IF, LIF, PLIF, SpikingNeuron
from hwsim.nn.neurons import Stateful


@dataclass(frozen=True)
class Neurons:
    """What one call of a layer of neurons computes.

    ``fields``: fields of :class:`hwsim.population.Population` (``kind`` is "lif" where it is left out).
    A parameter (decay, threshold, gain, ...) is a number or an array that broadcasts against the
    layer's shape without batch, as PyTorch broadcasts: (channels, 1, 1), (neurons,), ...
    ``recurrent``: a layer (Linear, Conv2d) or a one-to-one weight that the layer's own output of the step
    before goes through inside of the call, added to its input.
    ``all_steps``: one call runs all timesteps; the first dimension of input and output is time.
    ``outputs``: how many tensors the call returns; the first one is the spikes, the others are states.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    recurrent: nn.Module | float | NDArray[Any] | None = None
    all_steps: bool = False
    outputs: int = 1


@dataclass(frozen=True)
class NeuronRule:
    """``describe`` reads the parameters off a module and raises HwsimError for a variant that has no
    equal here; ``reset`` makes it forget its states before a new sample."""

    describe: Callable[[Any], Neurons]
    reset: Callable[[Any], None]


_RULES: dict[str, NeuronRule] = {}


def register_neuron(
    kind: type[nn.Module] | str,
    describe: Callable[[Any], Neurons],
    reset: Callable[[Any], None] | None = None,
) -> None:
    """Teach capture a class of neurons: ``kind`` or its full name, and what its instances compute.

    ``reset`` defaults to the module's own ``reset()``. The rule holds for the class and for subclasses that
    do not override ``forward``.
    """
    _RULES[kind if isinstance(kind, str) else _name(kind)] = NeuronRule(describe, reset or _own_reset)


def rule_of(module: nn.Module) -> NeuronRule | None:
    """The rule of the module's class or of the class that its ``forward`` comes from."""
    for kind in type(module).__mro__:
        rule = _RULES.get(_name(kind))
        if rule is not None:
            return rule if vars(kind).get("forward", type(module).forward) is type(module).forward else None
    return None


def is_neuron(module: nn.Module) -> bool:
    """Whether a rule exists, or the class is one of hwsim's own without one."""
    return isinstance(module, SpikingNeuron) or rule_of(module) is not None


def describe(path: str, module: nn.Module) -> Neurons:
    """What the module computes. Raises HwsimError naming it where no rule or no equal exists."""
    rule = rule_of(module)
    if rule is None:
        raise HwsimError(
            f"module {path!r} ({type(module).__name__}): neurons without a rule; "
            "hwsim.frontends.register_neuron(class, describe) adds one"
        )
    try:
        return rule.describe(module)
    except HwsimError as error:
        raise HwsimError(f"module {path!r} ({type(module).__name__}): {error}") from None


def reset_neurons(model: nn.Module) -> None:
    """Every neuron and every other module of hwsim with states forgets them."""
    for module in model.modules():
        rule = rule_of(module)
        if rule is not None:
            rule.reset(module)
        elif isinstance(module, Stateful):
            module.reset()


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _own_reset(module: Any) -> None:
    module.reset()


def _lif(module: LIF) -> Neurons:
    return Neurons(
        {
            "decay": float(module.decay),
            "threshold": float(module.threshold),
            "reset": module.reset_mode,
            "compare": module.compare,
        }
    )


def _plif(module: PLIF) -> Neurons:
    leak = float(torch.sigmoid(module.w.detach()))
    return Neurons({"leak": "relax", "decay": leak, "threshold": float(module.threshold), "reset": "zero"})


def _clif(module: CLIF) -> Neurons:
    return Neurons(
        {
            "kind": "clif",
            "current_decay": float(module.slow_decay),
            "decay": float(module.fast_decay),
            "threshold": float(module.threshold),
            "gain": float(module.gain),
        }
    )


def parameter(value: Tensor | float) -> Any:
    """A module's parameter as a rule gives it: a number, or a float64 array."""
    if not isinstance(value, Tensor):
        return float(value)
    array = value.detach().cpu().double().numpy()
    return float(array) if array.ndim == 0 else array


register_neuron(LIF, _lif)
register_neuron(IF, _lif)
register_neuron(PLIF, _plif)
register_neuron(CLIF, _clif)
