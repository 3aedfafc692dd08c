"""The event executor against PyTorch's functional operations, and what it refuses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.execute import executor, plan
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from tests import by_torch
from tests.examples import conv, dense, small_network
from tests.random_networks import draw_network

pytestmark = pytest.mark.usefixtures("one_thread")

SEEDS = st.integers(0, 2**32 - 1)
SIZES = {"seed": SEEDS, "layers": st.integers(1, 4), "timesteps": st.integers(1, 4)}
random_settings = settings(max_examples=200, deadline=None, derandomize=True)


def differences(ours: EventTrace, theirs: EventTrace) -> list[str]:
    """Populations whose events differ in anything, and ``outputs`` if these do."""
    odd = []
    for name, a in ours.events.items():
        b = theirs.events[name]
        same = (
            a.steps == b.steps and np.array_equal(a.offsets, b.offsets) and np.array_equal(a.index, b.index)
        )
        same = same and (a.payload is None) == (b.payload is None)
        if not same or (a.payload is not None and not np.array_equal(a.payload, b.payload)):  # type: ignore[arg-type]
            odd.append(name)
    return odd if np.array_equal(ours.outputs, theirs.outputs) else [*odd, "outputs"]


def run(network: Network, inputs: NDArray[Any]) -> EventTrace:
    trace = execute(network, encode(network, inputs))
    trace.verify(network)
    return trace


def equal_to_torch(network: Network, inputs: NDArray[Any]) -> bool:
    """Whether every event, value and output is PyTorch's; and that there is something to compare."""
    expected = by_torch.run(network, inputs)
    assert any(len(e.index) for e in expected.events.values())
    return not differences(run(network, inputs), expected)


def chain(shape: tuple[int, ...], *stages: tuple[Population, Projection], **fields: Any) -> Network:
    """An input and one projection into each further population; the last one is the readout."""
    populations = (Population("in", shape, "input"), *(p for p, _ in stages))
    projections = tuple(q for _, q in stages)
    values = {"timesteps": 4, "coding": "spikes"} | fields
    network = Network("chain", populations, projections, populations[-1].name, **values)
    network.verify()
    return network


def whole(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """Whole numbers from -2 to 3 as float32, so that sums are exact in any order."""
    return rng.integers(-2, 4, shape).astype(np.float32)


# --- one kind of layer at a time -----------------------------------------------------------------


@pytest.mark.parametrize("coding", ["spikes", "frames", "series"])
@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding", "groups"),
    [
        ((3, 5), (1, 1), (1, 1), (0, 0), 1),
        ((3, 5), (3, 3), (1, 1), (1, 1), 1),
        ((2, 4), (3, 2), (2, 1), (0, 1), 1),
        ((2, 4), (2, 3), (3, 3), (2, 2), 1),
        ((4, 6), (3, 3), (1, 1), (1, 1), 2),
        ((4, 4), (3, 3), (2, 2), (1, 1), 4),
        ((3, 6), (5, 5), (1, 2), (2, 2), 3),
        ((70, 67), (1, 1), (1, 1), (0, 0), 1),
    ],
    ids=["1x1", "same", "uneven", "gaps", "grouped", "depthwise", "two per group", "wide"],
)
def test_a_convolution_sums_as_pytorch(
    channels: tuple[int, int], kernel: Any, stride: Any, padding: Any, groups: int, coding: str
) -> None:
    rng = np.random.default_rng(1)
    weights = whole(rng, channels[1], channels[0] // groups, *kernel)
    plane = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((7, 6), padding, kernel, stride, strict=True)]
    target = Population("a", (channels[1], *plane), "lif", decay=0.5, threshold=2.0)
    bias = whole(rng, channels[1])
    projection = conv("in", "a", weights, bias=bias, stride=stride, padding=padding, groups=groups)
    network = chain((channels[0], 7, 6), (target, projection), coding=coding)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


@pytest.mark.parametrize("coding", ["spikes", "frames", "series"])
def test_a_dense_layer_sums_as_pytorch(coding: str) -> None:
    rng = np.random.default_rng(2)
    target = Population("a", (67,), "readout")
    projection = dense("in", "a", whole(rng, 67, 3 * 4 * 5), bias=whole(rng, 67))
    network = chain((3, 4, 5), (target, projection), coding=coding)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((2, 2), (2, 2), (0, 0)),
        ((3, 3), (2, 2), (1, 1)),
        ((2, 3), (1, 1), (0, 0)),
        ((4, 4), (3, 2), (2, 1)),
        ((1, 2), (3, 3), (0, 1)),
    ],
    ids=["plain", "overlapping and padded", "overlapping", "uneven", "gaps"],
)
def test_a_pool_of_graded_values_of_either_sign_is_pytorchs(
    kind: Any, kernel: Any, stride: Any, padding: Any
) -> None:
    # a relay emits negative sums too, so that a maximum may be negative, and zeros emit no event
    rng = np.random.default_rng(3)
    plane = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((7, 6), padding, kernel, stride, strict=True)]
    sums = Population("sums", (4, 7, 6), "relay")
    pooled = Population("pooled", (4, *plane), "relay")
    divisor = float(kernel[0] * kernel[1]) if kind == "avg_pool" else 1.0
    pool = Projection("p", "sums", "pooled", kind, None, None, kernel, stride, padding, divisor=divisor)
    network = chain((2, 7, 6), (sums, conv("in", "sums", whole(rng, 4, 2, 1, 1) - 1)), (pooled, pool))
    inputs = by_torch.inputs_for(network, rng, 3)
    found = by_torch.run(network, inputs).events["pooled"].payload
    assert found is not None
    assert (found < 0).any()
    assert equal_to_torch(network, inputs)


def test_a_max_pool_of_negative_values_alone_is_negative() -> None:
    # every neuron of the window holds -2: the maximum is -2, not the 0 of a neuron without event
    halved = conv("in", "sums", np.full((1, 1, 1, 1), -2, np.float32))
    sums, pooled = Population("sums", (1, 2, 2), "relay"), Population("pooled", (1, 1, 1), "relay")
    pool = Projection("p", "sums", "pooled", "max_pool", kernel=(2, 2))
    network = chain((1, 2, 2), (sums, halved), (pooled, pool), timesteps=1)
    trace = run(network, np.ones((1, 1, 1, 2, 2), np.float32))
    assert trace.events["pooled"].payload is not None
    assert trace.events["pooled"].payload.tolist() == [-2.0]


def test_a_silent_neuron_counts_as_zero_in_a_max_pool() -> None:
    # three neurons hold -2, the fourth holds nothing: the maximum is 0, so that nothing is emitted
    lowered = conv("in", "sums", np.full((1, 1, 1, 1), -2, np.float32))
    sums, pooled = Population("sums", (1, 2, 2), "relay"), Population("pooled", (1, 1, 1), "relay")
    pool = Projection("p", "sums", "pooled", "max_pool", kernel=(2, 2))
    network = chain((1, 2, 2), (sums, lowered), (pooled, pool), timesteps=1)
    image = np.ones((1, 1, 1, 2, 2), np.float32)
    image[..., 1, 1] = 0
    assert len(run(network, image).events["pooled"].index) == 0


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("compare", [">=", ">"])
@pytest.mark.parametrize("decay", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_a_neuron_leaks_fires_and_resets_as_pytorch(reset: Any, compare: Any, decay: float) -> None:
    rng = np.random.default_rng(4)
    target = Population("a", (50,), "lif", decay, 2.0, reset, compare)
    network = chain((20,), (target, dense("in", "a", whole(rng, 50, 20))), timesteps=8)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 4))


def test_a_shortcut_adds_spikes_to_a_current() -> None:
    rng = np.random.default_rng(5)
    populations = (
        Population("in", (3, 5, 5), "input"),
        Population("a", (3, 5, 5), "lif", 0.5),
        Population("b", (3, 5, 5), "lif", 0.5),
        Population("sum", (3, 5, 5), "relay"),
        Population("out", (7,), "readout"),
    )
    projections = (
        conv("in", "a", whole(rng, 3, 3, 3, 3), padding=(1, 1)),
        conv("a", "b", whole(rng, 3, 3, 3, 3), padding=(1, 1), bias=whole(rng, 3)),
        Projection("in>b", "in", "b", "identity", bias=whole(rng, 3)),
        Projection("a>sum", "a", "sum", "identity"),
        Projection("b>sum", "b", "sum", "identity"),
        Projection("in>sum", "in", "sum", "identity"),
        dense("sum", "out", whole(rng, 7, 75)),
    )
    network = Network("residual", populations, projections, "out", 4, "spikes")
    network.verify()
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


def test_relu_passes_what_is_positive() -> None:
    rng = np.random.default_rng(6)
    positive = Population("r", (30,), "relu")
    out = Population("out", (4,), "readout")
    first, second = dense("in", "r", whole(rng, 30, 12)), dense("r", "out", whole(rng, 4, 30))
    network = chain((12,), (positive, first), (out, second), coding="frames", timesteps=2)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


def test_a_spiking_readout_returns_cumulative_spike_counts() -> None:
    # threshold 2, inputs 1 at every step, no leak: a spike at every second step
    target = Population("a", (1,), "lif", decay=1.0, threshold=2.0)
    network = chain((1,), (target, dense("in", "a", np.ones((1, 1), np.float32))), timesteps=5)
    trace = run(network, np.ones((1, 5, 1), np.float32))
    assert trace.outputs[0, :, 0].tolist() == [0, 1, 1, 2, 2]


def test_a_stateless_readout_of_frames_sums_over_all_timesteps() -> None:
    # a pool of frames never changes, but the sum of its outputs grows with every step
    pool = Projection("p", "in", "pooled", "max_pool", kernel=(2, 2))
    network = chain((1, 2, 2), (Population("pooled", (1, 1, 1), "relay"), pool), coding="frames", timesteps=3)
    trace = run(network, np.full((1, 1, 2, 2), 5, np.float32))
    assert trace.outputs.shape == (1, 3, 1)
    assert trace.outputs[0, :, 0].tolist() == [5, 10, 15]


def test_a_series_enters_step_by_step_with_its_values() -> None:
    # 3 * (0.5, -2, 0), summed; the 0 emits nothing
    out = Population("out", (1,), "readout")
    network = chain(
        (1,), (out, dense("in", "out", np.full((1, 1), 3, np.float32))), coding="series", timesteps=3
    )
    trace = run(network, np.array([0.5, -2, 0], np.float32).reshape(1, 3, 1))
    assert trace.outputs[0, :, 0].tolist() == [1.5, -4.5, -4.5]
    assert trace.events["in"].counts().tolist() == [[1, 1, 0]]
    assert not network.is_binary("in")
    assert not network.constant


def test_an_image_without_light_leaves_only_biases() -> None:
    # bias 1 at each of 3 steps
    out = Population("out", (2,), "readout")
    network = chain(
        (4,), (out, dense("in", "out", np.ones((2, 4), np.float32), bias=np.ones(2, np.float32))),
        coding="frames", timesteps=3,
    )  # fmt: skip
    trace = run(network, np.zeros((1, 4), np.float32))
    assert trace.outputs[0].tolist() == [[1, 1], [2, 2], [3, 3]]
    assert len(trace.events["in"].index) == 0


# --- random networks -----------------------------------------------------------------------------


@random_settings
@given(**SIZES)
def test_random_integer_networks_equal_pytorch_exactly(seed: int, layers: int, timesteps: int) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    assume(network.integer and network.readout not in network.constant)
    inputs = by_torch.inputs_for(network, rng, 3)
    assert not differences(run(network, inputs), by_torch.run(network, inputs))


@random_settings
@given(**SIZES)
def test_random_float_networks_with_exact_sums_equal_pytorch_exactly(
    seed: int, layers: int, timesteps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    assume(not network.integer and network.readout not in network.constant and by_torch.exact(network, 3))
    decays = rng.choice([0.0, 0.25, 0.5, 0.9, 1.0], len(network.populations))
    populations = (replace(p, decay=float(d)) for p, d in zip(network.populations, decays, strict=True))
    network = replace(network, populations=tuple(populations))
    inputs = by_torch.inputs_for(network, rng, 3)
    assert not differences(run(network, inputs), by_torch.run(network, inputs))


def gaussian(network: Network, rng: np.random.Generator) -> Network:
    """The network with random float32 weights, so that the order of additions matters."""
    projections = []
    for p in network.projections:
        weights = None if p.weights is None else rng.normal(0, 0.5, p.weights.shape).astype(np.float32)
        projections.append(replace(p, weights=weights))
    return replace(network, projections=tuple(projections))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(**SIZES)
def test_differences_of_random_float_weights_are_explained_by_rounding(
    seed: int, layers: int, timesteps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    assume(not network.integer and network.readout not in network.constant)
    network = gaussian(network, rng)
    inputs = by_torch.inputs_for(network, rng, 3)
    agreement = agree(network, run(network, inputs), by_torch.run(network, inputs))
    assert agreement.unexplained == 0


# --- integers ------------------------------------------------------------------------------------


def integer_chain(dtype: Any, decay: float, weights: Any, bias: Any = None, **fields: Any) -> Network:
    """One integer LIF neuron per row of ``weights``."""
    array = np.array(weights, dtype)
    target = Population("a", (len(array),), "lif", decay, fields.pop("threshold", 1000.0))
    given = None if bias is None else np.array(bias, np.int32)
    projection = dense("in", "a", array, bias=given)
    return chain((array.shape[1],), (target, projection), integer=True, **fields)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
@pytest.mark.parametrize("decay", [0.0, 0.25, 0.5, 3686 / 4096, 1 / 4096, 4095 / 4096, 1.0])
def test_integer_neurons_leak_in_steps_of_a_4096th_toward_zero(dtype: Any, decay: float) -> None:
    rng = np.random.default_rng(7)
    weights = rng.integers(-100, 101, (40, 10))
    network = integer_chain(dtype, decay, weights, timesteps=6, threshold=37.0)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 4))


@pytest.mark.parametrize(("charge", "left"), [(5, 2), (-5, -2), (1, 0), (-1, 0)])
def test_a_leak_by_half_truncates_toward_zero(charge: int, left: int) -> None:
    # step 0 charges the membrane, step 1 leaks it by half; the second neuron fires if it holds ``left``
    low, high = (
        Population("a", (1,), "lif", 0.5, left + 100.0),
        Population("b", (1,), "lif", 0.5, left + 101.0),
    )
    weights = np.array([[charge, 100]], np.int16)
    populations = (Population("in", (2,), "input"), low, high, Population("out", (2,), "readout"))
    spread = (np.array([[1], [0]], np.int8), np.array([[0], [1]], np.int8))
    projections = (
        dense("in", "a", weights), dense("in", "b", weights),
        dense("a", "out", spread[0]), dense("b", "out", spread[1]),
    )  # fmt: skip
    network = Network("leak", populations, projections, "out", 2, "spikes", integer=True)
    network.verify()
    trace = run(network, np.array([[[1, 0], [0, 1]]], np.int32))
    assert trace.outputs[0, 1].tolist() == [1, 0]


@pytest.mark.parametrize("coding", ["spikes", "frames"])
def test_large_integers_stay_exact(coding: str) -> None:
    # sums near 2^30, where float32 has steps of 64
    rng = np.random.default_rng(8)
    weights = rng.integers(-(2**22), 2**22, (30, 12))
    network = integer_chain(np.int32, 0.5, weights, timesteps=4, threshold=123457.0, coding=coding)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


def refused_range(network: Network, inputs: NDArray[Any]) -> None:
    with pytest.raises(HwsimError, match=r"population 'a': its integer sums may reach \d+, beyond int32"):
        execute(network, encode(network, inputs))


def test_weights_that_could_overflow_are_refused() -> None:
    # 8 weights of 2^27 over 2 steps may reach 2^31
    network = integer_chain(np.int32, 1.0, np.full((1, 8), 2**27), timesteps=2)
    refused_range(network, np.zeros((1, 2, 8), np.int32))


def test_weights_that_stay_within_int32_are_executed() -> None:
    # 7 weights of 2^27 over 2 steps reach 7 * 2^28 < 2^31
    network = integer_chain(np.int32, 1.0, np.full((1, 7), 2**27), timesteps=2, threshold=2.0**27)
    assert equal_to_torch(network, np.ones((1, 2, 7), np.int32))


def test_large_inputs_are_refused() -> None:
    network = integer_chain(np.int8, 1.0, [[100]], timesteps=1, coding="frames")
    refused_range(network, np.array([[2**25]], np.int32))


def test_two_biases_that_overflow_together_are_refused() -> None:
    network = integer_chain(np.int32, 1.0, [[1]], [2**30], timesteps=1)
    (one,) = network.projections
    doubled = replace(network, projections=(one, replace(one, name="again")))
    refused_range(doubled, np.zeros((1, 1, 1), np.int32))


def test_the_smallest_int32_as_an_input_is_refused() -> None:
    # |-2^31| does not fit int32
    network = integer_chain(np.int8, 1.0, [[2]], timesteps=1, coding="frames")
    refused_range(network, np.array([[-(2**31)]], np.int64))


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**40, 1e12])
def test_inputs_beyond_int32_are_refused(value: float) -> None:
    network = integer_chain(np.int8, 1.0, [[1]], timesteps=1, coding="frames")
    with pytest.raises(HwsimError):
        execute(network, encode(network, np.array([[value]])))


# --- samples, chunks, threads --------------------------------------------------------------------


def several(samples: int = 7) -> tuple[Network, NDArray[Any]]:
    rng = np.random.default_rng(9)
    network = gaussian(small_network("frames"), rng)
    return network, rng.normal(0, 1, (samples, 2, 4, 4)).astype(np.float32)


def test_samples_run_together_as_they_run_alone() -> None:
    network, inputs = several()
    together = run(network, inputs)
    alone = EventTrace.join([run(network, inputs[i : i + 1]) for i in range(len(inputs))])
    assert not differences(together, alone)


def test_permuted_samples_give_permuted_results() -> None:
    network, inputs = several()
    order = np.random.default_rng(10).permutation(len(inputs))
    found = run(network, inputs[order])
    expected = run(network, inputs)
    expected = EventTrace.join([expected.select(i, i + 1) for i in order])
    assert not differences(found, expected)


@pytest.mark.parametrize("bytes_left", [1, 2400, 5000])
def test_small_chunks_change_nothing(bytes_left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network, inputs = several()
    # the largest population has 48 neurons and 3 steps: room for 1, 2 or 4 samples at 8 bytes each
    expected = run(network, inputs)
    monkeypatch.setattr(executor, "CHUNK_BYTES", bytes_left)
    seen: list[tuple[int, int]] = []
    found = execute(network, encode(network, inputs), lambda done, total: seen.append((done, total)))
    assert not differences(found, expected)
    assert len(seen) > 1
    assert seen[-1] == (7, 7)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("threads", [1, 2, 3, 8, 100])
def test_the_number_of_threads_changes_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # with fewer samples than threads, blocks of channels are shared among these
    network, inputs = several(2)
    monkeypatch.setattr(plan, "threads", lambda: 1)
    expected = run(network, inputs)
    monkeypatch.setattr(plan, "threads", lambda: threads)
    assert not differences(run(network, inputs), expected)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(threads=st.sampled_from([2, 5, 64]), **SIZES)
def test_random_networks_do_not_depend_on_the_threads(
    seed: int, threads: int, layers: int, timesteps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    inputs = by_torch.inputs_for(network, rng, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "threads", lambda: 1)
        expected = execute(network, encode(network, inputs))
        patch.setattr(plan, "threads", lambda: threads)
        found = execute(network, encode(network, inputs))
    assert not differences(found, expected)


def test_progress_tells_samples_done_of_all() -> None:
    network, inputs = several()
    seen: list[tuple[int, int]] = []
    execute(network, encode(network, inputs), lambda done, total: seen.append((done, total)))
    assert seen == [(7, 7)]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 4, 4, 2), (1, 2, 4, 5), (1, 3, 2, 4, 4), (32,)])
def test_frames_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    network = small_network("frames")
    with pytest.raises(HwsimError, match=r"'small' takes frames of shape \(samples, 2, 4, 4\)") as caught:
        encode(network, np.zeros(shape, np.float32))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 2, 4, 4), (1, 2, 2, 4, 4), (3, 2, 4, 4)])
def test_spikes_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(HwsimError, match=r"'small' takes spikes of shape \(samples, 3, 2, 4, 4\)"):
        encode(small_network(), np.zeros(shape, np.float32))


def test_a_series_of_another_shape_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"'small' takes series of shape \(samples, 3, 2, 4, 4\)"):
        encode(small_network("series"), np.zeros((1, 2, 4, 4), np.float32))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_inputs_that_are_not_finite_are_refused(value: float) -> None:
    image = np.zeros((1, 2, 4, 4))
    image[0, 1, 2, 3] = value
    with pytest.raises(HwsimError, match="not finite numbers"):
        encode(small_network("frames"), image)


def test_inputs_that_float32_cannot_hold_are_refused() -> None:
    with pytest.raises(HwsimError, match="not finite numbers"):
        encode(small_network("frames"), np.full((1, 2, 4, 4), 1e300))


@pytest.mark.parametrize("dtype", [np.complex64, np.dtype("U1"), object])
def test_inputs_that_are_not_numbers_are_refused(dtype: Any) -> None:
    with pytest.raises(HwsimError, match="not finite numbers"):
        encode(small_network("frames"), np.zeros((1, 2, 4, 4), np.int8).astype(dtype))


@pytest.mark.parametrize("value", [2, -1, 0.5])
def test_spikes_other_than_one_are_refused(value: float) -> None:
    spikes = np.zeros((1, 3, 2, 4, 4))
    spikes[0, 2, 1, 3, 3] = value
    with pytest.raises(HwsimError, match="spike inputs must be 0 or 1"):
        encode(small_network(), spikes)


def test_broken_numbers_are_refused_by_an_integer_network() -> None:
    network = integer_chain(np.int8, 1.0, [[1, 1]], timesteps=1, coding="frames")
    with pytest.raises(HwsimError, match="computes in integers; its inputs must be integers"):
        encode(network, np.array([[1.0, 0.5]]))


def test_no_sample_at_all_is_refused() -> None:
    with pytest.raises(HwsimError, match="inputs hold no sample"):
        encode(small_network("frames"), np.zeros((0, 2, 4, 4), np.float32))


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float64])
def test_spikes_may_come_in_any_numeric_type(dtype: Any) -> None:
    spikes = (np.arange(96).reshape(1, 3, 2, 4, 4) % 3 == 0).astype(dtype)
    found = encode(small_network(), spikes)
    assert np.array_equal(found.dense(32).reshape(spikes.shape), spikes)
