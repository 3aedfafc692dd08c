"""NIR's neurons as populations: constants of a step from time constants, under a producer's rule."""

from typing import Any

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.nir.file import Array, Node
from hwsim.frontends.nir.producers import Producer
from hwsim.frontends.nir.signals import Shape, fitted
from hwsim.population import Leak, Population

NEURONS = ("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF", "Threshold")
SPIKING = ("IF", "LIF", "CubaLIF", "Threshold")

SNAP = {4: 1e-6, 8: 1e-9}
"""A gain this close to 1 is 1, by the bytes of a value of R in the file: tau and R are rounded there."""


def neurons(node: Node, rule: Producer, dt: float, natural: Shape, view: Shape) -> Population:
    """The population of a neuron node, of ``natural`` shape (channels, height, width) or (neurons,).

    ``view`` is the shape of its signal in the file. Parameters that are the same for all neurons become
    numbers, others vectors. Raises HwsimError for parameters that do not fit the shape, and for steps that
    the rule is not stable for.
    """
    values = {name: _spread(node, name, natural, view) for name in node.values}
    if node.kind == "Threshold":
        return _population(
            node, natural, {"decay": np.zeros(1), "threshold": values["threshold"]}, rule, kind="lif"
        )
    fields, options = _leak(node, values, rule, dt)
    if node.kind not in SPIKING:
        return _population(node, natural, fields, None, kind="li", **options)
    fields["threshold"] = values["v_threshold"]
    if rule.floored and node.kind == "IF":
        fields["floor"] = -fields["threshold"]
    if rule.reset == "value":
        fields["reset_value"] = values.get("v_reset", np.zeros(1))
    return _population(node, natural, fields, rule, kind="lif", **options)


def _leak(
    node: Node, values: dict[str, Array], rule: Producer, dt: float
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Decay, gain, current_decay and rest a neuron, and the leak's form."""
    r, rest = values["r"], values.get("v_leak", np.zeros(1))
    tau = values.get("tau", values.get("tau_mem"))
    keep, share = np.ones(1), np.full(1, dt)
    if tau is not None:
        keep, share = _kept(node, "tau" if "tau" in values else "tau_mem", tau, rule, dt)
    gain = {"equation": r * share, "one": np.ones(1), "resistance": r}[rule.gain_of(node.kind)]
    fields: dict[str, Array] = {}
    if "tau_syn" in values:
        fields["current_decay"], syn = _kept(node, "tau_syn", values["tau_syn"], rule, dt)
        w_in = values.get("w_in", np.ones(1))
        synapse = {"equation": w_in * syn, "one": np.ones(1), "decayed": fields["current_decay"]}
        gain = gain * synapse[rule.synapse]
    close = SNAP.get(node.values["r"].dtype.itemsize, 0.0)
    gain = np.where(np.abs(gain - 1) < close, 1.0, gain)
    form = _own_form(node, r, rest, rule) if rule.form == "auto" else rule.form
    lost = 1 - keep
    if form != "decay" and (tau is None or not (lost > 0).all()):
        form = "decay"
    if form == "decay":
        if rest.any() and tau is not None:
            raise HwsimError(f"{node.where}: form 'decay' has no v_leak; it is not 0 here")
        return fields | {"decay": keep, "gain": gain}, {"leak": "decay"}
    scaled = gain / lost
    fields |= {"rest": rest, "decay": lost if form == "relax" else 1 / lost}
    fields["gain"] = gain if form == "leak_divide" else np.where(np.abs(scaled - 1) < close, 1.0, scaled)
    return fields, {"leak": form}


def _own_form(node: Node, r: Array, rest: Array, rule: Producer) -> Leak:
    """The arithmetic of the tool itself, so that its rounding is ours."""
    if rule.name == "spikingjelly" and node.kind == "LIF":
        return "relax_divide" if bool((r == 1).all()) else "leak_divide"
    return "relax" if rest.any() else "decay"


def _kept(node: Node, name: str, tau: Array, rule: Producer, dt: float) -> tuple[Array, Array]:
    """What a step keeps of a state, and dt / tau."""
    if not (tau > 0).all():
        raise HwsimError(f"{node.where}: {name} {float(tau.min()):g}; it must be positive")
    share = dt / tau
    if rule.decay == "exponential":
        return np.exp(-share), share
    if float(share.max()) > 1 + SNAP[4]:
        raise HwsimError(
            f"{node.where}: {name} {float(tau.min()):g} is shorter than the step dt = {dt:g}, so 1 - dt/tau "
            "is negative; give another dt (earlier versions of norse wrote 10 ms as 1e-5: dt = 1e-6)"
        )
    return np.clip(1 - share, 0.0, 1.0), share


def _spread(node: Node, name: str, natural: Shape, shape: Shape) -> Array:
    """A parameter as float64: one value, or one a neuron in the population's shape."""
    values = fitted(np.asarray(node.values[name], np.float64), natural, shape, f"{node.where}: {name}")
    return values.ravel()[:1] if (values == values.flat[0]).all() else values


def _population(
    node: Node,
    shape: tuple[int, ...],
    values: dict[str, Array],
    rule: Producer | None,
    **options: Any,
) -> Population:
    numbers: dict[str, Any] = {}
    vectors: dict[str, Array] = {}
    for name, array in values.items():
        if array.size == 1 or (array == array.flat[0]).all():
            numbers[name] = float(array.flat[0])
        else:
            vectors[name] = np.ascontiguousarray(np.broadcast_to(array, shape), np.float32)
    if rule is not None:
        zero = rule.reset == "value" and numbers.get("reset_value") == 0.0
        options |= {
            "reset": "zero" if zero else rule.reset,
            "compare": rule.compare,
            "delayed_reset": rule.delayed,
            "multispike": rule.multispike,
        }
    return Population(node.name, shape, vectors=vectors, **numbers, **options)
