"""Execution that takes over the events of layers executed before with the same weights and inputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hwsim.events import Events, EventTrace
from hwsim.execute.executor import Array, drive, drive_readout, summed
from hwsim.network import Network
from hwsim.reuse import Reuse
from hwsim.storage import content_id


def execute_reusing(network: Network, inputs: Events, reuse: Reuse) -> EventTrace:
    """As :func:`hwsim.execute.executor.execute`; components are executed once for each set of inputs.

    Of a readout ``reuse`` keeps its sums, of other components the events they emit.
    """
    emitted = {network.input.name: inputs}
    sums: Array | None = None
    for component in network.components:
        if component == (network.input.name,):
            continue
        given = EventTrace(network.id, network.timesteps, emitted, np.zeros((inputs.samples, 0, 0)))
        key = _key(network, component, emitted)
        if network.population[component[0]].kind != "readout":
            emitted |= reuse.of("events", key, _Component(network, component, given).events)
        elif component == (network.readout,):
            sums = reuse.of("sums", key, _Readout(network, given).sums)
    if sums is None:
        sums = summed(network, emitted[network.readout])
    ordered = {p.name: emitted[p.name] for p in network.populations if p.name in emitted}
    return EventTrace(network.id, network.timesteps, ordered, sums)


@dataclass(frozen=True, eq=False)
class _Component:
    network: Network
    component: tuple[str, ...]
    given: EventTrace

    def events(self) -> dict[str, Events]:
        return drive(self.network, self.component, self.given)


@dataclass(frozen=True, eq=False)
class _Readout:
    network: Network
    given: EventTrace

    def sums(self) -> Array:
        return drive_readout(self.network, self.given)


def _key(network: Network, component: tuple[str, ...], emitted: dict[str, Events]) -> str:
    """Of the component's populations and projections, the events that reach it, and what its arithmetic takes
    from the rest of the network."""
    incoming = [p for name in component for p in network.into(name)]
    outside = sorted({p.source for p in incoming} - set(component))
    meta: dict[str, Any] = {
        "populations": [network.population[name].plain() for name in component],
        "projections": [p.id for p in incoming],
        "events": {name: emitted[name].id for name in outside},
        "sources": {name: network.population[name].plain() for name in outside},
        "owners": [network.owners[name] for name in component],
        "constant": [name in network.constant for name in component],
        "binary": {name: network.is_binary(name) for name in (*component, *outside)},
        "timesteps": network.timesteps,
        "integer": network.integer,
    }
    vectors: dict[str, Array] = {}
    for name in component:
        for field, values in network.population[name].vectors.items():
            vectors[f"{name}.{field}"] = values
    return content_id("component", meta, vectors)
