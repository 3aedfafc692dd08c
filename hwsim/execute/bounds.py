"""How large the numbers of an integer population may become, by its formats."""

import numpy as np

from hwsim.errors import HwsimError
from hwsim.network import Network, Population, Projection

INT32 = 2**31 - 1
INT64 = 2**62
"""Sums of 64 bits stay below this, so that one more bit is free for rounding."""


def bounds_of(p: Population) -> list[int]:
    """Lowest and highest state (or output), current and adaptation; those of 64 bits without formats."""
    found: list[int] = []
    for name in ("state", "current", "adaptation"):
        of = p.formats.get(name, p.formats.get("output") if name == "state" else None)
        found += [-(2**63), 2**63 - 1] if of is None else [of.low, of.high]
    return found


def fan_of(q: Projection) -> int:
    """The largest sum of absolute weights of one target neuron; 1 each where there are none."""
    if q.weights is None:
        return 1 if q.kind == "identity" else q.kernel[0] * q.kernel[1]
    rows = np.abs(q.weights.astype(np.int64)).reshape(len(q.weights), -1)
    return int(rows.sum(axis=1).max(initial=0))


def is_wide(network: Network, population: Population) -> bool:
    """Whether a population's sums may leave 32 bits, or those of one that it shares a state with.

    Raises HwsimError where they may leave 64. Without formats they are checked as the network runs.
    """
    if not population.formats:
        return False
    group = population.state_group
    members = [p for p in network.populations if group and p.state_group == group] or [population]
    return any(_reach(network, p) > INT32 for p in members)


def _reach(network: Network, population: Population) -> int:
    reach = 0
    for q in network.into(population.name):
        reach += _peak(network.population[q.source]) * fan_of(q) << network.left_shift(q)
        if q.bias is not None:
            reach += int(np.abs(q.bias.astype(np.int64)).max(initial=0)) << network.bias_shift(q)
    reach *= max(1, int(np.abs(population.parameter("gain")).max()))
    if reach > INT64:
        raise HwsimError(
            f"population {population.name!r}: its integer sums may reach {reach}, beyond 64 bits; give its "
            "weights or their sources fewer bits"
        )
    return reach


def _peak(source: Population) -> int:
    """The largest absolute value that it can emit."""
    of = source.formats.get("state") if source.multispike else source.emitted_format
    return 1 if of is None else max(-of.low, of.high)
