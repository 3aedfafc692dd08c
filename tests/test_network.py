"""Network: what verify() refuses, what the graph says about itself, and what comes back from a file."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from hwsim.errors import HwsimError
from hwsim.network import Network, Population, Projection
from tests.examples import conv, dense, flipped_bytes, rewrite_header, rewrite_json, small_network
from tests.random_cases import Case, cases

SMALL = small_network()


def population(which: str, /, **fields: Any) -> Network:
    """The small network with one population changed."""
    changed = (replace(p, **fields) if p.name == which else p for p in SMALL.populations)
    return replace(SMALL, populations=tuple(changed))


def projection(which: str, /, **fields: Any) -> Network:
    """The small network with one projection changed."""
    changed = (replace(p, **fields) if p.name == which else p for p in SMALL.projections)
    return replace(SMALL, projections=tuple(changed))


def integer(network: Network = SMALL) -> Network:
    """The small network in int8: its weights are multiples of a half."""
    projections = []
    for p in network.projections:
        weights = None if p.weights is None else (2 * p.weights).astype(np.int8)
        bias = None if p.bias is None else p.bias.astype(np.int32)
        projections.append(replace(p, weights=weights, bias=bias))
    return replace(network, projections=tuple(projections), integer=True)


def wide_integer(dtype: Any = np.int64) -> Network:
    """The small network with integer weights of a type that is not allowed."""
    network = integer()
    projections = (
        replace(p, weights=None if p.weights is None else p.weights.astype(dtype))
        for p in network.projections
    )
    return replace(network, projections=tuple(projections))


def with_nan(name: str, part: str, place: tuple[int, ...], value: float) -> Network:
    array = next(getattr(p, part) for p in SMALL.projections if p.name == name).copy()
    array[place] = value
    return projection(name, **{part: array})


def added(*projections: Projection) -> Network:
    return replace(SMALL, projections=(*SMALL.projections, *projections))


WEIGHTS = SMALL.projections[0].weights
assert WEIGHTS is not None

REFUSED: list[tuple[str, Network, str]] = [
    # populations
    ("name twice", population("pool", name="a"), r"population name used twice: \['a'\]"),
    ("no input", population("in", kind="relay"), "needs one input population, found 0"),
    ("two inputs", population("pool", kind="input"), r"found 2 \['in', 'pool'\]"),
    ("unknown readout", replace(SMALL, readout="nobody"), "readout 'nobody' is no population"),
    ("no timestep", replace(SMALL, timesteps=0), "timesteps is 0; it must be at least 1"),
    ("unknown coding", replace(SMALL, coding="rate"), "coding 'rate'"),  # type: ignore[arg-type]
    ("shape of two", population("a", shape=(3, 16)), r"population 'a': shape \(3, 16\)"),
    ("empty shape", population("a", shape=()), r"population 'a': shape \(\)"),
    ("zero wide", population("a", shape=(3, 0, 4)), r"population 'a': shape \(3, 0, 4\)"),
    ("too many neurons", population("out", shape=(2**31,)), "2147483647 neurons at most"),
    ("unknown kind", population("a", kind="alif"), "population 'a': kind 'alif'; allowed: input, lif"),
    ("unknown reset", population("a", reset="hard"), "reset 'hard'; allowed: subtract, zero"),
    ("unknown compare", population("a", compare="=="), "compare '=='; allowed: >=, >"),
    ("decay above 1", population("a", decay=1.01), r"decay 1.01; it must lie in \[0, 1\]"),
    ("decay below 0", population("a", decay=-0.5), "decay -0.5"),
    ("decay NaN", population("a", decay=float("nan")), "decay nan"),
    ("threshold 0", population("a", threshold=0.0), "threshold 0.0; it must be positive and finite"),
    ("threshold infinite", population("a", threshold=float("inf")), "threshold inf"),
    ("threshold NaN", population("a", threshold=float("nan")), "threshold nan"),
    ("nothing comes in", replace(SMALL, projections=SMALL.projections[1:]), r"'a' \(lif\) has no incoming"),
    # the graph
    ("projection twice", added(SMALL.projections[0]), r"projection name used twice: \['in>a'\]"),
    ("unknown source", projection("in>a", source="inn"), "projection 'in>a': there is no population 'inn'"),
    ("unknown target", projection("in>a", target="b"), "projection 'in>a': there is no population 'b'"),
    ("unknown projection", projection("in>a", kind="conv3d"), "kind 'conv3d'; allowed: conv2d, dense"),
    ("to itself", added(Projection("loop", "a", "a", "identity")), "'loop': 'a' comes after 'a'"),
    (
        "out of order",
        replace(SMALL, populations=tuple(SMALL.populations[i] for i in (0, 2, 1, 3))),
        "projection 'a>pool': 'a' comes after 'pool'; populations must be in topological order",
    ),
    ("into the input", added(Projection("back", "in", "in", "identity")), "'in' comes after 'in'"),
    (
        "beside a pool",
        added(Projection("more", "a", "pool", "avg_pool", kernel=(2, 2), stride=(2, 2))),
        "population 'pool': a pool feeds a relay, alone",
    ),
    ("pool into neurons", population("pool", kind="lif"), "population 'pool': a pool feeds a relay, alone"),
    # shapes
    (
        "target of another shape",
        population("a", shape=(3, 4, 5)),
        r"projection 'in>a' \(conv2d\): gives shape \(3, 4, 4\), but 'a' has shape \(3, 4, 5\)",
    ),
    (
        "conv weights",
        projection("in>a", weights=WEIGHTS[:, :1]),
        r"weights of shape \(3, 1, 3, 3\); expected \(3, 2, 3, 3\)",
    ),
    ("conv without weights", projection("in>a", weights=None), "weights of shape None; expected"),
    (
        "dense weights",
        projection("pool>out", weights=np.ones((12, 5), np.float32)),
        r"weights of shape \(12, 5\); expected \(5, 12\)",
    ),
    (
        "weights on a pool",
        projection("a>pool", weights=np.ones((3, 3), np.float32)),
        r"weights of shape \(3, 3\); expected None",
    ),
    (
        "bias per neuron",
        projection("in>a", bias=np.zeros(48, np.float32)),
        r"bias of shape \(48,\); expected \(3,\)",
    ),
    ("groups", projection("in>a", groups=2), "2 groups do not divide 2 and 3 channels"),
    ("no group", projection("in>a", groups=0), "0 groups do not divide"),
    ("kernel of zero", projection("a>pool", kernel=(0, 2)), r"kernel \(0, 2\); it needs two values, posi"),
    ("stride of zero", projection("a>pool", stride=(2, 0)), r"stride \(2, 0\); it needs two values"),
    ("negative padding", projection("in>a", padding=(-1, 1)), r"padding \(-1, 1\); it needs two values"),
    ("three strides", projection("in>a", stride=(1, 1, 1)), r"stride \(1, 1, 1\); it needs two values"),
    ("kernel too large", projection("a>pool", kernel=(5, 2)), r"kernel \(5, 2\) does not fit into \(4, 4\)"),
    # numbers
    ("divisor of zero", projection("a>pool", divisor=0.0), "divisor 0.0; it must be positive"),
    ("divisor NaN", projection("a>pool", divisor=float("nan")), "divisor nan"),
    ("divisor infinite", projection("a>pool", divisor=float("inf")), "divisor inf"),
    (
        "a weight is NaN",
        with_nan("in>a", "weights", (2, 0, 1, 2), float("nan")),
        r"projection 'in>a': 1 of 54 weights are NaN or infinite, the first at \(2, 0, 1, 2\)",
    ),
    (
        "a bias is infinite",
        with_nan("pool>out", "bias", (3,), -float("inf")),
        r"projection 'pool>out': 1 of 5 bias are NaN or infinite, the first at \(3,\)",
    ),
    ("double weights", projection("in>a", weights=WEIGHTS.astype(np.float64)), "weights are float64; this"),
    ("integer weights", projection("in>a", weights=WEIGHTS.astype(np.int8)), "weights are int8; this"),
    # integer networks
    ("float in integers", replace(SMALL, integer=True), "weights are float32; .* int8, int16 or int32"),
    ("long weights", wide_integer(), "weights are int64; this network needs int8, int16 or int32"),
    ("unsigned weights", wide_integer(np.uint8), "weights are uint8"),
    ("broken threshold", integer(population("a", threshold=1.5)), "'a': threshold is 1.5; an integer"),
    ("broken decay", integer(population("a", decay=0.3)), r"'a': 4096 \* decay is 1228.8; an integer"),
    ("integer divisor", integer(projection("a>pool", divisor=4.0)), "divisor 4.0; .* 1 with integers"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "message"), [(n, m) for _, n, m in REFUSED], ids=[name for name, _, _ in REFUSED]
)
def test_verify_refuses_and_says_where(network: Network, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        network.verify()


def test_the_small_network_passes_in_floats_and_in_integers() -> None:
    SMALL.verify()
    integer().verify()


def test_a_readout_feeds_nobody() -> None:
    populations = (
        Population("in", (4,), "input"),
        Population("mid", (4,), "readout"),
        Population("out", (4,), "readout"),
    )
    chain = (Projection("1", "in", "mid", "identity"), Projection("2", "mid", "out", "identity"))
    with pytest.raises(HwsimError, match="'mid' is a readout and emits nothing"):
        Network("n", populations, chain, "out", 1).verify()


def test_a_pool_cannot_read_a_flat_population() -> None:
    populations = (Population("in", (16,), "input"), Population("pool", (4,), "relay"))
    pool = Projection("p", "in", "pool", "max_pool", kernel=(2, 2))
    with pytest.raises(HwsimError, match=r"'p' \(max_pool\): source 'in' is flat: \(16,\)"):
        Network("n", populations, (pool,), "pool", 1).verify()


def test_two_convolutions_into_one_layer_need_the_same_groups() -> None:
    populations = (Population("in", (4, 2, 2), "input"), Population("a", (4, 2, 2), "lif"))
    depthwise, halves = np.ones((4, 1, 1, 1), np.float32), np.ones((4, 2, 1, 1), np.float32)
    one, other = conv("in", "a", depthwise, groups=4), conv("in", "a", halves, groups=2)
    mixed = Network("n", populations, (one, replace(other, name="2nd")), "a", 1)
    with pytest.raises(HwsimError, match="'a': its projections have different numbers of groups"):
        mixed.verify()
    # groups 1 beside groups 4 is allowed
    plain = replace(conv("in", "a", np.ones((4, 4, 1, 1), np.float32)), name="2nd")
    replace(mixed, projections=(one, plain)).verify()


# --- what the graph says about itself ------------------------------------------------------------


def test_the_input_comes_in_any_place_but_the_first_use() -> None:
    assert SMALL.input.name == "in"
    assert [p.name for p in SMALL.into("pool")] == ["a>pool"]
    assert [p.name for p in SMALL.out_of("a")] == ["a>pool"]


def test_parameters_count_weights_and_biases() -> None:
    # 3 * 2 * 3 * 3 weights of the convolution, 5 * 12 weights and 5 biases of the readout
    assert SMALL.parameters == 54 + 60 + 5


def graph(coding: Any) -> Network:
    """in - relay of in - max pool of that - relu - lif - max pool - relay of two - readout."""
    shape = (1, 2, 2)
    kinds: list[tuple[str, Any]] = [
        ("in", "input"), ("copy", "relay"), ("pooled", "relay"), ("positive", "relu"), ("spiking", "lif"),
        ("merged", "relay"), ("sum", "relay"), ("mean", "relay"), ("out", "readout"),
    ]  # fmt: skip
    arrows = [
        ("in", "copy", "identity"), ("copy", "pooled", "max_pool"), ("pooled", "positive", "identity"),
        ("positive", "spiking", "identity"), ("spiking", "merged", "max_pool"), ("merged", "sum", "identity"),
        ("spiking", "sum", "identity"), ("merged", "mean", "avg_pool"), ("sum", "out", "identity"),
    ]  # fmt: skip
    network = Network(
        "graph",
        tuple(Population(name, shape, kind) for name, kind in kinds),
        tuple(Projection(f"{a}>{b}", a, b, kind) for a, b, kind in arrows),  # type: ignore[arg-type]
        "out",
        2,
        coding,
    )
    network.verify()
    return network


def test_only_stateless_views_of_frames_are_constant() -> None:
    assert graph("frames").constant == {"in", "copy", "pooled", "positive"}
    assert graph("spikes").constant == frozenset()


def test_a_relay_that_also_sees_spikes_is_not_constant() -> None:
    network = graph("frames")
    more = Projection("more", "spiking", "sum", "identity")
    mixed = replace(
        network, projections=(*(p for p in network.projections if p.target != "sum"), more,
                              Projection("image", "in", "sum", "identity"))
    )  # fmt: skip
    mixed.verify()
    assert "sum" not in mixed.constant


def test_spikes_stay_binary_through_max_pools_alone() -> None:
    network = graph("frames")
    assert {p.name for p in network.populations if network.is_binary(p.name)} == {"spiking", "merged"}


def test_spike_inputs_are_binary_but_their_sums_are_not() -> None:
    network = graph("spikes")
    assert network.is_binary("in")
    assert not network.is_binary("copy")


def test_the_ann_counterpart_has_relu_for_lif_and_one_step() -> None:
    ann = SMALL.as_ann()
    ann.verify()
    assert [p.kind for p in ann.populations] == ["input", "relu", "relay", "readout"]
    assert ann.timesteps == 1
    assert ann.projections == SMALL.projections
    assert SMALL.populations[1].kind == "lif"


# --- identity ------------------------------------------------------------------------------------


def test_equal_networks_have_equal_ids() -> None:
    assert small_network().id == SMALL.id
    assert replace(SMALL).id == SMALL.id


def one_element(name: str, part: str) -> Network:
    array = next(getattr(p, part) for p in SMALL.projections if p.name == name).copy()
    array.flat[-1] += 0.5
    return projection(name, **{part: array})


CHANGED = {
    "name": replace(SMALL, name="Small"),
    "timesteps": replace(SMALL, timesteps=4),
    "coding": replace(SMALL, coding="frames"),
    "readout": replace(SMALL, readout="a"),
    "notes": replace(SMALL, notes={"dropped": "nothing"}),
    "arithmetic": integer(),
    "population name": population("out", name="o"),
    "decay": population("a", decay=0.25),
    "threshold": population("a", threshold=2.0),
    "reset": population("a", reset="zero"),
    "compare": population("a", compare=">"),
    "kind": population("a", kind="relu"),
    "one weight": one_element("in>a", "weights"),
    "one bias": one_element("pool>out", "bias"),
    "no bias": projection("pool>out", bias=None),
    "a bias of zeros": projection("in>a", bias=np.zeros(3, np.float32)),
    "projection name": projection("in>a", name="first"),
    "stride": projection("a>pool", stride=(1, 1)),
    "kernel": projection("a>pool", kernel=(1, 2)),
    "padding": projection("in>a", padding=(0, 1)),
    "divisor": projection("a>pool", divisor=2.0),
    "pool kind": projection("a>pool", kind="avg_pool"),
    "order": replace(SMALL, projections=SMALL.projections[::-1]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_any_change_of_the_network_changes_its_id(name: str) -> None:
    assert CHANGED[name].id != SMALL.id


def test_all_those_changes_have_ids_of_their_own() -> None:
    assert len({n.id for n in CHANGED.values()}) == len(CHANGED)


# --- files ---------------------------------------------------------------------------------------


def same(one: Network, other: Network) -> bool:
    if (one.populations, one.constant) != (other.populations, other.constant):
        return False
    for p, q in zip(one.projections, other.projections, strict=True):
        if p.plain() != q.plain():
            return False
        for a, b in ((p.weights, q.weights), (p.bias, q.bias)):
            if (a is None) != (b is None) or (a is not None and not np.array_equal(a, b)):
                return False
            if a is not None and b is not None and a.dtype != b.dtype:
                return False
    rest = ("name", "readout", "timesteps", "coding", "integer", "notes")
    return all(getattr(one, field) == getattr(other, field) for field in rest)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    SMALL.save(path)
    return path


def test_a_saved_network_comes_back_the_same(saved: Path) -> None:
    found = Network.load(saved)
    assert same(found, SMALL)
    assert found.id == SMALL.id


def test_notes_come_back(tmp_path: Path) -> None:
    replace(SMALL, notes={"dropout": "left out", "ünï": "çode"}).save(tmp_path / "n")
    assert Network.load(tmp_path / "n").notes == {"dropout": "left out", "ünï": "çode"}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_every_random_network_comes_back_the_same(case: Case) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "network"
        case.network.save(path)
        found = Network.load(path)
    assert same(found, case.network)
    assert found.id == case.network.id


@pytest.mark.parametrize("array", ["0.weights", "2.weights"])
def test_a_file_without_its_weights_is_refused(saved: Path, array: str) -> None:
    rewrite_header(saved, drop=array)
    with pytest.raises(HwsimError, match=r"small\.safetensors: .*weights of shape None"):
        Network.load(saved)


def changed_population(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda meta: meta["populations"][1].update(fields)


def changed_projection(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda meta: meta["projections"][0].update(fields)


def changed_field(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda meta: meta.update(fields)


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no populations": lambda meta: meta.pop("populations"),
    "no readout": lambda meta: meta.pop("readout"),
    "no stride": lambda meta: meta["projections"][0].pop("stride"),
    "no shape": lambda meta: meta["populations"][0].pop("shape"),
    "populations null": changed_field(populations=None),
    "populations text": changed_field(populations="abc"),
    "projections numbers": changed_field(projections=[1, 2]),
    "timesteps text": changed_field(timesteps="three"),
    "timesteps broken": changed_field(timesteps=2.5),
    "timesteps null": changed_field(timesteps=None),
    "name a list": changed_field(name=[1]),
    "readout a list": changed_field(readout=["out"]),
    "integer text": changed_field(integer="yes"),
    "notes a list": changed_field(notes=[1]),
    "shape a number": changed_population(shape=3),
    "shape of texts": changed_population(shape=["3", "4", "4"]),
    "shape of fractions": changed_population(shape=[3.5, 4, 4]),
    "unknown field": changed_population(leak=0.5),
    "decay text": changed_population(decay="0.5"),
    "threshold null": changed_population(threshold=None),
    "population without a name": changed_population(name=None),
    "kernel a number": changed_projection(kernel=3),
    "kernel of texts": changed_projection(kernel=["3", "3"]),
    "groups text": changed_projection(groups="one"),
    "groups broken": changed_projection(groups=1.5),
    "divisor null": changed_projection(divisor=None),
    "source a number": changed_projection(source=0),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_header_with_wrong_fields_is_refused_naming_the_file(saved: Path, name: str) -> None:
    rewrite_json(saved, DAMAGE[name])
    with pytest.raises(HwsimError, match=r"small\.safetensors"):
        Network.load(saved)


def test_any_flipped_byte_gives_a_network_or_an_error_that_names_the_file(saved: Path) -> None:
    for path in flipped_bytes(saved):
        try:
            Network.load(path).verify()
        except HwsimError as error:
            assert str(path) in str(error)  # noqa: PT017


def test_a_dense_layer_keeps_pytorchs_order_of_weights(tmp_path: Path) -> None:
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    populations = (Population("in", (3,), "input"), Population("out", (2,), "readout"))
    Network("n", populations, (dense("in", "out", weights),), "out", 1).save(tmp_path / "n")
    assert np.array_equal(Network.load(tmp_path / "n").projections[0].weights, weights)  # type: ignore[arg-type]


def test_nobody_can_write_to_a_networks_arrays_and_what_they_were_made_of_can_change() -> None:
    """Its id and its packed weights are kept, so they must stay true."""
    given, thresholds = np.ones((2, 3), np.float32), np.full(2, 1.0)
    populations = (
        Population("in", (3, 1, 1), "input"),
        Population("a", (2,), "lif", vectors={"threshold": thresholds}),
    )
    network = Network("n", populations, (Projection("p", "in", "a", "dense", given),), "a", 2, "spikes")
    given *= 100
    thresholds += 100
    returned = pickle.loads(pickle.dumps(network))  # noqa: S301
    for made in (network, copy.deepcopy(network), returned):
        kept, a = made.projections[0], made.population["a"]
        assert kept.weights is not None
        assert kept.weights.tolist() == [[1, 1, 1], [1, 1, 1]]
        assert a.parameter("threshold").tolist() == [1, 1]
        for array in (kept.weights, a.vectors["threshold"]):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 5
        with pytest.raises(TypeError, match="item assignment"):
            a.vectors["threshold"] = thresholds  # type: ignore[index]
        assert made.id == network.id


def test_weights_that_are_no_array_are_named() -> None:
    populations = (Population("in", (3, 1, 1), "input"), Population("a", (2,), "lif"))
    wrong: Any = [[1.0, 1.0, 1.0]]
    network = Network("n", populations, (Projection("p", "in", "a", "dense", wrong),), "a", 2, "spikes")
    with pytest.raises(HwsimError, match="'p'"):
        network.verify()
