"""Networks of lava-dl: its netx files (HDF5, ``.net``) to integer CUBA networks.

A neuron of such a file computes, with I the sum of its weights and its bias,

    u[t] = trunc(u[t-1] * (4096 - iDecay) / 4096) + 64 * I[t]
    v[t] = trunc(v[t-1] * (4096 - vDecay) / 4096) + u[t]

fires on v >= 64 * vThMant (type CUBA) or v > 64 * vThMant (type LOIHI), and resets v to 0. Shapes are
(channels, height, width) and kernels (out, in, height, width), as in PyTorch: lava turns both around
when it reads the file. Settled by lava-dl's own golden files (tests/frontends/test_netx.py). Two
differences of time remain: lava hands spikes on one step later per layer, and adds biases from its
second step on; here both happen at once.
"""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.frontends.hdf5 import Group, opened, readable
from hwsim.geometry import output_plane
from hwsim.network import DECAY_ONE, Network, Population, Projection, ProjectionKind

MAX_LAYERS = 1000
MAX_SIDE = 1 << 20
CURRENT_SCALE = 64
"""Loihi's weight exponent 0: inputs and thresholds count in units of 2**6."""

COMPARE: dict[str, Literal[">=", ">"]] = {"CUBA": ">=", "LOIHI": ">"}

Array = NDArray[Any]


def read_netx(path: Path, timesteps: int) -> Network:
    """The network of a netx file, to run for ``timesteps`` steps.

    Layers: dense, conv, flatten, and first of all input. Without an input layer the network takes
    spikes; with one it takes frames of that layer's integer currents (``notes`` says how lava makes them
    of pixels). Its answer is the last layer's spike count. Raises HwsimError, naming file, layer and
    what was found, for damaged files and for everything else that such a file can hold.
    """
    with opened(path, "netx") as file:
        network = _network(path, file, timesteps)
    try:
        network.verify()
    except HwsimError as error:
        raise HwsimError(f"{path}: {error}") from None
    return network


@dataclass
class _Parts:
    """The network as far as it is read."""

    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    flat: bool = False

    def add(
        self,
        population: Population,
        kind: ProjectionKind,
        weights: Array | None,
        bias: Array | None,
        **options: Any,
    ) -> None:
        source = self.populations[-1].name
        name = f"{source}->{population.name}"
        self.projections.append(Projection(name, source, population.name, kind, weights, bias, **options))
        self.populations.append(population)


def _network(path: Path, file: Group, timesteps: int) -> Network:
    layers = file.inner("layer")
    names = layers.members()
    count = len(names)
    if not 1 <= count <= MAX_LAYERS:
        raise HwsimError(f"{path}: {count} layers; a netx file holds 1 to {MAX_LAYERS}")
    if odd := set(names) - {str(i) for i in range(count)}:
        raise HwsimError(f"{path}: layer {min(odd)!r}; {count} layers are numbered from 0 to {count - 1}")
    parts, notes = _Parts(), {"source": "lava-dl netx"}
    for i in range(count):
        layer = layers.inner(str(i)).named(f"{path}: layer {i}")
        with readable(layer.where, "netx"):
            kind = layer.text("type")
            if kind not in READERS or (kind == "input") > (i == 0):
                allowed = [k for k in READERS if k != "input" or i == 0]
                raise HwsimError(
                    f"{layer.where}: type {kind!r} is not supported; known: {', '.join(allowed)}"
                )
            layer = layer.named(f"{layer.where} ({kind})")
            if "delay" in layer:
                raise HwsimError(f"{layer.where}: synaptic delays per axon are not supported")
            notes |= READERS[kind](layer, parts, f"{kind}{i}")
    if len(parts.populations) < 2:
        raise HwsimError(f"{path}: no layer with neurons")
    coding: Literal["frames", "spikes"] = "frames" if "input" in notes else "spikes"
    populations, projections = tuple(parts.populations), tuple(parts.projections)
    readout = populations[-1].name
    return Network(path.stem, populations, projections, readout, timesteps, coding, True, notes)


def _shape(layer: Group) -> tuple[int, ...]:
    count = layer.size("shape")
    shape = layer.integers("shape", count if count in (1, 3) else 3)
    if min(shape) < 1 or max(shape) > MAX_SIDE:
        raise HwsimError(f"{layer.where}: shape {shape}; every dimension must lie in 1..{MAX_SIDE}")
    return shape


def _pair(layer: Group, name: str, low: int, default: int) -> tuple[int, int]:
    """Height and width."""
    if name not in layer:
        return (default, default)
    height, width = layer.integers(name, 2)
    if not (low <= height <= MAX_SIDE and low <= width <= MAX_SIDE):
        raise HwsimError(f"{layer.where}: {name} {(height, width)}; both must be at least {low}")
    return height, width


def _neurons(layer: Group, name: str, shape: tuple[int, ...]) -> Population:
    neuron = layer.inner("neuron")
    kind = neuron.text("type")
    if kind not in COMPARE:
        raise HwsimError(f"{neuron.where}: type {kind!r} is not supported; known: {', '.join(COMPARE)}")
    for field_name, only in (("gradedSpike", 0), ("refDelay", 1), ("wgtExp", 0)):
        if (found := neuron.integer(field_name, -(2**31), 2**31, only)) != only:
            raise HwsimError(f"{neuron.where}: {field_name} {found} is not supported; only {only} is")
    current = neuron.integer("iDecay", 0, DECAY_ONE)
    voltage = neuron.integer("vDecay", 0, DECAY_ONE)
    return Population(
        name, shape, "lif",
        decay=(DECAY_ONE - voltage) / DECAY_ONE,
        threshold=float(CURRENT_SCALE * neuron.integer("vThMant", 1, 1 << 24)),
        reset="zero",
        compare=COMPARE[kind],
        gain=float(CURRENT_SCALE),
        current_decay=None if current == DECAY_ONE else (DECAY_ONE - current) / DECAY_ONE,
    )  # fmt: skip


def _bias(layer: Group, channels: int) -> Array | None:
    return layer.array("bias", (channels,)) if "bias" in layer else None


def _input(layer: Group, parts: _Parts, name: str) -> dict[str, str]:
    shape = _shape(layer)
    parts.populations.append(Population("input", shape, "input"))
    parts.add(_neurons(layer, name, shape), "identity", None, None)
    weight = layer.integer("weight", -(2**15), 2**15, CURRENT_SCALE)
    bias = layer.integer("bias", -(2**15), 2**15, 0)
    return {"input": f"integers trunc({bias - weight} + {2 * weight} * x) of pixels x from 0 to 1"}


def _dense(layer: Group, parts: _Parts, name: str) -> dict[str, str]:
    size = prod(_shape(layer))
    if not parts.populations:
        shape = (layer.integer("inFeatures", 1, MAX_SIDE),)
        parts.populations.append(Population("input", shape, "input"))
    weights = layer.array("weight", (size, parts.populations[-1].size))
    parts.add(_neurons(layer, name, (size,)), "dense", weights, _bias(layer, size))
    return {}


def _conv(layer: Group, parts: _Parts, name: str) -> dict[str, str]:
    if not parts.populations or parts.flat or len(parts.populations[-1].shape) != 3:
        raise HwsimError(f"{layer.where}: its input has no channels, height and width")
    source, shape = parts.populations[-1], _shape(layer)
    kernel, stride = _pair(layer, "kernelSize", 1, 1), _pair(layer, "stride", 1, 1)
    padding, dilation = _pair(layer, "padding", 0, 0), _pair(layer, "dilation", 1, 1)
    if dilation != (1, 1):
        raise HwsimError(f"{layer.where}: dilation {dilation} is not supported; only (1, 1) is")
    groups = layer.integer("groups", 1, MAX_SIDE, 1)
    expected = output_plane(source.plane, kernel, stride, padding)
    if shape[1:] != expected or source.channels % groups or shape[0] % groups:
        raise HwsimError(
            f"{layer.where}: shape {shape} in {groups} groups; from {source.shape} with kernel {kernel}, "
            f"stride {stride} and padding {padding} it must be (channels, {expected[0]}, {expected[1]}), "
            "and the groups divide the channels at both ends"
        )
    weights = layer.array("weight", (shape[0], source.channels // groups, *kernel, 1))[..., 0]
    parts.add(
        _neurons(layer, name, shape), "conv2d", weights, _bias(layer, shape[0]),
        kernel=kernel, stride=stride, padding=padding, groups=groups,
    )  # fmt: skip
    return {}


def _flatten(_layer: Group, parts: _Parts, _name: str) -> dict[str, str]:
    parts.flat = True
    return {}


READERS = {"input": _input, "dense": _dense, "conv": _conv, "flatten": _flatten}
"""Readers by layer type; each adds its part to the network and returns notes on it."""
