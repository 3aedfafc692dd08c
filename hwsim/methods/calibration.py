"""Thresholds for a network that nobody trained, so that its layers fire as often as trained ones do.

Costs of a spiking network follow its spikes. With random weights and thresholds of 1, whole layers are
silent or never rest; scaled thresholds give a network of any size a plausible amount of work. Its
answers mean nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.execute.executor import drive, encode, execute
from hwsim.network import Network, Population

RATE = 0.18
"""Spikes per neuron and step of AutoSNN's trained SNN_1 with SCB_k3 blocks (its Table 9; 0.17 to 0.23)."""

SAMPLES = 8
"""Inputs that are looked at, where memory allows."""

STORE_BYTES = 1 << 29
"""Room for the events of the largest layer and of what feeds it."""

TOLERANCE = 0.01
"""Of the wanted rate."""

STRIDE = 4.0
WIDEST = STRIDE**24
"""Scales are tried in strides, up to WIDEST and down to its inverse, then between the last two."""

TRIALS = 30
"""Runs of a layer between two strides at most."""

PATIENCE = 6
"""Runs without an improvement after which layers that feed each other are left."""

DAMPING = 0.6
"""Exponent of the next scale over what a rate in proportion to the scale would need."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Calibrated:
    """The network with its thresholds set, what each layer then fired on ``samples`` inputs, and the layers
    that no threshold brings to the rate."""

    network: Network
    rates: dict[str, float]
    missed: tuple[str, ...]
    samples: int


def calibrate(
    network: Network, inputs: NDArray[Any], rate: float = RATE, progress: Progress | None = None
) -> Calibrated:
    """Scale each layer's thresholds, first layer first, until it fires ``rate`` spikes per neuron and step.

    A scale moves a threshold's distance from the rest that the membrane leaks to (0 for most neurons).

    Layers run on ``inputs`` through the event executor, each fed with the spikes of the layers before it, so
    that every kind of neuron is treated alike; the scale is found by interpolation. Layers in a loop are
    set together. Deterministic. Raises HwsimError for a rate outside (0, 1), an integer network,
    and states that are shared already (calibrate first).
    """
    if not 0.0 < rate < 1.0:
        raise HwsimError(f"--rate {rate:g}: spikes per neuron and step; it must lie between 0 and 1")
    if network.integer:
        raise HwsimError(f"{network.name!r} computes in integers; its thresholds are not calibrated")
    if shared := next((p.name for p in network.populations if p.shared), None):
        raise HwsimError(f"layer {shared!r} shares its state already; calibrate before sharing")
    inputs = inputs[: _room(network)]
    events = {network.input.name: encode(network, inputs)}
    rates: dict[str, float] = {}
    for done, component in enumerate(network.components, 1):
        names = [n for n in component if network.population[n].kind not in ("input", "readout")]
        spiking = [n for n in names if network.population[n].spikes]
        settle = _settled if len(spiking) == 1 else _settled_together
        if spiking:
            network = settle(network, component, events, len(inputs), rate)
        if names:
            events |= _driven(network, component, events, len(inputs))
        rates |= {name: _rate(network.population[name], events[name]) for name in spiking}
        if progress:
            progress(done, len(network.components))
    missed = tuple(name for name, found in rates.items() if abs(found - rate) > 5 * TOLERANCE * rate)
    return Calibrated(network, rates, missed, len(inputs))


def firing_rates(network: Network, inputs: NDArray[Any]) -> dict[str, float]:
    """Spikes per neuron and step of every layer of neurons on ``inputs``."""
    trace = execute(network, encode(network, inputs))
    return {p.name: _rate(p, trace.events[p.name]) for p in network.populations if p.spikes}


def _room(network: Network) -> int:
    largest = max(p.size for p in network.populations)
    return max(1, min(SAMPLES, STORE_BYTES // (16 * largest * network.timesteps)))


def _driven(
    network: Network, component: tuple[str, ...], events: dict[str, Events], samples: int
) -> dict[str, Events]:
    given = EventTrace(network.id, network.timesteps, events, np.zeros((samples, 0, 0)))
    return drive(network, component, given)


def _settled(
    network: Network, component: tuple[str, ...], events: dict[str, Events], samples: int, rate: float
) -> Network:
    """The network with the component's layer of neurons at the scale whose rate was nearest to ``rate``."""
    name = next(n for n in component if network.population[n].spikes)
    tried: dict[float, float] = {}

    def fires(scale: float) -> float:
        driven = _driven(scaled(network, name, scale), component, events, samples)
        tried[scale] = _rate(network.population[name], driven[name])
        return tried[scale]

    low = high = 1.0
    if fires(1.0) > rate:
        while fires(high) > rate and high < WIDEST:
            low, high = high, high * STRIDE
    else:
        while fires(low) < rate and low > 1.0 / WIDEST:
            low, high = low / STRIDE, low
    for _ in range(TRIALS):
        if low == high or min(abs(found - rate) for found in tried.values()) <= TOLERANCE * rate:
            break
        fall = tried[low] - tried[high]
        part = min(max((tried[low] - rate) / fall, 0.1), 0.9) if fall > 0 else 0.5
        middle = low * (high / low) ** part
        low, high = (middle, high) if fires(middle) > rate else (low, middle)
    if not any(tried.values()):
        return network
    best = min(tried, key=lambda scale: (abs(tried[scale] - rate), abs(np.log(scale))))
    return scaled(network, name, best)


def _settled_together(
    network: Network, component: tuple[str, ...], events: dict[str, Events], samples: int, rate: float
) -> Network:
    """The network with all of the component's layers set so that the one farthest from ``rate`` is nearest.

    After each run a layer's scale grows by (its rate / ``rate``) ** DAMPING, by no more than STRIDE.
    """
    names = [n for n in component if network.population[n].spikes]
    scales = dict.fromkeys(names, 1.0)
    best, smallest, idle = network, np.inf, 0
    while idle < PATIENCE:
        trial = network
        for name in names:
            trial = scaled(trial, name, scales[name])
        driven = _driven(trial, component, events, samples)
        found = {name: _rate(trial.population[name], driven[name]) for name in names}
        farthest = max(abs(np.log(max(f, rate / WIDEST) / rate)) for f in found.values())
        idle += 1
        if farthest < smallest:
            best, smallest, idle = trial, farthest, 0
        if farthest <= TOLERANCE:
            break
        for name in names:
            step = min(max(found[name] / rate, 1.0 / STRIDE), STRIDE) ** DAMPING
            scales[name] = min(max(scales[name] * step, 1.0 / WIDEST), WIDEST)
    return best


def scaled(network: Network, name: str, scale: float) -> Network:
    """The thresholds of ``name`` at ``scale`` times their distance from the membrane's rest."""
    p = network.population[name]
    moved = p.parameter("rest") + scale * (p.parameter("threshold") - p.parameter("rest"))
    changed = replace(p, threshold=float(moved[0]))
    if len(moved) > 1:
        changed = replace(p, vectors={**p.vectors, "threshold": moved})
    return replace(network, populations=tuple(changed if q is p else q for q in network.populations))


def _rate(p: Population, events: Events) -> float:
    return len(events.index) / (p.size * events.steps * events.samples)
