"""SpikingJelly's neurons as populations. A table by class name: SpikingJelly is not imported.

Read from SpikingJelly 2.0.0; 0.0.0.0.14 computes the same, in one module of all neurons. Every node
charges, fires on v >= h and resets in the same step. A membrane starts at v_reset and leaks towards it,
so that it is held here as its distance from v_reset: it starts at 0, rests at 0, is reset to 0 and fires
at v_threshold - v_reset.
"""

from collections.abc import Callable
from typing import Any

from hwsim.errors import HwsimError
from hwsim.frontends.neuron_rule import NeuronRule, Neurons, class_name, comparison, parameter, rules

_PLACE = "spikingjelly.activation_based.neuron"


def _if(module: Any) -> Neurons:
    """v = v + x."""
    return _neurons(module, {})


def _lif(module: Any) -> Neurons:
    """v = v + (x - v) / tau, or with decay_input=False v = v - v / tau + x."""
    leak = "relax_divide" if module.decay_input else "leak_divide"
    return _neurons(module, {"leak": leak, "decay": float(module.tau)})


def _plif(module: Any) -> Neurons:
    """With q = sigmoid(w): v = v + (x - v) * q, or with decay_input=False v = v - v * q + x."""
    q = parameter(module.w.sigmoid())
    return _neurons(module, {"leak": "relax", "decay": q} if module.decay_input else {"decay": 1.0 - q})


def _neurons(module: Any, fields: dict[str, Any]) -> Neurons:
    if getattr(module, "_neuron_precision", None) is not None:
        raise HwsimError("a neuron of reduced precision; capture it in float32")
    rest = 0.0 if module.v_reset is None else float(module.v_reset)
    threshold = float(module.v_threshold) - rest
    if not threshold > 0:
        raise HwsimError(
            f"v_threshold {module.v_threshold:g} is not above the {rest:g} that the membrane starts from"
        )
    return Neurons(
        {
            **fields,
            "threshold": threshold,
            "reset": "subtract" if module.v_reset is None else "zero",
            "compare": comparison(module.surrogate_function),
        },
        all_steps=module.step_mode == "m",
    )


def has_states(module: Any) -> bool:
    """Whether it is one of SpikingJelly's modules with states, neurons or not (Delay, SynapseFilter, ...)."""
    return any(
        class_name(k) == "spikingjelly.activation_based.base.MemoryModule" for k in type(module).__mro__
    )


def _unknown(module: Any) -> Neurons:
    raise HwsimError(
        f"SpikingJelly's {type(module).__name__} has no equal here; known: IFNode, LIFNode, ParametricLIFNode"
    )


def forget(module: Any) -> None:
    """Its states are those before the first step."""
    if hasattr(module, "reset"):
        module.reset()


_NODES: tuple[tuple[str, str, Callable[[Any], Neurons]], ...] = (
    ("integrate_and_fire", "IFNode", _if),
    ("lif", "LIFNode", _lif),
    ("plif", "ParametricLIFNode", _plif),
)

_OTHERS: tuple[tuple[str, str], ...] = (
    ("base_node", "BaseNode"),
    ("base_node", "SimpleBaseNode"),
    ("base_node", "NonSpikingBaseNode"),
    ("integrate_and_fire", "ActivationAwareIFNode"),
    ("psn", "PSN"),
    ("psn", "MaskedPSN"),
    ("psn", "SlidingPSN"),
    ("flexsn", "FlexSN"),
    ("few_spike", "FewSpikeNode"),
    ("spikezip", "STBIFNode"),
    ("dsr", "DSRIFNode"),
    ("dsr", "DSRLIFNode"),
    ("inter_layer_connection", "ILCBaseNode"),
    ("lif_variants", "GatedLIFNode"),
    ("noisy", "NoisyBaseNode"),
    ("noisy", "NoisyNonSpikingBaseNode"),
)
"""Classes without an equal, and those whose subclasses have none."""

_KNOWN = {
    f"{place}.{name}": describe
    for module, name, describe in _NODES
    for place in (_PLACE, f"{_PLACE}.{module}")
}

RULES: dict[str, NeuronRule] = {
    **{
        f"{place}.{name}": NeuronRule(_unknown, forget)
        for module, name in _OTHERS
        for place in (_PLACE, f"{_PLACE}.{module}")
    },
    **rules(_KNOWN, forget),
}
