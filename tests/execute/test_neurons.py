"""Every neuron variant, shared state and delay: the event executor against a dense emulation, and by hand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.execute import plan
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


@settings(max_examples=150, **SETTINGS)
@given(networks(), st.sampled_from([1, 3, 4]))
def test_executor_equals_the_dense_emulation(case: tuple[Network, Any], threads: int) -> None:
    with patch.object(plan, "threads", lambda: threads):  # 3: blocks of channels, 1: none
        agree(*case, only_if=assume)


@settings(max_examples=60, **SETTINGS)
@given(st.integers(0, 2**32 - 1), st.data())
def test_neurons_compute_in_single_precision(seed: int, data: Any) -> None:
    """With one synapse a neuron no sum is rounded, and any float32 numbers must agree to the last bit."""
    rng = np.random.default_rng(seed)
    fields = neuron(data.draw, False, False)
    draws = {n: float(rng.uniform(0.1, 1)) for n in ("threshold", "gain", "rest", "reset_value", "initial")}
    draws["decay"] = float(rng.uniform(1, 3)) if "divide" in fields["leak"] else float(rng.uniform(0, 1))
    for name in ("current_decay", "adaptation", "adaptation_decay"):
        if name in fields:
            draws[name] = float(rng.uniform(0, 1))
    drawn = fields | draws
    layer = Population("layer", (8, 1, 1), "lif", **drawn)
    if data.draw(st.integers(0, 3)) == 0:
        drawn = {n: drawn[n] for n in INTEGRATOR if n in drawn}
        layer = Population("layer", (8, 1, 1), "li", **drawn)
    weights = rng.normal(0.5, 1, (8, 1, 1, 1)).astype(np.float32)
    synapses = Projection("in", "input", "layer", "conv2d", weights, groups=8)
    network = Network(
        "any", (Population("input", (8, 1, 1), "input"), layer), (synapses,), "layer", 8, "spikes"
    )
    agree(network, (rng.random((2, 8, 8, 1, 1)) < 0.7).astype(int))


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


def test_layers_that_share_a_state_hand_it_on() -> None:
    """EfficientLIF-Net, cross-layer: U2 = .5 (U1 - O1) + W2 O1, and U1 of the next step starts from U2."""
    network = two_layers([[[1.75]], [[0.5]]], 1, "shared")
    # t = 0, input: U1 = 1.75, fires, .75 left; U2 = .375 + .5 = .875, silent
    # t = 1, input: U1 = .4375 + 1.75 = 2.1875, fires, 1.1875; U2 = .59375 + .5 = 1.09375, fires, .09375
    # t = 2, none:  U1 = .046875; U2 = .0234375
    assert spikes_of(network, [1, 1, 0]) == [[[1], [1], [0]], [[0], [1], [0]]]
    # alone: U2 = .5, then .25 + .5 = .75
    assert spikes_of(two_layers([[[1.75]], [[0.5]]], 1, ""), [1, 1, 0])[1] == [[0], [0], [0]]


def test_channel_groups_that_share_a_state_hand_it_on() -> None:
    """EfficientLIF-Net, cross-channel C#2: U(2) = .5 (U(1) - O(1)) + X(2), and U(1) goes on from U(2)."""
    matrix = [[0.75], [0.75]]
    # t = 0: U(1) = .75, silent; U(2) = .375 + .75 = 1.125, fires, .125 left
    # t = 1: U(1) = .0625 + .75 = .8125, silent; U(2) = .40625 + .75 = 1.15625, fires, .15625
    # t = 2: U(1) = .078125 + .75 = .828125, silent; U(2) = .4140625 + .75 = 1.1640625, fires
    assert spikes_of(two_layers([matrix], 2, ""), [1, 1, 1]) == [[[0, 1], [0, 1], [0, 1]]]
    # alone: .75; 1.125, fires, .125; .8125
    assert spikes_of(two_layers([matrix], 1, ""), [1, 1, 1]) == [[[0, 0], [1, 1], [0, 0]]]


def test_layers_and_channel_groups_share_one_state() -> None:
    """L + C#2: layer 1 group 1, group 2, layer 2 group 1, group 2, and at the next step the first again."""
    network = two_layers([[[0.75], [0.75]], [[0, 0.5], [1, 0.5]]], 2, "shared")
    # t = 0: .75; .375 + .75 = 1.125 fires, .125 | .0625 + .5 = .5625; .28125 + .5 = .78125
    # t = 1: .390625 + .75 = 1.140625 fires, .140625; .0703125 + .75 = .8203125
    #        | .41015625; .205078125 + 1 = 1.205078125 fires, .205078125
    # t = 2: .1025390625 + .75 = .8525390625; .42626953125 + .75 = 1.17626953125 fires, .17626953125
    #        | .088134765625 + .5 = .588134765625; .2940673828125 + .5 = .7940673828125
    assert spikes_of(network, [1, 1, 1]) == [[[0, 1], [1, 0], [0, 1]], [[0, 0], [0, 1], [0, 0]]]
    assert [p.state_words for p in network.populations] == [0, 1, 1]


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


def test_a_leaky_integrator_emits_its_membrane() -> None:
    """c = c / 2 + x: a synapse's exponential filter; with gain 4 and a second neuron that keeps all."""
    layer = Population("li", (2,), "li", gain=4.0, vectors={"decay": np.array([0.5, 1.0])})
    expected = [[4, 4], [2, 4], [5, 8], [2.5, 8]]
    assert values_of(single(layer, steps=4), [1, 0, 1, 0]) == expected
    assert layer.state_words == 2
    assert not single(layer).is_binary("li")


def test_a_leaky_integrator_with_a_current_is_a_second_order_filter() -> None:
    """u = u / 2 + x = 1, .5, .25; v = v / 4 + u = 1, .75, .4375."""
    layer = Population("li", (1,), "li", decay=0.25, current_decay=0.5)
    assert values_of(single(layer), [1, 0, 0]) == [[1], [0.75], [0.4375]]
    assert layer.state_words == 2


def test_a_leaky_integrator_relaxes_to_its_rest() -> None:
    """v = v - (v - 2) / 2: from 0 to 1, 1.5, and with the input of 1 once more to 2.75."""
    layer = Population("li", (1,), "li", leak="leak_divide", decay=2.0, rest=2.0)
    assert values_of(single(layer), [0, 0, 1]) == [[1], [1.5], [2.75]]


def test_a_leaky_integrator_at_zero_emits_no_event() -> None:
    """v = v + x with x = 1, then -1 through a delay of one step: 1, 0, 0."""
    network = single(Population("li", (1,), "li"))
    back = Projection("late", "input", "li", "dense", np.array([[-1]], np.float32), delay=1)
    network = replace(network, projections=(*network.projections, back))
    trace = execute(network, encode(network, np.array([1, 0, 0]).reshape(1, 3, 1)))
    assert trace.events["li"].counts().tolist() == [[1, 0, 0]]


def test_the_ann_counterpart_of_a_leaky_integrator_is_a_sum() -> None:
    ann = single(Population("li", (1,), "li", decay=0.5)).as_ann()
    assert [p.kind for p in ann.populations] == ["input", "relay"]
    ann.verify()


def test_membranes_start_where_the_population_says() -> None:
    """v = initial - (initial - rest) / 2 + x: -4 to -3 + 1; a second neuron from 2 to 0 + 1."""
    start = {"initial": np.array([-4.0, 2.0])}
    layer = Population("li", (2,), "li", leak="leak_divide", decay=2.0, rest=-2.0, vectors=start)
    assert values_of(single(layer, steps=2), [1, 0]) == [[-2, 1], [-2, -0.5]]
    spiking = replace(layer, name="lif", kind="lif", threshold=0.5, reset="value", reset_value=-2.0)
    assert spikes_of(single(spiking, steps=2), [1, 0]) == [[[0, 1], [0, 0]]]


def test_a_membrane_stays_at_or_above_its_floor() -> None:
    """-3 a step: held at -1, so that 2 in the third step is enough to reach 1."""
    layer = Population("lif", (1,), "lif", floor=-1.0)
    for floored, fires in ((layer, 1), (replace(layer, floor=None), 0)):
        network = replace(single(floored, steps=4), coding="series")
        assert spikes_of(network, [-3, -3, 2, 0]) == [[[0], [0], [fires], [0]]]


def test_a_membrane_in_millivolts_has_a_negative_threshold() -> None:
    """From -65 by 8 a step over -52: -57, -49 fires and goes to -62; -54, -46 fires."""
    layer = Population("lif", (1,), "lif", threshold=-52.0, reset="value", reset_value=-62.0, initial=-65.0)
    assert spikes_of(single(layer, 8.0, steps=4), [1, 1, 1, 1]) == [[[0], [1], [0], [1]]]


def test_of_all_that_cross_only_the_farthest_above_its_threshold_fires() -> None:
    """v - h = 1, 2, 2, silent: neuron 1 fires as the first of equals, and 0, 1, 2 are reset to -8."""
    layer = Population(
        "lif", (4,), "lif", reset="value", reset_value=-8.0, one_spike=True,
        vectors={"threshold": np.array([3.0, 2.0, 2.0, 5.0])},
    )  # fmt: skip
    # 4; then -4 three times and 8, 3 above its threshold; then 0 three times and -4
    assert spikes_of(single(layer, 4.0), [1, 1, 1]) == [[[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]]


def test_the_first_of_equals_is_the_lowest_neuron_number() -> None:
    """Neurons 1 (channel 0, position 1) and 2 (channel 1, position 0) are equal; positions do not decide."""
    populations = (
        Population("input", (2, 1, 2), "input"),
        Population("lif", (2, 1, 2), "lif", one_spike=True),
    )
    projection = Projection("in", "input", "lif", "identity")
    network = Network("tie", populations, (projection,), "lif", 1, "spikes")
    trace = execute(network, encode(network, np.array([0, 1, 1, 0]).reshape(1, 1, 2, 1, 2)))
    assert trace.events["lif"].index.tolist() == [1]


def test_all_that_cross_are_refractory_and_adapt_although_one_fires() -> None:
    """h = 1 + a. t0: both at 2, a = 2 each, neuron 0 fires. t1: refractory. t2: v = 0 + 2 < 3; t3: 4 >= 3."""
    layer = Population("lif", (2,), "lif", reset="zero", one_spike=True, refractory=1, adaptation=2.0)
    expected = [[1, 0], [0, 0], [0, 0], [1, 0]]
    assert spikes_of(single(layer, 2.0, steps=4), [1, 1, 1, 1]) == [expected]


def test_reset_to_zero_ignores_the_reset_value() -> None:
    """With current_decay 0 the neuron is not the plain one; v = 1, fires, 0; v = 1, fires again."""
    layer = Population("lif", (1,), "lif", reset="zero", reset_value=-5.0, current_decay=0.0)
    assert spikes_of(single(layer), [1, 1, 1]) == [[[1], [1], [1]]]


def test_a_delayed_reset_subtracts_the_threshold_that_was_crossed() -> None:
    """h = 1 + a. t0: v = 2 fires at h = 1, a = 1. t1: v = 4 - 1 = 3 fires at 2, a = 2. t2: 5 - 2 = 3 at 3."""
    layer = Population("lif", (1,), "lif", delayed_reset=True, adaptation=1.0)
    assert spikes_of(single(layer, 2.0), [1, 1, 1]) == [[[1], [1], [1]]]
    # With h of the later step: 4 - 2 = 2 fires at 2, then 4 - 3 = 1 would be silent.


def test_parameters_per_neuron_count_although_the_field_is_at_its_default() -> None:
    """Neuron 1 adapts by 2: fires at 1 (v = 1), then v = 1, 2 < 3. Neuron 0 fires at every step."""
    layer = Population("lif", (2,), "lif", vectors={"adaptation": np.array([0.0, 2.0])})
    assert spikes_of(single(layer), [1, 1, 1]) == [[[1, 1], [1, 0], [1, 0]]]
    assert layer.state_words == 4
    cuba = Population("lif", (2,), "lif", vectors={"current_decay": np.array([0.0, 1.0])}, threshold=2.0)
    # Neuron 1: u = 1, 2, 3: v = 1; 3, fires, 1; 4. Neuron 0: v = 1; 2, fires, 0; 1.
    assert spikes_of(single(cuba), [1, 1, 1]) == [[[0, 0], [1, 1], [0, 1]]]


def test_a_group_named_like_a_population_shares_nothing_with_it() -> None:
    network = two_layers([[[0.75]], [[0.5]], [[0.5]]], 1, "")
    first, *rest = network.populations[1:]
    rest = [replace(p, state_group="layer0") for p in rest]
    back = Projection("back", "layer2", "layer0", "identity", delay=1)
    network = replace(
        network, populations=(network.input, first, *rest), projections=(*network.projections, back)
    )
    agree(network, np.ones((2, 3, 1), int))


def test_refractory_neurons_take_no_input_and_do_not_fire() -> None:
    """v = 3 fires, 2 left: over the threshold, but refractory for a step; then 2 + 3 fires, 4 left."""
    layer = Population("lif", (1,), "lif", refractory=1)
    assert spikes_of(single(layer, 3.0), [1, 1, 1]) == [[[1], [0], [1]]]


def test_sums_of_a_shared_integer_state_are_bounded_over_all_its_uses() -> None:
    """2**28 a step and 4 steps is 2**30 for one neuron; four groups add 2**32 to the one state they share."""
    layer = Population("lif", (4,), "lif", threshold=2.0**29)
    execute(network := single(layer, 2**28, True, 4), encode(network, np.ones((1, 4, 1), int)))
    network = single(replace(layer, channel_groups=4), 2**28, True, 4)
    with pytest.raises(HwsimError, match="beyond int32"):
        execute(network, encode(network, np.ones((1, 4, 1), int)))


LIF = Population("lif", (4,), "lif")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (replace(LIF, channel_groups=3), "3 channel groups do not divide 4 channels"),
        (replace(LIF, channel_groups=0), "0 channel groups"),
        (replace(LIF, vectors={"decay": np.ones(3)}), "3 values of decay; expected 4"),
        (replace(LIF, vectors={"decay": np.array([0, 0, 2, 0])}), r"decay 2.* lie in \[0, 1\]"),
        (replace(LIF, vectors={"current_decay": np.full(4, 2.0)}), "current_decay 2"),
        (replace(LIF, vectors={"colour": np.ones(4)}), "colour"),
        (replace(LIF, refractory=1, channel_groups=2), "cannot be refractory"),
        (replace(LIF, refractory=-1), "must not be negative"),
        (replace(LIF, one_spike=True, multispike=True), "one_spike is for a lif with states of its own"),
        (replace(LIF, one_spike=True, delayed_reset=True), "without multispike and delayed_reset"),
        (replace(LIF, one_spike=True, channel_groups=2), "one_spike"),
        (replace(LIF, one_spike=True, state_group="g"), "one_spike"),
        (replace(LIF, kind="clif", current_decay=0.5, one_spike=True), "one_spike is for a lif"),
        (replace(LIF, kind="li", one_spike=True), "it has no one_spike"),
        (replace(LIF, kind="relay", one_spike=True), "a relay has no state"),
        (replace(LIF, kind="readout", initial=1.0), "a readout has no state to share, to start from"),
        (replace(LIF, kind="relay", floor=-1.0), "a relay has no state to share, to start from or to bound"),
        (replace(LIF, kind="li", floor=-1.0), "a li does not fire; it has no floor"),
        (replace(LIF, kind="clif", current_decay=0.5, initial=1.0), "they have no initial"),
        (replace(LIF, state_group="g", vectors={"initial": np.ones(4)}), "they have no initial"),
        (replace(LIF, initial=float("inf")), "initial inf; it must be finite"),
        (replace(LIF, threshold=-52.0), "threshold -52.0; it must be positive and finite"),
        (replace(LIF, threshold=0.0, reset="value", multispike=True), "it must be positive and finite"),
        (replace(LIF, threshold=float("nan"), reset="value"), "threshold nan; it must be finite"),
        (replace(LIF, multispike=True, adaptation=-1.0), "multispike"),
        (replace(LIF, kind="clif"), "needs current_decay"),
        (replace(LIF, kind="clif", current_decay=0.5, state_group="g"), "cannot be shared"),
        (replace(LIF, kind="li", state_group="g"), "a li cannot share its states"),
        (replace(LIF, kind="li", channel_groups=2), "a li cannot share its states"),
        (replace(LIF, kind="li", refractory=1, multispike=True), "no multispike, refractory"),
        (replace(LIF, kind="li", adaptation=1.0), "a li does not fire; it has no adaptation"),
        (replace(LIF, kind="li", vectors={"threshold": np.ones(4)}), "'threshold'.* per neuron"),
        (replace(LIF, kind="li", decay=1.5), "decay 1.5"),
        (replace(LIF, kind="readout", channel_groups=2), "no state to share"),
        (replace(LIF, kind="relay", state_group="g"), "no state to share"),
        (replace(LIF, kind="relu", vectors={"decay": np.ones(4)}), "no parameters per neuron"),
    ],
)
def test_verify_refuses_neurons(layer: Population, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        single(layer).verify()


def test_verify_refuses_a_state_shared_by_layers_of_different_sizes() -> None:
    network = two_layers([[[1], [1]], [[1, 1]]], 1, "shared")
    with pytest.raises(HwsimError, match=r"different sizes: 'layer0' \(2,\) in 1 groups, 'layer1' \(1,\)"):
        network.verify()
    first, second = network.populations[1:]
    populations = (network.input, replace(first, channel_groups=2), second)
    replace(network, populations=populations).verify()  # one word each


def test_verify_refuses_a_state_whose_reset_is_delayed_for_some() -> None:
    network = two_layers([[[1]], [[1]]], 1, "shared")
    first, second = network.populations[1:]
    with pytest.raises(HwsimError, match="must delay the same kind of reset"):
        replace(network, populations=(network.input, first, replace(second, delayed_reset=True))).verify()


def test_verify_refuses_a_cycle_without_delay() -> None:
    network = two_layers([[[1]], [[1]]], 1, "")
    for source, target in (("layer1", "layer0"), ("layer1", "layer1")):
        back = Projection("back", source, target, "identity")
        with pytest.raises(HwsimError, match="cycle without delay"):
            replace(network, projections=(*network.projections, back)).verify()
        replace(network, projections=(*network.projections, replace(back, delay=1))).verify()
    with pytest.raises(HwsimError, match="delay -1"):
        replace(network, projections=(*network.projections, replace(back, delay=-1))).verify()


def test_verify_refuses_a_pool_with_bias_and_a_divisor_elsewhere() -> None:
    populations = (Population("input", (1, 2, 2), "input"), Population("pool", (1, 1, 1), "relay"))
    pool = Projection("p", "input", "pool", "max_pool", kernel=(2, 2))
    network = Network("pool", populations, (pool,), "pool", 1)
    for changed, message in (
        (replace(pool, bias=np.ones(1, np.float32)), "no bias"),
        (replace(pool, divisor=2.0), "divides"),
    ):
        with pytest.raises(HwsimError, match=message):
            replace(network, projections=(changed,)).verify()
