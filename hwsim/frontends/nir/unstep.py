"""From the constants of a step back to time constants: populations as NIR's neurons."""

from typing import Any

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.nir.file import Array
from hwsim.population import Population


def time_constants(p: Population, dt: float) -> dict[str, Any]:
    """The fields of the NIR node that a forward Euler step of ``dt`` turns back into this population.

    tau = dt / (1 - decay), R = gain * tau / dt, or for the forms that relax to rest R = gain; a synapse
    tau_syn = dt / (1 - current_decay), w_in = tau_syn / dt. Raises HwsimError for infinite time constants of
    CUBA neurons and for populations of which only some neurons have a leak.
    """
    where = f"population {p.name!r}"
    fires = p.kind == "lif"
    decay, gain = _each(p, "decay"), _each(p, "gain")
    lost = {"decay": 1 - decay, "relax": decay}.get(p.leak)
    lost = 1 / decay if lost is None else lost
    fields: dict[str, Array] = {}
    if fires:
        fields["v_threshold"] = _each(p, "threshold")
        fields["v_reset"] = _each(p, "reset_value") if p.reset == "value" else np.zeros(p.shape)
    cuba = p.has_current
    if not lost.any() and p.leak == "decay" and not cuba:
        return {"type": "IF" if fires else "I", "r": gain / dt} | fields
    if not (lost > 0).all():
        raise HwsimError(f"{where}: NIR's {'CubaLIF' if cuba else 'LIF'} has no membrane without leak")
    tau = dt / lost
    unscaled = p.leak in ("relax", "relax_divide")
    fields |= {
        "r": gain if unscaled else gain * tau / dt,
        "v_leak": np.zeros(p.shape) if p.leak == "decay" else _each(p, "rest"),
    }
    if not cuba:
        return {"type": "LIF" if fires else "LI", "tau": tau} | fields
    kept = _each(p, "current_decay")
    if not (kept < 1).all():
        raise HwsimError(f"{where}: NIR's CubaLIF has no current without decay")
    tau_syn = dt / (1 - kept)
    fields |= {"tau_mem": tau, "tau_syn": tau_syn, "w_in": tau_syn / dt}
    return {"type": "CubaLIF" if fires else "CubaLI"} | fields


def _each(p: Population, name: str) -> Array:
    """A parameter, one value a neuron, in float64."""
    given = p.parameter(name).astype(np.float64)
    return np.broadcast_to(given.reshape(p.shape if len(given) == p.size else (1,)), p.shape).copy()
