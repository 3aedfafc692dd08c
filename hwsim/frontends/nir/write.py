"""Networks to NIR files."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.hdf5 import MAX_NAME
from hwsim.frontends.nir.file import Graph, Node
from hwsim.frontends.nir.lowering import MAX_DIAGONAL
from hwsim.frontends.nir.order import Edge, Order, order
from hwsim.frontends.nir.producers import PRODUCERS, Producer
from hwsim.frontends.nir.unstep import time_constants
from hwsim.network import Network
from hwsim.population import Population, Projection
from hwsim.storage import atomic_path, is_dir

VERSION = "1.0.8"
"""Of the format, as the package ``nir`` writes it."""

Fields = dict[str, Any]


def write_nir(network: Network, path: Path, dt: float = 1e-3, lossy: bool = False) -> None:
    """Write ``network`` to a .nir file that ``read_nir`` reads back to the same spikes.

    ``dt``: the time that one step takes, in seconds. Populations become nodes of the same name; a projection
    of weights becomes Affine, Linear or Conv2d, one of a pool SumPool2d or AvgPool2d, and its delay a Delay
    of so many ``dt``. A delay of one step that closes a loop is left out where the order of reading gives it
    back, as other tools write recurrence.

    NIR's neurons fire on v > threshold and are reset to a value at once, one spike a step. Where a network
    has other neurons, HwsimError says so, unless ``lossy``: then the file's metadata names the rule
    (``producer``) and what other tools will miss (``lost``); read_nir follows it.
    NIR has no maximum pools, integers, shared states, adaptation, refractory periods, C-LIF or ReLU: these
    are refused by name. Raises HwsimError, before anything is written, for these and for what a file could
    not be read back from: another ``dt`` than a positive number, long names, values beyond float64.
    """
    network.verify()
    path, dt = Path(path), _positive(dt)
    if is_dir(path):
        raise HwsimError(f"{path}: is a directory; write_nir needs the name of a file")
    rule = _rule(network)
    lost = [text for text, missed in _missed(rule).items() if missed]
    if lost and not lossy:
        raise HwsimError(
            f"{network.name!r}: NIR has no {', no '.join(lost)}; lossy=True writes it with a note that only "
            "hwsim follows"
        )
    draft = _Draft(network, rule, dt, implied=True)
    draft.fill()
    if draft.loops != draft.order().late:
        draft = _Draft(network, rule, dt, implied=False)
        draft.fill()
        draft.order()
    notes = {"producer": rule.spec, "dt": f"{dt!r}"} | ({"lost": ", ".join(lost)} if lost else {})
    draft.check()
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset("version", data=VERSION, dtype=h5py.string_dtype())
        edges = np.array(draft.edges, dtype=h5py.string_dtype()).reshape(-1, 2)
        _store(
            file.create_group("node"),
            {"type": "NIRGraph", "nodes": draft.nodes, "edges": edges, "metadata": notes},
        )


def _positive(dt: float) -> float:
    try:
        step = float(dt)
    except (TypeError, ValueError):
        step = np.nan
    if not 0 < step < np.inf:
        raise HwsimError(f"dt {dt!r}; it must be a positive number of seconds")
    return step


def _rule(network: Network) -> Producer:
    """One rule for all neurons. Raises HwsimError where they differ in what NIR says for no single one."""
    found: dict[str, set[Any]] = {}
    for p in network.populations:
        if p.kind == "lif":
            reset = "value" if p.reset == "zero" else p.reset
            for name, value in (
                ("compare", p.compare), ("reset", reset), ("delayed", p.delayed_reset),
                ("multispike", p.multispike),
            ):  # fmt: skip
                found.setdefault(name, set()).add(value)
    leaking = [p for p in network.populations if p.kind in ("lif", "li") and not _integrates(p)]
    if any(p.leak != _usual_form(p) for p in leaking):
        found["form"] = {p.leak for p in leaking}
    if mixed := [name for name, values in found.items() if len(values) > 1]:
        raise HwsimError(
            f"{network.name!r}: its populations differ in {mixed[0]}: "
            f"{', '.join(sorted(map(str, found[mixed[0]])))}; a NIR file has one rule for all"
        )
    options = {name: values.pop() for name, values in found.items()}
    return Producer(**(vars(PRODUCERS["nir"]) | options))


def _integrates(p: Population) -> bool:
    return p.leak == "decay" and bool((p.parameter("decay") == 1).all())


def _usual_form(p: Population) -> str:
    """How its equation is computed where the file does not say."""
    return "relax" if p.leak != "decay" and p.parameter("rest").any() else "decay"


def _missed(rule: Producer) -> dict[str, bool]:
    """What other tools will not see: in words, and whether the network has it."""
    return {
        "comparison v >= threshold": rule.compare != ">",
        "reset by subtraction": rule.reset == "subtract",
        "reset a step late": rule.delayed,
        "several spikes a step": rule.multispike,
    }


@dataclass
class _Draft:
    """Nodes and edges as far as they are made, and ``loops``: edges whose step is ``implied``."""

    network: Network
    rule: Producer
    dt: float
    implied: bool
    nodes: dict[str, Fields] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    loops: set[Edge] = field(default_factory=set)

    def fill(self) -> None:
        network = self.network
        if network.integer:
            raise HwsimError(f"{network.name!r} computes in integers, which NIR does not have")
        for p in network.populations:
            if not p.name or p.name == "." or any(c in p.name for c in "/\0"):
                raise HwsimError(f"population {p.name!r}: a NIR file cannot hold this name")
            self.nodes[p.name] = self._population(p)
        for q in network.projections:
            self._projection(q, network.population[q.source], network.population[q.target])
        last = network.population[network.readout]
        if last.kind != "readout":
            self._join(last.name, self._node("output", {"type": "Output", "shape": np.array(last.shape)}))
        if others := [p.name for p in network.populations if p.kind == "readout" and p is not last]:
            raise HwsimError(f"{network.name!r}: {others[0]!r} is another readout; NIR has one Output")

    def check(self) -> None:
        """Raises HwsimError for nodes that read_nir would refuse."""
        for name, fields in self.nodes.items():
            if len(name) > MAX_NAME:
                raise HwsimError(f"{name[:32]!r}...: a name of {len(name)} letters; {MAX_NAME} at most")
            for part, value in fields.items():
                if isinstance(value, np.ndarray) and not np.isfinite(value).all():
                    raise HwsimError(f"{name!r}: with dt = {self.dt:g}, {part} is beyond float64")

    def _population(self, p: Population) -> Fields:
        where = f"population {p.name!r}"
        if p.kind == "input":
            return {"type": "Input", "shape": np.array(p.shape)}
        if p.kind == "readout":
            return {"type": "Output", "shape": np.array(p.shape)}
        pools = [q for q in self.network.into(p.name) if q.kind in ("avg_pool", "max_pool")]
        if p.kind == "relay":
            return self._pool(pools[0], where) if pools else {"type": "Scale", "scale": np.ones(p.shape)}
        if p.kind not in ("lif", "li"):
            raise HwsimError(f"{where}: NIR has no {p.kind}")
        odd = {
            "shared states": p.shared,
            "adaptation": p.adaptive,
            "refractory periods": p.refractory > 0,
            "initial membranes": bool(p.parameter("initial").any()),
            "one spike a step among all": p.one_spike,
            "a lower bound of membranes": p.floored,
        }
        if found := [name for name, present in odd.items() if present]:
            raise HwsimError(f"{where}: NIR has no {found[0]}")
        return time_constants(p, self.dt)

    def _pool(self, q: Projection, where: str) -> Fields:
        if q.kind == "max_pool":
            raise HwsimError(f"{where}: NIR has no maximum pool (projection {q.name!r})")
        kinds = {1.0: "SumPool2d", float(q.kernel[0] * q.kernel[1]): "AvgPool2d"}
        if q.divisor not in kinds:
            raise HwsimError(f"{where}: NIR has no pool that divides {q.kernel} by {q.divisor:g}")
        parts = {"kernel_size": q.kernel, "stride": q.stride, "padding": q.padding}
        return {"type": kinds[q.divisor]} | {name: np.array(pair) for name, pair in parts.items()}

    def _projection(self, q: Projection, source: Population, target: Population) -> None:
        """Source, perhaps a Delay, perhaps a Flatten, the weights, target."""
        last = source.name
        place = [p.name for p in self.network.populations]
        closes = place.index(source.name) >= place.index(target.name)
        implied = self.implied and closes and q.delay == 1 and source.kind in ("lif", "li")
        if q.delay and not implied:
            delay = {"type": "Delay", "delay": np.full(source.shape, q.delay * self.dt)}
            last = self._join(last, self._node(f"{q.name}.delay", delay))
        if q.kind == "dense" and len(source.shape) == 3:
            flat = {"type": "Flatten", "input_type": np.array(source.shape), "start_dim": 0, "end_dim": -1}
            last = self._join(last, self._node(f"{q.name}.flatten", flat))
        if q.kind == "identity" and q.bias is not None:
            q = _with_weights(q, source)
        if q.weights is not None:
            last = self._join(last, self._node(q.name, _weighted(q, source)))
        self._join(last, target.name)
        if implied:
            self.loops.add(self.edges[-1])

    def order(self) -> Order:
        """The order in which it will be read. Raises HwsimError for what is not reached from the input."""
        nodes = {name: Node(name, fields["type"], "") for name, fields in self.nodes.items()}
        graph = Graph(f"network {self.network.name!r}", nodes, set(self.edges))
        delays = frozenset(name for name, node in nodes.items() if node.kind == "Delay")
        return order(graph, self.network.input.name, delays)

    def _node(self, name: str, fields: Fields) -> str:
        """Add a node under a name that no other has; a slash would be a folder of the file."""
        name = name.replace("/", "_")
        taken = {p.name for p in self.network.populations} | self.nodes.keys()
        free = next(n for n in (name, *(f"{name} {i}" for i in range(2, len(taken) + 3))) if n not in taken)
        self.nodes[free] = fields
        return free

    def _join(self, source: str, target: str) -> str:
        if (source, target) in self.edges:
            shape = self.network.population[source].shape
            through = self._node(f"{source} again", {"type": "Scale", "scale": np.ones(shape)})
            self._join(source, through)
            source = through
        self.edges.append((source, target))
        return target


def _with_weights(q: Projection, source: Population) -> Projection:
    """An identity with a bias as a layer of weights 1: NIR has no bias alone."""
    if len(source.shape) == 3:
        ones = np.ones((source.channels, 1, 1, 1), np.float32)
        return replace(q, kind="conv2d", weights=ones, groups=source.channels)
    if source.size > MAX_DIAGONAL:
        raise HwsimError(
            f"projection {q.name!r}: NIR has no bias alone, and its {source.size} "
            "neurons are too many for a matrix"
        )
    return replace(q, kind="dense", weights=np.eye(source.size, dtype=np.float32))


def _weighted(q: Projection, source: Population) -> Fields:
    assert q.weights is not None
    if q.kind == "dense":
        bias: Fields = {} if q.bias is None else {"bias": q.bias}
        return {"type": "Affine" if bias else "Linear", "weight": q.weights} | bias
    return {
        "type": "Conv2d",
        "weight": q.weights,
        "bias": np.zeros(len(q.weights), np.float32) if q.bias is None else q.bias,
        "input_shape": np.array(source.plane),
        "stride": np.array(q.stride),
        "padding": np.array(q.padding),
        "dilation": np.array((1, 1)),
        "groups": q.groups,
    }


def _store(group: Any, fields: Fields) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            _store(group.create_group(name), value)
        elif isinstance(value, str):
            group.create_dataset(name, data=value, dtype=h5py.string_dtype())
        elif isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "if" and value.size > 64:
            group.create_dataset(name, data=value, compression="gzip")
        else:
            group.create_dataset(name, data=value)
