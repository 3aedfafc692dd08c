"""Differences between two runs' events, and which of them are a population's own.

A population is run alone, fed with the reference's events. Of a neuron that depends on nothing else the first
difference is its own. Neurons that depend on each other's spikes or states, by recurrence or sharing, run
together: in each sample what differs first, by step, population and channel group, is its own; a later
difference follows from it, unless the exact membrane is not on the reference's side of the threshold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.execute.executor import drive
from hwsim.execute.replay import Flip, replay, replayable
from hwsim.network import Network, Population

EXAMINED = 200
"""Own differences examined per population; all are counted."""

GRADED_TOLERANCE = 1e-5
"""Of a value, or of its population's root mean square: sums of large terms may be small."""

Keys = NDArray[np.int64]
"""cell * size + neuron, cell = sample * steps + step."""


@dataclass(frozen=True)
class Own:
    """Differences of a population that do not follow from others; ``flips`` are those examined."""

    count: int
    unexplained: int
    flips: list[Flip] = field(default_factory=list)


Driven = dict[str, Events]
"""What populations of a component emit, fed with a trace."""


def own_differences(
    network: Network, component: tuple[str, ...], reference: EventTrace, driven: Driven
) -> dict[str, Own]:
    """Of every population of a component with events of its own, ``driven`` by the reference's."""
    names = [n for n in component if network.population[n].kind not in ("input", "readout")]
    places = {n: _Places.of(network, n, driven[n], reference) for n in names}
    if not _together(network, component):
        return {n: _judged(network, reference, place, place.firsts(), None) for n, place in places.items()}
    first = np.full(reference.samples, np.iinfo(np.int64).max)
    moments = {n: place.moments(names.index(n), len(names)) for n, place in places.items()}
    for name, place in places.items():
        np.minimum.at(first, place.samples, moments[name])
    return {
        n: _judged(network, reference, place, np.argsort(moments[n]), moments[n] == first[place.samples])
        for n, place in places.items()
    }


def made_otherwise(
    network: Network, component: tuple[str, ...], trace: EventTrace, reference: EventTrace, driven: Driven
) -> int:
    """How many events of ``trace`` are not what a component makes of what reaches it in that very trace.

    It is run again for samples that what reaches it differs in from the reference; of others ``driven``
    tells.
    """
    sources = {p.source for name in component for p in network.into(name)} - set(component)
    clean = np.ones(trace.samples, np.bool_)
    for name in sources:
        clean &= _alike(trace.events[name], reference.events[name])
    if clean.all():
        return _apart(network, trace.events, driven)
    rest = EventTrace.join([trace.select(s, s + 1) for s in np.flatnonzero(~clean).tolist()])
    found = _apart(network, rest.events, drive(network, component, rest))
    if clean.any():
        chosen = np.flatnonzero(clean).tolist()
        found += _apart(network, _chosen(trace.events, chosen, driven), _chosen(driven, chosen, driven))
    return found


def _apart(network: Network, ours: Driven, made: Driven) -> int:
    return sum(len(differences(ours[n], made[n], network.population[n].size)) for n in made)


def _chosen(events: Driven, samples: list[int], names: Iterable[str]) -> Driven:
    return {n: Events.join([events[n].select(s, s + 1) for s in samples]) for n in names}


def _alike(ours: Events, theirs: Events) -> NDArray[np.bool_]:
    """Samples whose events are the same, bit for bit."""
    pairs = ((ours.select(s, s + 1), theirs.select(s, s + 1)) for s in range(ours.samples))
    return np.array(
        [
            np.array_equal(a.offsets, b.offsets)
            and np.array_equal(a.index, b.index)
            and (a.payload is b.payload or np.array_equal(_values(a), _values(b)))
            for a, b in pairs
        ]
    )


def _values(events: Events) -> NDArray[Any]:
    return np.ones(len(events.index)) if events.payload is None else events.payload


@dataclass(frozen=True)
class _Places:
    """Where a population differs: arrays (differences,)."""

    population: Population
    samples: Keys
    steps: Keys
    neurons: Keys

    @staticmethod
    def of(network: Network, name: str, driven: Events, reference: EventTrace) -> "_Places":
        population, theirs = network.population[name], reference.events[name]
        cells, neurons = np.divmod(differences(driven, theirs, population.size), population.size)
        return _Places(population, *np.divmod(cells, theirs.steps), neurons)

    def firsts(self) -> Keys:
        """The first of every neuron in every sample."""
        found: Keys = np.unique(self.samples * self.population.size + self.neurons, return_index=True)[1]
        return found

    def moments(self, place: int, of: int) -> Keys:
        """By step, then the ``place`` of the population among ``of`` of them, then channel group."""
        p = self.population
        groups = self.neurons // (p.size // p.channel_groups)
        return ((self.steps * of + place) << 32) + groups


def _together(network: Network, component: tuple[str, ...]) -> bool:
    """Whether neurons of a component depend on each other's spikes or states."""
    name = component[0]
    alone = len(component) == 1 and not network.population[name].shared
    return not alone or any(q.source == name for q in network.into(name))


def _judged(
    network: Network, reference: EventTrace, at: _Places, order: Keys, first: NDArray[np.bool_] | None
) -> Own:
    """The differences in ``order``, examined; those that are not ``first`` may follow from one that is.

    A graded value, and a spike of a population that emits one a step, is explained by no rounding.
    """
    if not replayable(at.population):
        count = len(order) if first is None else int(first.sum())
        return Own(count, count)
    if first is None:
        count, examined = len(order), order[:EXAMINED]
    else:
        count, examined = int(first.sum()), order[np.argsort(~first[order], kind="stable")][:EXAMINED]
    flips = []
    for i in examined:
        place = int(at.samples[i]), int(at.steps[i]), int(at.neurons[i])
        flip, reference_is_right = replay(network, at.population, reference, *place)
        later = first is not None and not first[i]
        if later and reference_is_right:
            continue
        count += later
        flips.append(flip)
    return Own(count, sum(not flip.explained for flip in flips), flips)


def differences(ours: Events, theirs: Events, size: int) -> NDArray[np.int64]:
    """Keys (cell * size + neuron) at which two event lists differ: one has no event, or another value."""
    if ours.steps != theirs.steps or ours.samples != theirs.samples:
        raise HwsimError("the executor and the reference ran different samples or steps")
    same = np.array_equal(ours.offsets, theirs.offsets) and np.array_equal(ours.index, theirs.index)
    if same and (ours.payload is None or theirs.payload is None):
        return np.zeros(0, np.int64)
    ours_at, theirs_at = _keys(ours, size), _keys(theirs, size)
    lonely = np.setxor1d(ours_at, theirs_at, assume_unique=True)
    if ours.payload is None or theirs.payload is None:
        return lonely
    scale = float(np.sqrt(np.mean(theirs.payload.astype(np.float64) ** 2))) if len(theirs.payload) else 0.0
    common, i, j = np.intersect1d(ours_at, theirs_at, assume_unique=True, return_indices=True)
    a, b = ours.payload[i].astype(np.float64), theirs.payload[j].astype(np.float64)
    far = np.abs(a - b) > GRADED_TOLERANCE * np.maximum(np.maximum(np.abs(a), np.abs(b)), scale)
    tiny = np.concatenate([_below(ours, ours_at, lonely, scale), _below(theirs, theirs_at, lonely, scale)])
    return np.union1d(np.setdiff1d(lonely, tiny), common[far])


def _below(events: Events, keys: NDArray[np.int64], lonely: NDArray[np.int64], scale: float) -> Any:
    """The lonely keys of ``events`` whose values rounding alone could have made."""
    assert events.payload is not None
    own = np.isin(keys, lonely) & (np.abs(events.payload) <= GRADED_TOLERANCE * scale)
    return keys[own]


def _keys(events: Events, size: int) -> NDArray[np.int64]:
    cells = np.repeat(np.arange(len(events.offsets) - 1, dtype=np.int64), np.diff(events.offsets))
    return cells * size + events.index
