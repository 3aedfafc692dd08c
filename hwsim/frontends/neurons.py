"""Which modules are layers of neurons, and what each computes in the terms of a Population.

A rule is found by the module's class, so that no library has to be imported to know its neurons:
classes of other libraries are named by text, in a table for each library. Users add their own with
:func:`register_neuron`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends import snntorch, spikingjelly
from hwsim.frontends.neuron_rule import NeuronRule, Neurons, class_name, parameter
from hwsim.frontends.rule_check import checked
from hwsim.nn import CLIF, IF, LIF, PLIF, SharedLIF, SpikingNeuron
from hwsim.nn.neurons import Stateful

__all__ = [
    "NeuronRule",
    "Neurons",
    "describe",
    "is_neuron",
    "output_part",
    "parameter",
    "register_neuron",
    "reset_neurons",
    "rule_of",
]

_RULES: dict[str, NeuronRule] = {**snntorch.RULES, **spikingjelly.RULES}


def register_neuron(
    kind: type[nn.Module] | str,
    describe: Callable[[Any], Neurons],
    reset: Callable[[Any], None] | None = None,
) -> None:
    """Teach capture a class of neurons: ``kind`` or its full name, and what its instances compute.

    ``reset`` defaults to the module's own ``reset()``. The rule holds for the class and for subclasses that
    do not override ``forward``. Raises HwsimError for an instance, a name without its module, and a class
    without ``reset()`` where none is given.
    """
    if not isinstance(kind, str | type):
        raise HwsimError(
            f"register_neuron: found an instance of {type(kind).__name__}; allowed: a class or its full name"
        )
    name = kind if isinstance(kind, str) else class_name(kind)
    if "." not in name:
        raise HwsimError(
            f"register_neuron: {name!r} is no full name; write module.Class, as in 'mylibrary.neurons.LIF'"
        )
    if isinstance(kind, type) and reset is None and not hasattr(kind, "reset"):
        raise HwsimError(
            f"register_neuron: {name} has no reset(); give reset=, a function that makes a module forget its "
            "states (lambda module: None where it keeps none)"
        )
    for role, function in (("describe", describe), ("reset", reset or _own_reset)):
        if not callable(function):
            raise HwsimError(
                f"register_neuron: {role} of {name} is a {type(function).__name__}; allowed: a function"
            )
    _RULES[name] = NeuronRule(describe, reset or _own_reset)


def rule_of(module: nn.Module) -> NeuronRule | None:
    """The rule of the module's class or of the class that its ``forward`` comes from."""
    for kind in type(module).__mro__:
        rule = _RULES.get(class_name(kind))
        if rule is not None:
            return rule if vars(kind).get("forward", type(module).forward) is type(module).forward else None
    return None


def is_neuron(module: nn.Module) -> bool:
    """Whether a rule exists, or the class is one of hwsim's own without one."""
    return isinstance(module, SpikingNeuron) or rule_of(module) is not None


def describe(path: str, module: nn.Module) -> Neurons:
    """What the module computes. Raises HwsimError naming it where no rule or no equal exists, and where the
    rule fails or says what no Population takes."""
    rule = rule_of(module)
    if rule is None:
        raise HwsimError(
            f"module {path!r} ({type(module).__name__}): neurons without a rule; "
            "hwsim.frontends.register_neuron(class, describe) adds one"
        )
    try:
        return checked(_asked(rule, module))
    except HwsimError as error:
        raise HwsimError(f"module {path!r} ({type(module).__name__}): {error}") from error.__cause__


def _asked(rule: NeuronRule, module: nn.Module) -> Any:
    try:
        return rule.describe(module)
    except HwsimError:
        raise
    except Exception as error:
        name = getattr(rule.describe, "__qualname__", type(rule.describe).__name__)
        raise HwsimError(f"its rule {name} failed: {type(error).__name__}: {error}") from error


def output_part(path: str, module: nn.Module | None) -> int:
    """Which of the tensors of one call is the output: the spikes, or an integrator's membrane."""
    if module is None or not is_neuron(module):
        return 0
    computed = describe(path, module)
    return computed.outputs - 1 if computed.fields.get("kind") == "li" else 0


def reset_neurons(model: nn.Module) -> None:
    """Every neuron and every other module of hwsim or SpikingJelly with states forgets them.

    Raises HwsimError naming the module whose reset fails.
    """
    for path, module in model.named_modules():
        rule = rule_of(module)
        if rule is not None:
            try:
                rule.reset(module)
            except Exception as error:
                told = error if isinstance(error, HwsimError) else f"{type(error).__name__}: {error}"
                raise HwsimError(
                    f"module {path!r} ({type(module).__name__}): its reset failed: {told}"
                ) from error
        elif isinstance(module, Stateful):
            module.reset()
        elif spikingjelly.has_states(module):
            spikingjelly.forget(module)


def _own_reset(module: Any) -> None:
    if not callable(getattr(module, "reset", None)):
        raise HwsimError(f"{type(module).__name__} has no reset(); give register_neuron a reset=")
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


def _shared_lif(module: SharedLIF) -> Neurons:
    fields = {
        "decay": float(module.decay),
        "threshold": float(module.threshold),
        "reset": module.reset_mode,
        "compare": module.compare,
        "channel_groups": module.channel_groups,
    }
    return Neurons(fields, state=module.state)


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


register_neuron(LIF, _lif)
register_neuron(IF, _lif)
register_neuron(PLIF, _plif)
register_neuron(CLIF, _clif)
register_neuron(SharedLIF, _shared_lif)
