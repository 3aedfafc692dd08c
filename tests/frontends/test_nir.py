"""NIR files read: every primitive by hand, shapes, loops, delays, producers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from hwsim.errors import HwsimError, HwsimWarning
from hwsim.execute.executor import encode, execute
from hwsim.frontends.nir.read import read_nir
from hwsim.network import Network
from tests.frontends.nir_files import affine, chain, conv2d, end, graph, integrate, lif, write


def run(network: Network, inputs: Any) -> dict[str, Any]:
    """Dense (steps, *shape) outputs of every population, and the sums of the answer, for one sample."""
    trace = execute(network, encode(network, np.asarray(inputs)[None]))
    trace.verify(network)
    found = {n: e.dense(network.population[n].size)[0] for n, e in trace.events.items()}
    return found | {"answer": trace.outputs[0]}


def read(path: Path, timesteps: int = 4, **options: Any) -> Network:
    return read_nir(path, timesteps, **({"producer": "nir", "dt": 1.0, "coding": "series"} | options))


def made(tmp_path: Path, *inner: dict[str, Any], **ends: Any) -> Network:
    return read(write(tmp_path / "net.nir", chain(*inner, **ends)))


ONES = np.ones((4, 2))


# --- neurons -------------------------------------------------------------------------------------


def test_an_integrate_and_fire_neuron_fires_above_its_threshold_and_starts_again(tmp_path: Path) -> None:
    """v = 0.5, 1.0 (not above 1), 1.5 fires and goes to v_reset = 0.25, 0.75"""
    node = integrate(threshold=1.0, r=0.5) | {"v_reset": np.full(2, 0.25)}
    found = run(made(tmp_path, node), ONES)["n0"]
    assert found.T.tolist() == [[0, 0, 1, 0]] * 2


def test_a_leaky_neuron_by_hand(tmp_path: Path) -> None:
    """tau = 4, r = 2, v_leak = 1, threshold 1.3: v += ((1 - v) + 2) / 4 = 0.75, 1.3125 fires, then again"""
    node = lif(tau=4.0, v_leak=np.ones(2), v_threshold=np.full(2, 1.3))
    assert run(made(tmp_path, node), ONES)["n0"].T.tolist() == [[0, 1, 0, 1]] * 2


def test_a_cuba_neuron_by_hand(tmp_path: Path) -> None:
    """tau_syn = 2, w_in = 2: i = i/2 + s = 1, 1.5, 1.75, ...; tau_mem = 4, r = 4: v = 3/4 v + i.

    v = 1, 2.25 fires above 2, 1.75, then 1.3125 + 1.875 = 3.1875 fires.
    """
    each = {"tau_syn": 2.0, "w_in": 2.0, "tau_mem": 4.0, "r": 4.0, "v_leak": 0.0, "v_threshold": 2.0}
    node = {"type": "CubaLIF"} | {name: np.full(2, value) for name, value in each.items()}
    assert run(made(tmp_path, node), ONES)["n0"].T.tolist() == [[0, 1, 0, 1]] * 2


def test_integrators_emit_their_membranes(tmp_path: Path) -> None:
    """I: v = v + 1/2. LI with tau = 2, r = 4: v = v/2 + 2 v_in. CubaLI: i = i/2 + 1 and v = v/2 + i."""
    half = {"r": np.full(2, 0.5)}
    assert run(made(tmp_path, {"type": "I"} | half), ONES)["n0"][:, 0].tolist() == [0.5, 1, 1.5, 2]
    node = {"type": "LI", "tau": np.full(2, 2.0), "r": np.full(2, 4.0), "v_leak": np.zeros(2)}
    assert run(made(tmp_path, node), ONES)["n0"][:, 0].tolist() == [2, 3, 3.5, 3.75]
    each = {"tau_syn": 2.0, "w_in": 2.0, "tau_mem": 2.0, "r": 2.0, "v_leak": 0.0}
    node = {"type": "CubaLI"} | {name: np.full(2, value) for name, value in each.items()}
    assert run(made(tmp_path, node), ONES)["n0"][:, 0].tolist() == [1, 2, 2.75, 3.25]


def test_a_threshold_has_no_memory(tmp_path: Path) -> None:
    node = {"type": "Threshold", "threshold": np.array([0.5, 1.0])}
    assert run(made(tmp_path, node), ONES)["n0"].T.tolist() == [[1] * 4, [0] * 4]


def test_parameters_of_each_neuron_become_vectors_and_equal_ones_numbers(tmp_path: Path) -> None:
    node = lif() | {"v_threshold": np.array([1.0, 3.0]), "tau": np.full(2, 4.0), "r": np.array([4.0])}
    population = made(tmp_path, node).population["n0"]
    assert population.vectors.keys() == {"threshold"}
    assert population.vectors["threshold"].tolist() == [1.0, 3.0]
    assert (population.decay, population.gain, population.leak) == (0.75, 1.0, "decay")


# --- layers --------------------------------------------------------------------------------------


def test_affine_and_linear_layers_add_weights_and_biases(tmp_path: Path) -> None:
    network = made(tmp_path, affine([[1, 2], [3, 4]], [10, 20]), affine([[1, 0]]), outputs=(1,))
    assert run(network, [[1, 1], [0, 1], [0, 0], [1, 0]])["answer"][:, 0].tolist() == [13, 25, 35, 46]


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({"stride": (2, 1), "padding": (1, 2)}, (4, 2, 3, 5)),
        ({"groups": 2}, (4, 1, 3, 3)),
        ({"padding": "same"}, (2, 2, 3, 5)),
        ({"padding": "valid", "stride": 2}, (2, 2, 1, 2)),
        ({"padding": 1, "groups": np.array([2])}, (2, 1, 3, 3)),
    ],
)
def test_convolutions_compute_what_pytorch_computes(
    tmp_path: Path, fields: dict[str, Any], shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    weight = rng.integers(-4, 5, shape).astype(np.float32)
    bias = rng.integers(-4, 5, shape[0]).astype(np.float32)
    inputs = rng.integers(0, 3, (4, 2, 6, 7)).astype(np.float32)
    node = conv2d(weight, bias=bias, **fields)
    stride, padding = fields.get("stride", 1), fields.get("padding", 0)
    groups = int(np.ravel(fields.get("groups", 1))[0])
    expected = functional.conv2d(
        torch.from_numpy(inputs), torch.from_numpy(weight), torch.from_numpy(bias), stride, padding, 1, groups
    )
    found = run(made(tmp_path, node, inputs=(2, 6, 7)), inputs)["answer"]
    np.testing.assert_array_equal(found, expected.numpy().reshape(4, -1).cumsum(axis=0))


def test_a_convolution_in_one_dimension(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = rng.integers(-4, 5, (3, 2, 4)).astype(np.float32)
    inputs = rng.integers(0, 3, (4, 2, 9)).astype(np.float32)
    node = conv2d(weight, stride=2, padding=np.array([1]), dilation=1) | {"type": "Conv1d", "input_shape": 9}
    network = made(
        tmp_path, node, integrate((3, 4)), {"type": "Flatten", "start_dim": 0, "end_dim": -1}, inputs=(2, 9)
    )
    expected = functional.conv1d(torch.from_numpy(inputs), torch.from_numpy(weight), stride=2, padding=1)
    network = made(tmp_path, node, inputs=(2, 9))
    assert network.input.shape == (2, 1, 9)
    found = run(network, inputs.reshape(4, 2, 1, 9))["answer"]
    np.testing.assert_array_equal(found, expected.numpy().reshape(4, -1).cumsum(axis=0))


@pytest.mark.parametrize(("kind", "divisor"), [("SumPool2d", 1), ("AvgPool2d", 6)])
def test_pools(tmp_path: Path, kind: str, divisor: int) -> None:
    parts = {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)}
    inputs = np.random.default_rng(0).integers(0, 3, (4, 2, 5, 5)).astype(np.float32)
    expected = functional.avg_pool2d(torch.from_numpy(inputs), *parts.values()) * 6 / divisor
    found = run(made(tmp_path, {"type": kind} | parts, inputs=(2, 5, 5)), inputs)["answer"]
    np.testing.assert_allclose(found, expected.numpy().reshape(4, -1).cumsum(axis=0), rtol=1e-6)


def test_a_scale_goes_into_weights_and_biases_or_becomes_weights(tmp_path: Path) -> None:
    scale = {"type": "Scale", "scale": np.array([2.0, -1.0])}
    network = made(tmp_path, affine([[1, 2], [3, 4]], [1, 1]), scale)
    assert len(network.projections) == 1
    assert run(network, ONES)["answer"][0].tolist() == [8, -8]
    assert run(made(tmp_path, scale), ONES)["answer"][0].tolist() == [2, -1]
    per_channel = {"type": "Scale", "scale": np.array([2.0, 3.0]).reshape(2, 1, 1)}
    found = run(made(tmp_path, per_channel, inputs=(2, 1, 2)), np.ones((4, 2, 1, 2)))["answer"]
    assert found[0].tolist() == [2, 2, 3, 3]


def test_a_flatten_is_a_view_and_needs_no_shape(tmp_path: Path) -> None:
    flatten = {"type": "Flatten", "start_dim": 0, "end_dim": -1, "input_type": np.zeros(4)}
    network = made(tmp_path, integrate((1, 2, 2)), flatten, affine(np.eye(4)), inputs=(1, 2, 2))
    assert [p.shape for p in network.populations] == [(1, 2, 2), (1, 2, 2), (4,)]
    found = run(network, np.arange(16).reshape(4, 1, 2, 2))
    assert found["answer"][0].tolist() == [0, 0, 1, 1]


# --- shapes of inputs ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [None, (0,), (5,), (1, 1, 1, 5)])
def test_an_input_shape_that_is_missing_or_wrong_is_taken_from_the_nodes_after_it(
    tmp_path: Path, shape: Any
) -> None:
    path = write(tmp_path / "net.nir", chain(affine([[1, 2], [3, 4]]), inputs=shape))
    with pytest.warns(HwsimWarning, match=r"input.* shape.*\(2,\)"):
        network = read(path)
    assert network.input.shape == (2,)
    assert "(2,)" in network.notes["input"]


def test_an_input_shape_with_a_batch_is_taken_without(tmp_path: Path) -> None:
    node = conv2d(np.ones((1, 2, 3, 3)), input_shape=(5, 5))
    assert made(tmp_path, node, inputs=(1, 2, 5, 5)).input.shape == (2, 5, 5)


# --- graphs --------------------------------------------------------------------------------------


def test_edges_into_one_node_add_up(tmp_path: Path) -> None:
    nodes = chain(affine([[1, 0], [0, 1]]), affine([[0, 1], [1, 0]], [5, 0]), affine([[1, 1]]), outputs=(1,))
    edges = [("input", "n0"), ("input", "n1"), ("n0", "n2"), ("n1", "n2"), ("n2", "output")]
    network = read(write(tmp_path / "net.nir", nodes, edges))
    assert network.population["n2.in"].kind == "relay"
    assert run(network, [[1, 0], [1, 1], [0, 0], [0, 0]])["answer"][:, 0].tolist() == [7, 16, 21, 26]


def test_a_loop_takes_one_step_and_its_bias_acts_at_every_step(tmp_path: Path) -> None:
    """v = 2 + 0.5 = 2.5 fires; then 2 + 0.5 - 4 * 1 = -1.5; then -1.5 + 2.5 = 1 (not above); then 3.5."""
    nodes = chain(affine([[1]]), integrate((1,)), inputs=(1,), outputs=(1,)) | {"rec": affine([[-4]], [0.5])}
    edges = [("rec", "n1"), ("n1", "rec"), ("n1", "output"), ("n0", "n1"), ("input", "n0")]
    network = read(write(tmp_path / "net.nir", nodes, edges))
    delays = {(q.source, q.target): q.delay for q in network.projections}
    assert delays == {("input", "n1"): 0, ("n1", "n1"): 1}
    assert run(network, np.full((4, 1), 2))["n1"][:, 0].tolist() == [1, 0, 0, 1]


def test_the_same_graph_in_any_order_is_the_same_network(tmp_path: Path) -> None:
    nodes = chain(affine(np.eye(2)), integrate(), affine(np.eye(2)), integrate()) | {
        "back": affine(np.eye(2))
    }
    edges = [*zip(["input", "n0", "n1", "n2", "n3"], ["n0", "n1", "n2", "n3", "output"], strict=True)]
    edges += [("n3", "back"), ("back", "n0"), ("n3", "n1")]
    ids = set()
    for seed in range(6):
        mixed = [edges[i] for i in np.random.default_rng(seed).permutation(len(edges))]
        ids.add(read(write(tmp_path / "net.nir", nodes, mixed)).id)
    assert len(ids) == 1


def test_a_loop_into_a_layer_enters_a_sum_before_it(tmp_path: Path) -> None:
    nodes = chain(affine([[2]]), integrate((1,)), inputs=(1,), outputs=(1,))
    edges = [("input", "n0"), ("n0", "n1"), ("n1", "output"), ("n1", "n0")]
    network = read(write(tmp_path / "net.nir", nodes, edges))
    found = {(q.source, q.target, q.delay) for q in network.projections}
    assert found == {("input", "n0.in", 0), ("n0.in", "n1", 0), ("n1", "n0.in", 1)}
    assert run(network, [[1], [0], [0], [0]])["n1"][:, 0].tolist() == [1, 1, 1, 1]


def test_sub_graphs_are_unfolded(tmp_path: Path) -> None:
    inner = chain(integrate(), inputs=(7,), outputs=(9,)) | {"rec": affine(np.eye(2))}
    edges = [("input", "n0"), ("n0", "rec"), ("rec", "n0"), ("n0", "output")]
    middle = {"input": end("Input", (2,)), "deep": graph(inner, edges), "output": end("Output", (2,))}
    outer = graph(middle, [("input", "deep"), ("deep", "output")])
    flat = chain(affine(np.eye(2)), integrate()) | {"rec": affine(np.eye(2))}
    flat_edges = [("input", "n0"), ("n0", "n1"), ("n1", "rec"), ("rec", "n1"), ("n1", "output")]
    nested = read(write(tmp_path / "nested.nir", chain(affine(np.eye(2)), outer)))
    plain = read(write(tmp_path / "flat.nir", flat, flat_edges))
    assert [p.name for p in nested.populations] == ["input", "n1.deep.n0"]
    inputs = np.random.default_rng(0).integers(0, 2, (4, 2))
    np.testing.assert_array_equal(run(nested, inputs)["answer"], run(plain, inputs)["answer"])


# --- delays --------------------------------------------------------------------------------------


def test_a_delay_is_so_many_steps(tmp_path: Path) -> None:
    node = {"type": "Delay", "delay": np.full(2, 2.0)}
    network = made(tmp_path, node, affine(np.eye(2)), integrate())
    assert [q.delay for q in network.projections] == [2]
    inputs = [[2, 0], [0, 2], [2, 0], [2, 0]]
    assert run(network, inputs)["n2"].tolist() == [[0, 0], [0, 0], [1, 0], [0, 1]]


def test_a_delayed_bias_comes_late_too(tmp_path: Path) -> None:
    node = {"type": "Delay", "delay": np.full(2, 2.0)}
    network = made(tmp_path, affine(np.eye(2), [1, 0]), node)
    assert run(network, ONES)["answer"].tolist() == [[0, 0], [0, 0], [2, 1], [4, 2]]


def test_a_loop_through_a_delay_takes_that_delay_and_no_more(tmp_path: Path) -> None:
    nodes = chain(integrate((1,)), inputs=(1,), outputs=(1,))
    nodes |= {"late": {"type": "Delay", "delay": np.full(1, 2.0)}, "rec": affine([[2]])}
    edges = [("input", "n0"), ("n0", "output"), ("n0", "late"), ("late", "rec"), ("rec", "n0")]
    network = read(write(tmp_path / "net.nir", nodes, edges))
    assert run(network, [[2], [0], [0], [0]])["n0"][:, 0].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (np.full(2, 1.5), "is 1.5 steps of dt = 1; it must be a whole number"),
        (np.array([1.0, 2.0]), "delays from 1 to 2; only one for all"),
        (np.full(2, -1.0), "it must be a whole number"),
    ],
)
def test_a_delay_that_is_no_number_of_steps_is_refused(tmp_path: Path, delay: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=rf"net\.nir: node 'n0' \(Delay\): .*{message}"):
        made(tmp_path, {"type": "Delay", "delay": delay})


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (chain({"type": "Fancy"}), "type 'Fancy' is not supported; known: Input, Output, Affine"),
        (chain(affine(np.eye(3)), affine(np.eye(2))), r"'n1' \(Linear\): takes 2 inputs; it gets .*\(3,\)"),
        (chain(affine(np.eye(2), [1, 2, 3])), r"bias has shape \(3,\); expected \(2,\)"),
        (chain(affine(np.ones((2, 2, 2)))), r"weight has shape \(2, 2, 2\); expected \(outputs, inputs\)"),
        (chain(conv2d(np.ones((1, 1, 1, 1)))), "it needs channels and 2 sides"),
        (chain(lif(tau=0.5)), "tau 0.5 is shorter than the step dt = 1"),
        (chain(lif(tau=-1.0)), "tau -1; it must be positive"),
        (chain(affine(np.eye(2)), lif((3,))), r"tau has shape \(3,\); its input has \(2,\)"),
        (chain(integrate(threshold=0.0)), "threshold 0.0; it must be positive"),
        (chain({"type": "IF", "r": np.ones(2)}), r"'n0' \(IF\): 'v_threshold' is missing"),
        (chain(affine([[np.nan, 0], [0, 0]])), "1 of 4 values of weight are NaN"),
        (chain({"type": "Linear", "weight": np.full((2, 2), 1e39)}), "beyond float32"),
        (chain({"type": "Flatten", "start_dim": 3, "end_dim": -1}), "flattens dimensions 3 to -1"),
        (
            chain(conv2d(np.ones((1, 2, 3, 3)), dilation=(2, 2)), inputs=(2, 4, 4)),
            "dilation is not supported",
        ),
        (
            chain(conv2d(np.ones((1, 2, 2, 2)), padding="same"), inputs=(2, 4, 4)),
            "pads one side more",
        ),
        (
            chain(conv2d(np.ones((1, 2, 9, 9))), inputs=(2, 4, 4)),
            "does not fit into",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_over_is_refused_by_name(tmp_path: Path, nodes: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=message) as caught:
        read(write(tmp_path / "net.nir", nodes))
    assert "net.nir" in str(caught.value)


THROUGH = [("input", "n0"), ("n0", "output")]


@pytest.mark.parametrize(
    ("extra", "edges", "message"),
    [
        ({}, [("input", "n0"), ("n0", "absent")], "edge 'n0' -> 'absent': there is no node 'absent'"),
        ({}, [("input", "n0")], "no path leads from 'input' to 'output'"),
        ({"lost": integrate()}, THROUGH, "no path leads from 'input' to 'lost'"),
        (
            {"w": affine(np.eye(2))},
            [*THROUGH, ("n0", "w"), ("w", "n0")],
            r"a loop without neurons that keep a state \(a Threshold keeps none\) and .*: n0, w",
        ),
        ({}, [*THROUGH, ("n0", "n0")], "a loop without neurons .*: n0"),
        ({"in2": end("Input", (2,))}, [*THROUGH, ("in2", "n0")], "one Input node, found 2"),
        ({"out": end("Output", (2,))}, [*THROUGH, ("n0", "out")], "one Output node, found 2"),
        ({}, [*THROUGH, ("n0", "input")], "one Input node, found 0"),
    ],
)
def test_graphs_that_cannot_be_computed_are_refused(
    tmp_path: Path, extra: Any, edges: Any, message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        read(write(tmp_path / "net.nir", chain(affine(np.eye(2))) | extra, edges))


# --- shapes of parameters ------------------------------------------------------------------------

LINE = {"type": "Conv1d", "weight": np.ones((2, 2, 1), np.float32), "stride": 1, "padding": 0}


def fires_above(values: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"type": "IF", "r": np.array(1.0), "v_threshold": np.reshape(np.asarray(values, float), shape)}


@pytest.mark.parametrize("before", [[conv2d(np.ones((2, 2, 1, 1)))], []])
@pytest.mark.parametrize("kind", ["IF", "Scale"])
def test_a_parameter_of_another_shape_is_refused_by_name(tmp_path: Path, before: Any, kind: str) -> None:
    values = np.arange(1.0, 33).reshape(4, 4, 2)
    node = fires_above(values, (4, 4, 2)) if kind == "IF" else {"type": "Scale", "scale": values}
    with pytest.raises(
        HwsimError, match=rf"'n{len(before)}' .* has shape \(4, 4, 2\); its input has \(2, 4, 4\)"
    ):
        made(tmp_path, *before, node, inputs=(2, 4, 4))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((2, 2, 3), np.arange(1, 13)),
        ((12,), np.arange(1, 13)),
        ((1, 2, 2, 3), np.arange(1, 13)),
        ((2, 1, 1), [1] * 6 + [2] * 6),
        ((2, 3), [1, 2, 3, 4, 5, 6] * 2),
    ],
)
def test_a_parameter_is_one_an_element_flat_or_broadcast(tmp_path: Path, shape: Any, expected: Any) -> None:
    values = np.arange(1, 1 + np.prod(shape))
    network = made(tmp_path, conv2d(np.ones((2, 2, 1, 1))), fires_above(values, shape), inputs=(2, 2, 3))
    assert network.population["n1"].parameter("threshold").ravel().tolist() == list(expected)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_a_signal_of_channels_and_length_takes_one_parameter_a_channel(tmp_path: Path, shape: Any) -> None:
    network = made(tmp_path, LINE, fires_above([1, 2], shape), inputs=(2, 3))
    assert network.population["n1"].parameter("threshold").ravel().tolist() == [1, 1, 1, 2, 2, 2]
    scale = {"type": "Scale", "scale": np.reshape([2.0, 3.0], shape)}
    weights = made(tmp_path, LINE, scale, integrate(()), inputs=(2, 3)).projections[0].weights
    assert weights is not None
    assert weights.ravel().tolist() == [2, 2, 3, 3]


def test_messages_show_the_shape_of_the_file_and_two_readings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"v_threshold has shape \(3, 2\); its input has \(2, 3\)"):
        made(tmp_path, LINE, fires_above(range(1, 7), (3, 2)), inputs=(2, 3))
    with pytest.raises(HwsimError, match="one a channel or one a position"):
        made(tmp_path, LINE, fires_above([1, 2], (2,)), inputs=(2, 2))


def test_shapes_that_a_file_contradicts_itself_in_are_told(tmp_path: Path) -> None:
    with pytest.warns(
        HwsimWarning, match=r"output's shape \(99,\) in the file is not what enters it: \(3,\)"
    ):
        made(tmp_path, affine(np.ones((3, 2))), outputs=(99,))
    with pytest.warns(
        HwsimWarning, match=r"'n0' \(Linear\) reads a signal of shape \(2, 3\) flat, though no"
    ):
        made(tmp_path, affine(np.ones((3, 6))), inputs=(2, 3))
    with pytest.raises(HwsimError, match=r"its shape is \(2, 3\), .* takes 3 inputs: a layer along the last"):
        made(tmp_path, affine(np.ones((3, 3))), inputs=(2, 3))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            {"type": "IF", "r": np.full(2, 1e39), "v_threshold": np.ones(2)},
            "'n0': gain 1e.39; in float32 it is inf",
        ),
        ({"type": "IF", "r": np.array([1, 1e39]), "v_threshold": np.ones(2)}, "'n0': gain"),
        (
            {"type": "IF", "r": np.ones(2), "v_threshold": np.full(2, 1e-60)},
            "'n0': threshold 1e-60; .* it is 0",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_parameters_beyond_float32_are_refused(tmp_path: Path, node: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        made(tmp_path, node)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nir,reset", "option 'reset' needs a value: reset=value or zero or subtract"),
        ("nir,reset=zero,reset=value", "option 'reset' is given twice"),
        ("nir,rest=zero", "unknown option 'rest=zero'. Did you mean 'reset'"),
    ],
)
def test_options_of_producers_need_one_value(tmp_path: Path, spec: str, message: str) -> None:
    path = write(tmp_path / "net.nir", chain(integrate()))
    with pytest.raises(HwsimError, match=message):
        read_nir(path, 2, spec, 1.0)
