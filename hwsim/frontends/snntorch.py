"""snnTorch's neurons as populations. A table by class name: snnTorch is not imported.

Read from snnTorch 1.0.0. In each class the reset of a spike acts at the next step, with
r = [v[t-1] > h]; see the functions for the order of operations.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends.neuron_rule import NeuronRule, Neurons, comparison, parameter, rules

_PLACE = "snntorch._neurons"


def _leaky(module: Any) -> Neurons:
    """v = beta * v + x - r * h (subtract); v = beta * (1 - r) * v + x (zero), as if reset at once."""
    reset = "zero" if module.reset_mechanism == "zero" else "delayed"
    return _neurons(module, {"decay": _decay(module.beta)}, reset, states=1)


def _synaptic(module: Any) -> Neurons:
    """u = alpha * u + x; v = beta * v + u - r * h (subtract), v = (1 - r) * (beta * v + u) (zero)."""
    return _neurons(module, _current(module), "delayed", states=2)


def _rleaky(module: Any) -> Neurons:
    """v = beta * v + x + W s[t-1] - r * h (subtract), v = (1 - r) * (the same without the reset) (zero)."""
    return _neurons(module, {"decay": _decay(module.beta)}, "delayed", states=1, recurrent=_recurrent(module))


def _rsynaptic(module: Any) -> Neurons:
    """u = alpha * u + x + W s[t-1]; v as in Synaptic."""
    if not module.reset_delay:
        raise HwsimError("reset_delay=False: snnTorch 1.0's own RSynaptic fails with it")
    return _neurons(module, _current(module), "delayed", states=2, recurrent=_recurrent(module))


def _lapicque(module: Any) -> Neurons:
    """v = x * R * (1 / RC) * dt + (1 - dt / RC) * v, then the reset as in Synaptic."""
    step, r, c = (np.asarray(parameter(getattr(module, n)), np.float32) for n in ("time_step", "R", "C"))
    leak = np.float32(1) - step / (r * c)
    if not ((leak >= 0) & (leak <= 1)).all():
        raise HwsimError(
            f"its membrane keeps 1 - time_step / (R * C) = {np.ravel(leak)[0]:g} a step; "
            "it must lie in [0, 1]"
        )
    gain = r * (np.float32(1) / (r * c)) * step
    fields = {"decay": _plain(leak), "gain": _plain(gain)}
    return _neurons(module, fields, "delayed", states=1)


def _neurons(module: Any, fields: dict[str, Any], reset: str, states: int, recurrent: Any = None) -> Neurons:
    """The fields that all classes share; ``reset`` "zero" is an immediate one, "delayed" the module's own."""
    _refuse(module)
    outputs = 1 + states if module.output or not module.init_hidden else 1
    if module.reset_mechanism == "none":
        if outputs == 1:
            raise HwsimError(
                "reset_mechanism='none' and only spikes returned: a neuron that fires without a reset has no "
                "equal here; return its membrane (output=True)"
            )
        return Neurons({"kind": "li", **fields}, recurrent, outputs=outputs)
    immediate = reset == "zero" or not getattr(module, "reset_delay", True)
    if immediate and module.reset_mechanism == "subtract":
        raise HwsimError(
            "reset_delay=False with reset_mechanism='subtract': a membrane that stays above the threshold "
            "after its reset is compared only once the threshold is subtracted again; "
            "use reset_delay=True or reset_mechanism='zero'"
        )
    if module.inhibition:
        if reset != "zero" or not module.reset_delay:
            raise HwsimError(
                "inhibition=True: only the strongest neuron fires but all above the threshold are reset "
                "a step later; known for Leaky with reset_mechanism='zero' and reset_delay=True only"
            )
        fields = {**fields, "one_spike": True}
    return Neurons(
        {
            **fields,
            "threshold": parameter(module.threshold),
            "reset": module.reset_mechanism,
            "compare": comparison(module.spike_grad),
            "delayed_reset": not immediate,
        },
        recurrent,
        outputs=outputs,
    )


def _refuse(module: Any) -> None:
    if module.state_quant:
        raise HwsimError("state_quant: quantized states have no equal here")
    factor = np.asarray(parameter(module.graded_spikes_factor))
    if (factor != 1).any():
        raise HwsimError(
            f"graded_spikes_factor is {factor.ravel()[0]:g}; multiply the weights of the next layer by it "
            "and leave it at 1"
        )


def _current(module: Any) -> dict[str, Any]:
    return {"decay": _decay(module.beta), "current_decay": _decay(module.alpha)}


def _decay(value: Any) -> Any:
    """snnTorch clips beta and alpha to [0, 1] in every step."""
    return _plain(np.clip(parameter(value), 0.0, 1.0))


def _plain(value: Any) -> Any:
    array = np.asarray(value, np.float64)
    return float(array) if array.ndim == 0 else array


def _recurrent(module: Any) -> Any:
    layer = module.recurrent
    if isinstance(layer, nn.Linear | nn.Conv2d):
        return layer
    if module.all_to_all:
        raise HwsimError(f"its recurrent layer is a {type(layer).__name__}; allowed: Linear, Conv2d")
    return parameter(layer.V)


def _unknown(reason: str) -> Callable[[Any], Neurons]:
    def describe(module: Any) -> Neurons:
        raise HwsimError(f"snnTorch's {type(module).__name__} {reason}")

    return describe


def _reset(module: Any) -> None:
    if hasattr(module, "reset_mem"):
        module.reset_mem()


_KNOWN: dict[str, Callable[[Any], Neurons]] = {
    f"{_PLACE}.leaky.Leaky": _leaky,
    f"{_PLACE}.synaptic.Synaptic": _synaptic,
    f"{_PLACE}.rleaky.RLeaky": _rleaky,
    f"{_PLACE}.rsynaptic.RSynaptic": _rsynaptic,
    f"{_PLACE}.lapicque.Lapicque": _lapicque,
}

_NAMES = ", ".join(full.rpartition(".")[2] for full in _KNOWN)

_REFUSED = {
    f"{_PLACE}.alpha.Alpha": "has no equal here: its membrane is a difference of two states, reset apart",
    f"{_PLACE}.leakyparallel.LeakyParallel": f"has no equal here; known: {_NAMES}",
    f"{_PLACE}.neurons.SpikingNeuron": f"has no equal here; known: {_NAMES}",
}

RULES: dict[str, NeuronRule] = {
    **rules(_KNOWN, _reset),
    **{full: NeuronRule(_unknown(reason), _reset) for full, reason in _REFUSED.items()},
}
