"""Networks that one answer after the other: the answer of each is the input of the next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hwsim.errors import HwsimError
from hwsim.network import Network, Population, Projection


def chained(name: str, networks: Sequence[Network]) -> Network:
    """One network of several: what reads the input of one reads the readout of the one before.

    Raises HwsimError where a readout does not emit spikes, where its size or the timesteps are not those of
    the next, and for populations of one name.
    """
    first, *others = networks
    if not others:
        return replace(first, name=name)
    populations, projections = list(first.populations), list(first.projections)
    for before, network in zip(networks, others, strict=False):
        source, begin = before.population[before.readout], network.input
        if not source.spikes or network.coding != "spikes":
            raise HwsimError(
                f"{before.name!r} answers by {source.kind} {source.name!r}, no spikes to go on with"
            )
        if (source.size, before.timesteps) != (begin.size, network.timesteps):
            raise HwsimError(
                f"{before.name!r} answers with {source.size} neurons in {before.timesteps} steps; "
                f"{network.name!r} takes {begin.size} in {network.timesteps}"
            )
        populations += [p for p in network.populations if p.kind != "input"]
        projections += [_reading(p, begin, source) for p in network.projections]
    notes = {key: text for network in networks for key, text in network.notes.items()}
    found = replace(
        first,
        name=name,
        populations=tuple(populations),
        projections=tuple(_named(projections)),
        readout=networks[-1].readout,
        notes=notes,
    )
    found.verify()
    return found


def _reading(projection: Projection, begin: Population, source: Population) -> Projection:
    if projection.source != begin.name:
        return projection
    return replace(projection, source=source.name, name=f"{source.name}->{projection.target}")


def _named(projections: Sequence[Projection]) -> list[Projection]:
    """Projections with the number that tells those of the same two populations apart."""
    seen: Counter[str] = Counter()
    found = []
    for projection in projections:
        name = f"{projection.source}->{projection.target}"
        seen[name] += 1
        wanted = name if seen[name] == 1 else f"{name}#{seen[name]}"
        found.append(projection if projection.name == wanted else replace(projection, name=wanted))
    return found
