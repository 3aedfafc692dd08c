"""Networks written to NIR and read back: the same spikes, files that nir reads, refusals by name."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError, HwsimWarning
from hwsim.execute.executor import encode, execute
from hwsim.frontends.nir.read import read_nir
from hwsim.frontends.nir.write import write_nir
from hwsim.network import Network, Population, Projection
from tests.examples import conv, dense, small_network
from tests.random_networks import draw_network

RULES: list[dict[str, Any]] = [
    {"compare": ">", "reset": "zero"},
    {"compare": ">", "reset": "value"},
    {"compare": ">=", "reset": "subtract"},
    {"compare": ">", "reset": "subtract", "delayed_reset": True},
    {"compare": ">=", "reset": "value", "delayed_reset": True},
    {"compare": ">=", "reset": "subtract", "multispike": True},
]


def neurons(rng: np.random.Generator, p: Population, rule: dict[str, Any]) -> Population:
    """Any neuron that NIR holds, with numbers whose float32 sums are exact for a few steps."""
    if p.kind in ("input", "relay", "readout"):
        return p
    values = {
        "decay": rng.choice([0.0, 0.25, 0.5, 0.75], p.shape),
        "threshold": rng.choice([0.5, 1.0, 2.0], p.shape),
        "gain": rng.choice([0.5, 1.0, 2.0], p.shape),
        "rest": rng.choice([-0.5, 0.5], p.shape),
        "reset_value": rng.choice([-0.25, 0.0, 0.25], p.shape),
        "current_decay": rng.choice([0.0, 0.5], p.shape),
    }
    kind = "li" if rng.random() < 0.2 else "lif"
    leak = rng.choice(["decay", "relax", "none"])
    if leak == "none":
        values["decay"] = np.ones(p.shape)
    if leak == "relax":
        values["decay"] = rng.choice([0.25, 0.5, 1.0], p.shape)
    else:
        values["rest"] = np.zeros(p.shape)
    if leak == "none" or rng.random() < 0.5:
        del values["current_decay"]
    if kind == "li":
        values = {n: v for n, v in values.items() if n in ("decay", "gain", "rest", "current_decay")}
    fields: dict[str, Any] = {}
    for name in list(values):
        if rng.random() < 0.5:
            fields[name] = float(values.pop(name).flat[0])
    fields |= {"leak": "relax"} if leak == "relax" else {}
    if "current_decay" in values:
        fields["current_decay"] = 0.0
    return Population(p.name, p.shape, kind, **fields, **(rule if kind == "lif" else {}), vectors=values)


def writable(seed: int, layers: int) -> Network:
    """A random network of what NIR holds: with loops, delays, pools, sums and neurons of all kinds."""
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, 3)
    rule = RULES[rng.integers(len(RULES))]
    last = network.populations[-1]
    whole = [
        replace(p, kind="lif") if p.kind == "readout" and p is not last else p for p in network.populations
    ]
    populations = tuple(neurons(rng, p, rule) for p in whole)
    averages = {"max_pool": "avg_pool"}
    projections = []
    for q in network.projections:
        kind = averages.get(q.kind, q.kind)
        area = q.kernel[0] * q.kernel[1]
        exact = kind == "avg_pool" and area & (area - 1) == 0 and rng.random() < 0.5
        divisor = float(area) if exact else 1.0
        parts = {
            name: None if array is None else array.astype(np.float32)
            for name, array in (("weights", q.weights), ("bias", q.bias))
        }
        delay = int(rng.choice([0, 0, 0, 1, 2]))
        projections.append(replace(q, kind=kind, divisor=divisor, delay=delay, **parts))
    projections += loops(rng, populations)
    return replace(network, populations=populations, projections=tuple(projections), integer=False)


def loops(rng: np.random.Generator, populations: tuple[Population, ...]) -> list[Projection]:
    """Projections against the order, one to three steps late."""
    places = [i for i, p in enumerate(populations) if p.kind in ("lif", "li")]
    found = []
    for number in range(int(rng.integers(0, 3)) if places else 0):
        first, second = sorted(rng.choice(places, 2))
        source, target = populations[second], populations[first]
        parts: dict[str, Any] = {"delay": int(rng.integers(1, 4))}
        name = f"back{number}"
        if source.shape == target.shape and rng.random() < 0.5:
            found.append(Projection(name, source.name, target.name, "identity", **parts))
        elif len(target.shape) == 1:
            weights = rng.integers(-4, 5, (target.size, source.size)).astype(np.float32) / 4
            bias = rng.integers(-4, 5, target.size).astype(np.float32) / 4 if rng.random() < 0.5 else None
            found.append(Projection(name, source.name, target.name, "dense", weights, bias, **parts))
    return found


def same(first: Network, second: Network, inputs: Any) -> None:
    ours, read = (execute(n, encode(n, inputs)) for n in (first, second))
    np.testing.assert_array_equal(ours.outputs, read.outputs)
    for p in first.populations:
        if p.kind in ("lif", "li"):
            size = p.size
            np.testing.assert_array_equal(ours.events[p.name].dense(size), read.events[p.name].dense(size))


@given(seed=st.integers(0, 2**32 - 1), layers=st.integers(1, 5))
@example(seed=5033487, layers=2)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_and_read_back_spikes_the_same(tmp_path: Path, seed: int, layers: int) -> None:
    network = writable(seed, layers)
    network.verify()
    path = tmp_path / "net.nir"
    write_nir(network, path, lossy=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", HwsimWarning)
        read = read_nir(path, network.timesteps, coding=network.coding)
    rng = np.random.default_rng(seed)
    shape = network.input.shape if network.coding == "frames" else (network.timesteps, *network.input.shape)
    inputs = (
        rng.integers(0, 2, (2, *shape)) if network.coding == "spikes" else rng.integers(-4, 5, (2, *shape))
    )
    same(network, read, inputs)


def test_convolutions_of_different_groups_that_meet_behind_a_relay_are_read_back(tmp_path: Path) -> None:
    """A relay is a node that scales by 1; read back it is gone, and both convolutions end in the readout."""
    network = Network(
        "groups",
        (
            Population("in", (4, 1, 1), "input"),
            Population("between", (4, 1, 1), "relay"),
            Population("out", (4, 1, 1), "readout"),
        ),
        (
            Projection("a", "in", "between", "conv2d", np.full((4, 2, 1, 1), 2, np.float32), groups=2),
            Projection("b", "between", "out", "conv2d", np.full((4, 1, 1, 1), 3, np.float32), groups=4),
            Projection("c", "between", "out", "identity"),
        ),
        "out", 1, "spikes",
    )  # fmt: skip
    write_nir(network, tmp_path / "net.nir")
    read = read_nir(tmp_path / "net.nir", 1, coding="spikes")
    inputs = np.array([[[[[1]], [[1]], [[0]], [[1]]]]])
    same(network, read, inputs)
    # in two groups the sums are 2 + 2 and 2, each taken once and three times
    assert execute(read, encode(read, inputs)).outputs.ravel().tolist() == [16, 16, 8, 8]


def recurrent(**fields: Any) -> Network:
    """input (2,) -> lif (3,), lif -> lif a step later, lif -> readout (2,)"""
    rule = {"compare": ">", "reset": "zero", "decay": 0.5} | fields
    half = np.eye(3, dtype=np.float32) / 2
    return Network(
        "recurrent",
        (
            Population("input", (2,), "input"),
            Population("lif", (3,), "lif", **rule),
            Population("out", (2,), "readout"),
        ),
        (
            dense("input", "lif", np.array([[1, 2], [3, -1], [0.5, 4]], np.float32)),
            Projection("rec", "lif", "lif", "dense", half, np.ones(3, np.float32), delay=1),
            dense("lif", "out", np.ones((2, 3), np.float32)),
        ),
        "out", 4, "spikes",
    )  # fmt: skip


def test_a_loop_of_one_step_is_written_as_other_tools_write_it(tmp_path: Path) -> None:
    write_nir(recurrent(), tmp_path / "net.nir")
    with h5py.File(tmp_path / "net.nir") as file:
        nodes = {name: node["type"].asstr()[()] for name, node in file["node/nodes"].items()}
        edges = {tuple(e) for e in file["node/edges"].asstr()[()]}
    assert "Delay" not in nodes.values()
    assert {("lif", "rec"), ("rec", "lif")} <= edges
    read = read_nir(tmp_path / "net.nir", 4)
    found = {(q.source, q.target, q.delay) for q in read.projections if q.source == "lif"}
    assert found == {("lif", "out", 0), ("lif", "lif", 1)}
    assert read.notes["producer"] == "nir"
    assert read.notes["dt"] == "0.001 (noted in the file)"


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"compare": ">="}, "comparison v >= threshold"),
        ({"reset": "subtract"}, "reset by subtraction"),
        ({"delayed_reset": True}, "reset a step late"),
        ({"multispike": True}, "several spikes a step"),
    ],
)
def test_a_rule_that_nir_lacks_is_refused_or_noted(
    tmp_path: Path, fields: dict[str, Any], missing: str
) -> None:
    network = recurrent(**fields)
    with pytest.raises(HwsimError, match=f"NIR has no {missing}; lossy=True"):
        write_nir(network, tmp_path / "net.nir")
    assert not (tmp_path / "net.nir").exists()
    write_nir(network, tmp_path / "net.nir", lossy=True)
    with h5py.File(tmp_path / "net.nir") as file:
        assert file["node/metadata/lost"].asstr()[()] == missing
    same(network, read_nir(tmp_path / "net.nir", 4), np.ones((1, 4, 2)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"refractory": 2}, "population 'lif': NIR has no refractory periods"),
        ({"adaptation": 0.5}, "population 'lif': NIR has no adaptation"),
        ({"initial": 0.5}, "population 'lif': NIR has no initial membranes"),
        ({"decay": 1.0, "current_decay": 0.5}, "'lif': NIR's CubaLIF has no membrane without leak"),
        ({"current_decay": 1.0}, "'lif': NIR's CubaLIF has no current without decay"),
        ({"vectors": {"decay": np.array([0.5, 1.0, 0.5])}}, "'lif': NIR's LIF has no membrane without leak"),
    ],
)
def test_neurons_that_nir_lacks_are_refused_by_name(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        write_nir(recurrent(**change), tmp_path / "net.nir", lossy=True)


def test_maximum_pools_integers_and_relus_are_refused_by_name(tmp_path: Path) -> None:
    network = small_network()
    for changed, message in (
        (network, "population 'pool': NIR has no maximum pool"),
        (network.as_ann(), "population '[a-z0-9]+': NIR has no (maximum pool|relu)"),
        (replace(recurrent(), integer=True), "."),
    ):
        with pytest.raises(HwsimError, match=message):
            write_nir(changed, tmp_path / "net.nir", lossy=True)


def test_populations_of_different_rules_are_refused(tmp_path: Path) -> None:
    network = recurrent()
    second = Population("second", (3,), "lif", compare=">=", reset="zero")
    network = replace(
        network,
        populations=(*network.populations[:2], second, network.populations[2]),
        projections=(*network.projections, Projection("on", "lif", "second", "identity")),
    )
    with pytest.raises(HwsimError, match="its populations differ in compare: >, >="):
        write_nir(network, tmp_path / "net.nir", lossy=True)


def test_the_package_nir_reads_what_is_written(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    shapes = {"input": (1, 6, 6), "hidden": (2, 4, 4), "out": (3,)}
    rule = {"compare": ">", "reset": "zero"}
    network = Network(
        "net",
        (
            Population("input", shapes["input"], "input"),
            Population("hidden", shapes["hidden"], "lif", decay=0.5, **rule),
            Population("out", shapes["out"], "lif", current_decay=0.25, decay=0.5, **rule),
        ),
        (
            conv("input", "hidden", np.ones((2, 1, 3, 3), np.float32)),
            dense("hidden", "out", np.ones((3, 32), np.float32)),
        ),
        "out", 2, "spikes",
    )  # fmt: skip
    write_nir(network, tmp_path / "net.nir", dt=1e-4)
    graph = nir.read(tmp_path / "net.nir")
    hidden, out = graph.nodes["hidden"], graph.nodes["out"]
    # 1 - dt/tau = 0.5, so tau = 2 dt, and R dt/tau = 1
    np.testing.assert_allclose(hidden.tau, 2e-4, rtol=1e-12)
    np.testing.assert_allclose(hidden.r, 2, rtol=1e-12)
    np.testing.assert_allclose(out.tau_syn, 1e-4 / 0.75, rtol=1e-12)
    np.testing.assert_allclose(out.w_in, 1 / 0.75, rtol=1e-12)
    assert type(out).__name__ == "CubaLIF"
    nir.write(tmp_path / "again.nir", graph)
    same(network, read_nir(tmp_path / "again.nir", 2), np.ones((1, 2, 1, 6, 6)))


@pytest.mark.parametrize("dt", [0, -1, float("nan"), float("inf"), "x", None])
def test_steps_that_are_no_positive_number_are_refused_before_writing(tmp_path: Path, dt: Any) -> None:
    with pytest.raises(HwsimError, match=r"dt .*; it must be a positive number of seconds"):
        write_nir(recurrent(), tmp_path / "net.nir", dt=dt)
    assert not list(tmp_path.iterdir())


def test_a_step_of_any_number_type_reads_back(tmp_path: Path) -> None:
    for dt in (np.float32(1e-3), np.float64(1e-3), 1):
        write_nir(recurrent(), tmp_path / "net.nir", dt=dt)
        same(recurrent(), read_nir(tmp_path / "net.nir", 4), np.ones((1, 4, 2)))


def test_directories_and_long_names_are_refused_before_writing(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match="is a directory"):
        write_nir(recurrent(), tmp_path)
    network, name = recurrent(), "x" * 2000
    network = replace(
        network,
        populations=tuple(replace(p, name=name) if p.name == "lif" else p for p in network.populations),
        projections=tuple(
            replace(
                q,
                source=name if q.source == "lif" else q.source,
                target=name if q.target == "lif" else q.target,
            )
            for q in network.projections
        ),
        readout=name if network.readout == "lif" else network.readout,
    )
    with pytest.raises(HwsimError, match="a name of 2000 letters; 1024 at most"):
        write_nir(network, tmp_path / "net.nir")
    assert not list(tmp_path.iterdir())
