"""Networks of every neuron variant, drawn or of one layer, and what they emit."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from tests.execute.dense import emulate

SETTINGS = {"deadline": None, "derandomize": True}


Draw = Any


def weights_of(rng: np.random.Generator, shape: tuple[int, ...], integer: bool) -> Any:
    """Integers from -3 to 3, or quarters of them: every sum of them is exact in float32."""
    values = rng.integers(-3, 5, shape)
    return values.astype(np.int32) if integer else (values / 4).astype(np.float32)


def decays(draw: Draw, integer: bool) -> float:
    counts = st.sampled_from([0, 1, 1000, 1024, 2048, 3072, 4095, 4096])
    return draw(counts) / 4096 if integer else draw(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


def scalars(draw: Draw, integer: bool, leak: str) -> dict[str, float]:
    """A value for every parameter that this neuron may have per neuron."""
    scale = 1 if integer else 4
    divides = leak in ("relax_divide", "leak_divide")
    return {
        "decay": draw(st.sampled_from([1.0, 2.0, 4.0])) if divides else decays(draw, integer),
        "threshold": draw(st.integers(1, 6)) / scale,
        "gain": float(draw(st.sampled_from([1, 2, -1])))
        if integer
        else draw(st.sampled_from([1.0, 0.5, -2.0])),
        "rest": 0.0 if integer else draw(st.sampled_from([0.0, 0.25, -0.5])),
        "reset_value": draw(st.integers(-2, 2)) / scale,
        "initial": draw(st.sampled_from([0, 0, 1, -2])) / scale,
    }


def neuron(draw: Draw, integer: bool, shared: bool) -> dict[str, Any]:
    """Fields of one lif population."""
    leak = "decay" if integer else draw(st.sampled_from(["decay", "relax", "relax_divide", "leak_divide"]))
    found: dict[str, Any] = {
        "leak": leak,
        "reset": draw(st.sampled_from(["subtract", "zero", "value"])),
        "compare": draw(st.sampled_from([">=", ">"])),
        "delayed_reset": draw(st.booleans()),
        "multispike": draw(st.booleans()),
        "refractory": 0 if shared else draw(st.sampled_from([0, 0, 1, 2])),
        **scalars(draw, integer, leak),
    }
    if draw(st.booleans()):
        found["current_decay"] = decays(draw, integer)
    if draw(st.booleans()):
        lowest = 1 if found["multispike"] else -1
        found["adaptation"] = draw(st.integers(lowest, 2)) / (1 if integer else 4)
        found["adaptation_decay"] = decays(draw, integer)
    if draw(st.booleans()):
        found["floor"] = draw(st.integers(-3, 0)) / (1 if integer else 4)
    if shared:
        del found["initial"]
    elif not found["multispike"] and not found["delayed_reset"]:
        found["one_spike"] = draw(st.booleans())
    return found


def integrator(draw: Draw, integer: bool) -> dict[str, Any]:
    """Fields of one li population."""
    found = neuron(draw, integer, True)
    found["initial"] = draw(st.sampled_from([0, 1, -2])) / (1 if integer else 4)
    return {n: found[n] for n in INTEGRATOR if n in found}


INTEGRATOR = ("leak", "decay", "gain", "rest", "initial", "current_decay")


def vectors(draw: Draw, fields: dict[str, Any], size: int, integer: bool) -> dict[str, Any]:
    """Some of the fields once more, per neuron."""
    names = [n for n in VECTORS if n in fields]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=3))
    columns = [
        scalars(draw, integer, fields["leak"])
        | {"current_decay": decays(draw, integer), "floor": draw(st.integers(-3, 0)) / (1 if integer else 4)}
        for _ in range(3)
    ]
    return {n: np.array([columns[i % 3][n] for i in range(size)]) for n in chosen}


VECTORS = ("decay", "threshold", "gain", "reset_value", "initial", "floor", "current_decay")


@st.composite
def networks(draw: Draw) -> tuple[Network, Any]:
    """A small network of one to three layers of equal shape, and its input values."""
    integer, convolutional = draw(st.booleans()), draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels = draw(st.sampled_from([4, 2, 1]))
    shape = (channels, draw(st.integers(1, 3)), 2) if convolutional else (4 * channels,)
    steps, layers, together = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.booleans())
    coding = draw(st.sampled_from(["frames", "spikes", "series"]))
    populations = [Population("input", shape, "input")]
    projections: list[Projection] = []

    def connect(source: str, target: Population, kind: str, delay: int = 0) -> None:
        name, shape = f"{len(projections)}", target.shape
        weights = bias = None
        options: dict[str, Any] = {}
        if kind == "conv2d":
            groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
            weights = weights_of(rng, (channels, channels // groups, 3, 3), integer)
            options = {"kernel": (3, 3), "padding": (1, 1), "groups": groups}
        elif kind == "dense":
            weights = weights_of(rng, (*shape, *shape), integer)
        elif kind in ("max_pool", "avg_pool"):
            options = {"kernel": (3, 3), "padding": (1, 1)}
            options["divisor"] = 4.0 if kind == "avg_pool" and not integer else 1.0
        if weights is not None and draw(st.booleans()):
            bias = weights_of(rng, shape[:1], integer)
        projections.append(
            Projection(name, source, target.name, kind, weights, bias, delay=delay, **options)  # type: ignore[arg-type]
        )

    weighted = "conv2d" if convolutional else "dense"
    last, fields = "input", neuron(draw, integer, together)
    for i in range(layers):
        if not integer and not together and draw(st.integers(0, 4)) == 0:
            slow = decays(draw, integer)
            layer = Population(
                f"layer{i}", shape, "clif", decay=0.5, threshold=0.5, gain=2.0, current_decay=slow
            )
        elif not together and draw(st.integers(0, 4)) == 0:
            mine = integrator(draw, integer)
            given = {} if draw(st.booleans()) else vectors(draw, mine, int(np.prod(shape)), integer)
            layer = Population(f"layer{i}", shape, "li", **mine, vectors=given)
        else:
            groups = draw(st.sampled_from([g for g in (1, 2, 4) if shape[0] % g == 0]))
            mine = fields if together else neuron(draw, integer, groups > 1)
            given = {} if draw(st.booleans()) else vectors(draw, mine, int(np.prod(shape)), integer)
            if together:
                groups = int(populations[-1].channel_groups) if i else groups
            layer = Population(
                f"layer{i}", shape, "lif", **mine, vectors=given, channel_groups=groups,
                state_group="shared" if together else "",
            )  # fmt: skip
        if convolutional and draw(st.booleans()):
            pool = Population(f"pool{i}", shape, "relay")
            populations.append(pool)
            connect(last, pool, draw(st.sampled_from(["max_pool", "avg_pool"])))
            last = pool.name
        elif draw(st.integers(0, 3)) == 0:
            mix = Population(f"mix{i}", shape, draw(st.sampled_from(["relay", "relu"])))
            populations.append(mix)
            connect(last, mix, weighted)
            last = mix.name
        connect(last, layer, weighted)
        if draw(st.booleans()):  # onto itself
            connect(layer.name, layer, draw(st.sampled_from(["identity", weighted])), 1)
        if draw(st.booleans()):  # a skip from the input
            connect("input", layer, "identity", draw(st.integers(0, 2)))
        populations.append(layer)
        last = layer.name
    if layers > 1 and draw(st.booleans()):  # between two layers, backwards
        connect(last, next(p for p in populations if p.name == "layer0"), "identity", draw(st.integers(1, 2)))
    readout = last
    if draw(st.booleans()):
        populations.append(Population("readout", (3,), "readout"))
        size = int(np.prod(shape))
        matrix = weights_of(rng, (3, size), integer)
        projections.append(
            Projection("out", last, "readout", "dense", matrix, weights_of(rng, (3,), integer))
        )
        readout = "readout"
    network = Network("random", tuple(populations), tuple(projections), readout, steps, coding, integer)
    samples = draw(st.integers(1, 3))
    if coding == "spikes":
        values = (rng.random((samples, steps, *shape)) < 0.5).astype(np.int64)
    elif coding == "series":
        values = rng.integers(-2, 4, (samples, steps, *shape))
    else:
        values = rng.integers(-2, 4, (samples, *shape))
    return network, values if integer or coding == "spikes" else values / 2


def agree(network: Network, values: Any, only_if: Callable[[bool], Any] = bool) -> None:
    """Events of all populations and the readout's sums are those of the dense emulation.

    ``only_if`` (hypothesis' ``assume``) may leave the case out where sums are not exact.
    """
    network.verify()
    dense, sums = emulate(network, values.reshape(len(values), -1, network.input.size))
    # Several spikes a step, fed back, can grow past what float32 and int32 add exactly.
    only_if(max(np.abs(a).max() for a in dense.values()) < 2**16)
    if not network.integer and any(p.kind == "li" for p in network.populations):
        # Membranes that decay grow fractions: quarters of all values must still add exactly.
        only_if(all(np.array_equal(a * 2**9, np.round(a * 2**9)) for a in dense.values()))
        only_if(max(np.abs(a).max() for a in dense.values()) < 2**7)
    try:
        trace = execute(network, encode(network, values))
    except HwsimError as error:
        only_if("beyond int32" not in str(error))
        raise
    trace.verify(network)
    for name, events in trace.events.items():
        found = events.dense(network.population[name].size)
        np.testing.assert_array_equal(np.broadcast_to(found, dense[name].shape), dense[name], err_msg=name)
    expected = sums.get(network.readout)
    if expected is None:
        expected = np.cumsum(dense[network.readout], axis=1)
    np.testing.assert_array_equal(trace.outputs, expected)


def two_layers(matrices: list[Any], groups: int, group: str, steps: int = 3) -> Network:
    """Layers that decay by 1/2 and fire from 1; with ``group`` they share a state."""
    sizes = [np.shape(matrices[0])[1], *(len(m) for m in matrices)]
    names = ["input", *(f"layer{i}" for i in range(len(matrices)))]
    layers = [
        Population(name, (size,), "lif", decay=0.5, channel_groups=groups, state_group=group)
        for name, size in zip(names[1:], sizes[1:], strict=True)
    ]
    projections = [
        Projection(b, a, b, "dense", np.array(matrix, np.float32))
        for a, b, matrix in zip(names, names[1:], matrices, strict=False)
    ]
    populations = (Population("input", (sizes[0],), "input"), *layers)
    return Network("by hand", populations, tuple(projections), names[-1], steps, "spikes")


def spikes_of(network: Network, steps: list[int]) -> list[list[list[int]]]:
    """Per layer and step the neurons' outputs for an input of one neuron."""
    network.verify()
    trace = execute(network, encode(network, np.array(steps).reshape(1, -1, 1)))
    return [
        trace.events[p.name].dense(p.size)[0].astype(int).tolist() for p in network.populations if p.spikes
    ]


def single(layer: Population, weight: float = 1.0, integer: bool = False, steps: int = 3) -> Network:
    matrix = np.full((layer.size, 1), weight, np.int32 if integer else np.float32)
    projection = Projection("in", "input", layer.name, "dense", matrix)
    populations = (Population("input", (1,), "input"), layer)
    return Network("single", populations, (projection,), layer.name, steps, "spikes", integer)


def values_of(network: Network, steps: list[float]) -> list[list[float]]:
    """Per step what the last population emits for an input of one neuron."""
    network.verify()
    trace = execute(network, encode(network, np.array(steps).reshape(1, -1, 1)))
    trace.verify(network)
    found: list[list[float]] = trace.events[network.readout].dense(network.populations[-1].size)[0].tolist()
    return found
