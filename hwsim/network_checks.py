"""Is a Network whole and executable? Every check names what it found and what is allowed."""

from collections.abc import Callable
from typing import Any, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.geometry import output_plane
from hwsim.population import (
    MAX_NEURONS,
    Coding,
    Compare,
    Leak,
    Population,
    PopulationKind,
    Projection,
    Reset,
)


class Graph(Protocol):
    """What a Network shows of itself to be checked."""

    @property
    def name(self) -> str: ...
    @property
    def populations(self) -> tuple[Population, ...]: ...
    @property
    def projections(self) -> tuple[Projection, ...]: ...
    @property
    def readout(self) -> str: ...
    @property
    def timesteps(self) -> int: ...
    @property
    def coding(self) -> Coding: ...
    @property
    def integer(self) -> bool: ...
    @property
    def population(self) -> dict[str, Population]: ...
    def into(self, target: str) -> tuple[Projection, ...]: ...


def check(network: Graph) -> None:
    """Names, kinds, shapes, ranges, finiteness and order. Raises HwsimError."""
    _verify_populations(network)
    position = {p.name: i for i, p in enumerate(network.populations)}
    names = [p.name for p in network.projections]
    if repeated := {n for n in names if names.count(n) > 1}:
        raise HwsimError(f"network {network.name!r}: projection name used twice: {sorted(repeated)}")
    for projection in network.projections:
        where = f"projection {projection.name!r}"
        for end in (projection.source, projection.target):
            if end not in position:
                raise HwsimError(f"{where}: there is no population {end!r}")
        if projection.delay < 0:
            raise HwsimError(f"{where}: delay {projection.delay}; it must not be negative")
        if projection.delay == 0 and position[projection.source] >= position[projection.target]:
            raise HwsimError(
                f"{where}: {projection.source!r} comes after {projection.target!r}; populations "
                "must be in topological order (a cycle without delay cannot be executed)"
            )
        _verify_projection(network, projection, where)
        if network.population[projection.source].kind == "readout":
            raise HwsimError(f"{where}: {projection.source!r} is a readout and emits nothing")
    for population in network.populations:
        incoming = network.into(population.name)
        if (population.kind == "input") == bool(incoming):
            problem = "has an incoming" if incoming else "has no incoming"
            raise HwsimError(f"population {population.name!r} ({population.kind}) {problem} projection")
        if any(p.kind in ("max_pool", "avg_pool") for p in incoming) and (
            len(incoming) > 1 or population.kind != "relay"
        ):
            raise HwsimError(f"population {population.name!r}: a pool feeds a relay, alone")
        if len({p.groups for p in incoming if p.groups > 1}) > 1:
            raise HwsimError(
                f"population {population.name!r}: its projections have different numbers of groups"
            )


def _verify_populations(network: Graph) -> None:
    where = f"network {network.name!r}"
    names = [p.name for p in network.populations]
    if repeated := {n for n in names if names.count(n) > 1}:
        raise HwsimError(f"{where}: population name used twice: {sorted(repeated)}")
    inputs = [p.name for p in network.populations if p.kind == "input"]
    if len(inputs) != 1:
        raise HwsimError(f"{where}: needs one input population, found {len(inputs)} {inputs}")
    if network.readout not in names:
        raise HwsimError(f"{where}: readout {network.readout!r} is no population")
    if network.timesteps < 1:
        raise HwsimError(f"{where}: timesteps is {network.timesteps}; it must be at least 1")
    if network.coding not in get_args(Coding):
        raise HwsimError(f"{where}: coding {network.coding!r}; allowed: {get_args(Coding)}")
    for p in network.populations:
        label = f"population {p.name!r}"
        if len(p.shape) not in (1, 3) or any(n < 1 for n in p.shape) or p.size > MAX_NEURONS:
            raise HwsimError(
                f"{label}: shape {p.shape}; it must be (neurons,) or (channels, height, width), "
                f"every dimension at least 1 and {MAX_NEURONS} neurons at most"
            )
        allowed: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
            ("kind", p.kind, get_args(PopulationKind)),
            ("reset", p.reset, get_args(Reset)),
            ("compare", p.compare, get_args(Compare)),
            ("leak", p.leak, get_args(Leak)),
        )
        for name, value, choices in allowed:
            if value not in choices:
                raise HwsimError(f"{label}: {name} {value!r}; allowed: {', '.join(choices)}")
        if p.has_state and p.kind != "readout":
            _verify_neuron(network, p, label)
        elif p.shared or p.channel_groups != 1 or p.vectors or p.initial or p.one_spike or p.floored:
            raise HwsimError(
                f"{label}: a {p.kind} has no state to share, to start from or to bound and no parameters per "
                "neuron"
            )
    for group in {p.state_group for p in network.populations if p.state_group}:
        members = [p for p in network.populations if p.state_group == group]
        sizes = {(p.kind, p.plane, p.channels // p.channel_groups, p.state_words) for p in members}
        if len(sizes) > 1:
            found = ", ".join(f"{p.name!r} {p.shape} in {p.channel_groups} groups" for p in members)
            raise HwsimError(
                f"{where}: state group {group!r} is shared by states of different sizes: {found}"
            )
        if len({(p.delayed_reset, p.delayed_reset and p.reset == "subtract") for p in members}) > 1:
            raise HwsimError(f"{where}: state group {group!r}: its layers must delay the same kind of reset")


PARAMETER_RANGES: dict[str, tuple[float, float]] = {
    "threshold": (-np.inf, np.inf),
    "gain": (-np.inf, np.inf),
    "rest": (-np.inf, np.inf),
    "reset_value": (-np.inf, np.inf),
    "initial": (-np.inf, np.inf),
    "floor": (-np.inf, np.inf),
    "current_decay": (0.0, 1.0),
    "adaptation": (-np.inf, np.inf),
    "adaptation_decay": (0.0, 1.0),
}

LEAKY_PARAMETERS = ("decay", "gain", "rest", "initial", "current_decay")
"""Those that a leaky integrator (``li``) has."""


def _allowed(name: str, low: float, high: float) -> str:
    if name == "threshold" and low == 0:
        return "must be positive and finite"
    return "must be finite" if low == -np.inf else f"must lie in [{low:g}, {high:g}]"


def _verify_neuron(network: Graph, p: Population, label: str) -> None:
    """Ranges of the parameters of a population with neurons, given once or per neuron."""
    divides = p.leak in ("relax_divide", "leak_divide")
    ranges = PARAMETER_RANGES | {"decay": (1.0, np.inf) if divides else (0.0, 1.0)}
    if p.reset != "value" or p.multispike or p.kind == "clif":
        ranges["threshold"] = (0.0, np.inf)
    if p.kind == "li":
        ranges = {name: ranges[name] for name in LEAKY_PARAMETERS}
        _verify_leaky(p, label)
    if odd := set(p.vectors) - set(ranges):
        raise HwsimError(f"{label}: {sorted(odd)} cannot be given per neuron; allowed: {', '.join(ranges)}")
    for name, (low, high) in ranges.items():
        if not p.given(name):
            continue
        values = p.parameter(name)
        if name in p.vectors and values.size != p.size:
            raise HwsimError(f"{label}: {values.size} values of {name}; expected {p.size}, one per neuron")
        worst = values[~((values >= low) & (values <= high) & np.isfinite(values))]
        positive = name == "threshold" and low == 0
        if len(worst) or (positive and not (values > 0).all()):
            found = worst[0] if len(worst) else 0.0
            raise HwsimError(f"{label}: {name} {found}; it {_allowed(name, low, high)}")
        if not network.integer:
            _verify_single(values, name, label)
        scale = 1 << p.decay_bits(name) if name in ("decay", "current_decay", "adaptation_decay") else 1
        if network.integer and not np.array_equal(values * scale, np.round(values * scale)):
            times = f"{scale} * " if scale > 1 else ""
            odd_one = (values * scale)[values * scale != np.round(values * scale)][0]
            raise HwsimError(f"{label}: {times}{name} is {odd_one}; an integer network needs an integer")
    if p.channel_groups < 1 or p.channels % p.channel_groups:
        raise HwsimError(f"{label}: {p.channel_groups} channel groups do not divide {p.channels} channels")
    if p.refractory < 0:
        raise HwsimError(f"{label}: refractory {p.refractory}; it must not be negative")
    if network.integer and p.leak != "decay":
        raise HwsimError(f"{label}: an integer network computes with leak 'decay', not {p.leak!r}")
    if p.multispike and (p.parameter("adaptation") < 0).any():
        raise HwsimError(f"{label}: multispike divides by a threshold that negative adaptation may take to 0")
    if p.shared and p.refractory:
        raise HwsimError(f"{label}: a shared state cannot be refractory")
    if p.parameter("initial").any() and (p.shared or p.kind == "clif"):
        raise HwsimError(f"{label}: a clif and a shared state start at 0; they have no initial")
    if p.floored and p.kind == "clif":
        raise HwsimError(f"{label}: a clif has no floor")
    if p.one_spike and (p.kind != "lif" or p.shared or p.multispike or p.delayed_reset):
        raise HwsimError(
            f"{label}: one_spike is for a lif with states of its own, without multispike and delayed_reset"
        )
    if p.kind == "clif" and (not p.has_current or p.channel_groups > 1 or p.state_group):
        raise HwsimError(f"{label}: a clif needs current_decay, and its states cannot be shared")


def _verify_single(values: NDArray[Any], name: str, label: str) -> None:
    """Parameters are computed with in float32: none may become infinite there, no threshold or gain 0."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = values.astype(np.float32)
    lost = ~np.isfinite(rounded)
    if name in ("threshold", "gain"):
        lost |= (rounded == 0) & (values != 0)
    if lost.any():
        raise HwsimError(
            f"{label}: {name} {values[lost][0]:g}; in float32 it is {rounded[lost][0]:g}, it must lie within "
            "the range of float32"
        )


def _verify_leaky(p: Population, label: str) -> None:
    spiking = {
        "delayed_reset": p.delayed_reset,
        "multispike": p.multispike,
        "refractory": p.refractory,
        "adaptation": p.adaptive,
        "one_spike": p.one_spike,
        "floor": p.floored,
    }
    if found := [name for name, value in spiking.items() if value]:
        raise HwsimError(f"{label}: a li does not fire; it has no {', '.join(found)}")
    if p.shared or p.channel_groups != 1:
        raise HwsimError(f"{label}: a li cannot share its states")


def _verify_projection(network: Graph, p: Projection, where: str) -> None:
    source, target = network.population[p.source], network.population[p.target]
    check: dict[str, Callable[[], tuple[tuple[int, ...], tuple[int, ...] | None]]] = {
        "conv2d": lambda: _conv_shapes(source, target, p, where),
        "dense": lambda: ((target.size,), (target.size, source.size)),
        "identity": lambda: (source.shape, None),
        "max_pool": lambda: ((source.channels, *_window(source, p, where)), None),
        "avg_pool": lambda: ((source.channels, *_window(source, p, where)), None),
    }
    if p.kind not in check:
        raise HwsimError(f"{where}: kind {p.kind!r}; allowed: {', '.join(check)}")
    for name, array in (("weights", p.weights), ("bias", p.bias)):
        if array is not None and not isinstance(array, np.ndarray):
            raise HwsimError(
                f"{where} ({p.kind}): {name} are a {type(array).__name__}; expected a numpy array"
            )
    shape, weights_shape = check[p.kind]()
    if target.shape != shape:
        raise HwsimError(
            f"{where} ({p.kind}): gives shape {shape}, but {target.name!r} has shape {target.shape}"
        )
    found = None if p.weights is None else p.weights.shape
    if found != weights_shape:
        raise HwsimError(f"{where} ({p.kind}): weights of shape {found}; expected {weights_shape}")
    channels = (target.size,) if p.kind == "dense" else (target.channels,)
    if p.bias is not None and p.bias.shape != channels:
        raise HwsimError(f"{where}: bias of shape {p.bias.shape}; expected {channels}")
    if p.bias is not None and p.kind in ("max_pool", "avg_pool"):
        raise HwsimError(f"{where} ({p.kind}): a pool takes no bias")
    if not 0 < p.divisor < np.inf or (network.integer and p.divisor != 1):
        raise HwsimError(f"{where}: divisor {p.divisor}; it must be positive, and 1 with integers")
    if p.kind != "avg_pool" and p.divisor != 1:
        raise HwsimError(f"{where} ({p.kind}): divisor {p.divisor}; only an avg_pool divides")
    for name, array in (("weights", p.weights), ("bias", p.bias)):
        if array is None:
            continue
        kinds = "i" if network.integer else "f"
        if array.dtype.kind != kinds or array.dtype.itemsize > 4:
            wanted = "int8, int16 or int32" if network.integer else "float32"
            raise HwsimError(f"{where}: {name} are {array.dtype}; this network needs {wanted}")
        if bad := int(array.size - np.isfinite(array).sum()):
            first = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
            at = tuple(int(i) for i in first)
            raise HwsimError(f"{where}: {bad} of {array.size} {name} are NaN or infinite, the first at {at}")


def _window(source: Population, p: Projection, where: str) -> tuple[int, int]:
    if len(source.shape) != 3 and p.kernel != (1, 1):
        raise HwsimError(f"{where} ({p.kind}): source {source.name!r} is flat: {source.shape}")
    pairs = {"kernel": p.kernel, "stride": p.stride, "padding": p.padding}
    for name, pair in pairs.items():
        if len(pair) != 2 or min(pair) < (name != "padding"):
            raise HwsimError(f"{where}: {name} {pair}; it needs two values, positive (padding: not negative)")
    plane = output_plane(source.plane, p.kernel, p.stride, p.padding)
    if min(plane) < 1:
        raise HwsimError(f"{where}: kernel {p.kernel} does not fit into {source.plane}")
    return plane


def _conv_shapes(
    source: Population, target: Population, p: Projection, where: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if p.groups < 1 or source.channels % p.groups or target.channels % p.groups:
        raise HwsimError(
            f"{where}: {p.groups} groups do not divide {source.channels} and {target.channels} channels"
        )
    plane = _window(source, p, where)
    shape = (target.channels, *plane) if len(source.shape) == 3 else (target.channels,)
    return shape, (target.channels, source.channels // p.groups, *p.kernel)
