"""Operation counts equal those that NeuroBench, SpikingJelly and syops give on the same network."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.network import Network
from hwsim.operations import count
from tests.external.captured import SAMPLES, STEPS, exact, images, spikes

MISSING = "is not installed: make test-frontends"
neuron = pytest.importorskip("spikingjelly.activation_based.neuron", reason=f"SpikingJelly {MISSING}")
functional = pytest.importorskip("spikingjelly.activation_based.functional", reason=f"SpikingJelly {MISSING}")

Array = NDArray[Any]


def pooled(pool: type[nn.Module]) -> nn.Module:
    """conv - pool - conv - pool - fc on (2, 12, 12)."""
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), neuron.IFNode(), pool(2),
        nn.Conv2d(6, 8, 3, padding=1, bias=False), neuron.LIFNode(v_threshold=0.5), pool(2),
        nn.Flatten(), nn.Linear(72, 5), neuron.IFNode(),
    )  # type: ignore[call-arg]  # fmt: skip


def pruned() -> nn.Module:
    """The same with half of the weights 0, a stride and groups."""
    net = nn.Sequential(
        nn.Conv2d(2, 6, 3, stride=2, padding=1), neuron.IFNode(),
        nn.Conv2d(6, 6, 3, groups=3), neuron.IFNode(), nn.Flatten(), nn.Linear(96, 5),
    )  # fmt: skip
    exact(net)
    for layer in (net[0], net[2], net[5]):
        layer.weight.data[
            torch.rand(layer.weight.shape, generator=torch.Generator().manual_seed(1)) < 0.5
        ] = 0
    return net


NETS: dict[str, Callable[[], nn.Module]] = {
    "max pools": lambda: exact(pooled(nn.MaxPool2d)),
    "average pools": lambda: exact(pooled(nn.AvgPool2d)),
    "pruned, strided, grouped": pruned,
}

INPUTS: dict[str, tuple[Array, Any]] = {
    "binary": (spikes(2, 12, 12), "spikes"),
    "analog": (images(2, 12, 12) - np.float32(0.25), "frames"),
}


class Stepping(nn.Module):
    """Runs a network once a timestep on (B, T, ...)."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, given: Tensor) -> Tensor:
        functional.reset_net(self.net)
        return torch.stack([self.net(given[:, t]) for t in range(given.shape[1])]).sum(0)


class Case:
    """A network, its inputs as (samples, steps, ...), and what hwsim counts."""

    def __init__(self, net: str, inputs: str) -> None:
        values, coding = INPUTS[inputs]
        self.model = NETS[net]().eval()
        captured = capture(self.model, values, STEPS, coding=coding)
        self.network: Network = captured.network
        self.trace: EventTrace = execute(self.network, encode(self.network, values))
        self.ours = count(self.network, self.trace).totals
        repeated = values if coding == "spikes" else np.repeat(values[:, None], STEPS, 1)
        self.sequences = torch.from_numpy(repeated)
        self.stepping = Stepping(self.model)


@pytest.fixture(params=[(n, i) for n in NETS for i in INPUTS], ids=lambda p: f"{p[0]}, {p[1]}")
def case(request: pytest.FixtureRequest) -> Case:
    return Case(*request.param)


class _Loader(list[Any]):
    """Batches of one sample, as a data loader gives them."""

    batch_size = 1
    dataset = range(SAMPLES)


def by_neurobench(case: Case) -> dict[str, float]:
    """What NeuroBench counts, by the names of hwsim's totals."""
    models = pytest.importorskip("neurobench.models", reason=f"NeuroBench {MISSING}")
    workload = pytest.importorskip("neurobench.metrics.workload", reason=f"NeuroBench {MISSING}")
    benchmarks = pytest.importorskip("neurobench.benchmarks", reason=f"NeuroBench {MISSING}")
    samples = [(sequence[None], torch.zeros(1)) for sequence in case.sequences]
    metrics: Any = [[], [workload.SynapticOperations]]
    loader: Any = _Loader(samples)
    benchmark = benchmarks.Benchmark(models.TorchModel(case.stepping), loader, [], [], metrics)
    found = benchmark.run(quiet=True)["SynapticOperations"]
    keys = {"neurobench_ac": "Effective_ACs", "neurobench_mac": "Effective_MACs", "neurobench_dense": "Dense"}
    return {name: float(found[key]) for name, key in keys.items()}


def by_spikingjelly(case: Case) -> dict[str, float]:
    """The same of SpikingJelly's counters, per sample."""
    counters = pytest.importorskip(
        "spikingjelly.activation_based.op_counter", reason=f"SpikingJelly {MISSING}"
    )
    synops, macs = counters.SynOpCounter(), counters.MACCounter()
    with torch.no_grad(), counters.DispatchCounterMode([synops, macs]):
        for sequence in case.sequences:
            case.stepping(sequence[None])
    totals = {"spikingjelly_synop": synops, "spikingjelly_mac": macs}
    return {name: counter.get_total() / SAMPLES for name, counter in totals.items()}


def by_syops(case: Case) -> dict[str, float]:
    """The same of syops, per sample."""
    # syops 0.0.5 asks for the multi-step nodes of SpikingJelly before 2.0, which these networks do not use
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MultiStepIFNode", "MultiStepLIFNode", "MultiStepParametricLIFNode"):
            patch.setattr(neuron, name, type(name, (), {}), raising=False)
        syops = pytest.importorskip("syops", reason=f"syops {MISSING}")
        loader = [(sequence[None], None) for sequence in case.sequences]
        shape = tuple(case.sequences.shape[1:])
        counts, _ = syops.get_model_complexity_info(
            case.stepping, shape, loader, print_per_layer_stat=False, as_strings=False, ost=sys.stderr
        )
    return {"syops_ac": float(counts[1]), "syops_mac": float(counts[2])}


TOOLS: dict[str, tuple[Callable[[Case], dict[str, float]], float]] = {
    "NeuroBench": (by_neurobench, 1e-12),
    "SpikingJelly": (by_spikingjelly, 1e-12),
    "syops": (by_syops, 1e-6),  # it divides by the number of inputs in float32
}
"""By tool what it counts, and the share by which float arithmetic may move it."""


@pytest.mark.parametrize("tool", TOOLS)
def test_operations_are_those_of_other_tools(case: Case, tool: str) -> None:
    counted, share = TOOLS[tool]
    theirs = counted(case)
    assert theirs == pytest.approx({name: case.ours[name] for name in theirs}, rel=share)
    assert sum(n for name, n in theirs.items() if name != "neurobench_dense") > 0


def test_on_binary_inputs_and_without_zero_weights_all_but_syops_agree_on_the_exact_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dense() -> nn.Module:
        net = NETS["max pools"]()
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight.data[layer.weight == 0] = 1 / 64
        return net

    monkeypatch.setitem(NETS, "without zero weights", dense)
    ours = Case("without zero weights", "binary").ours
    assert ours["ac"] == ours["neurobench_ac"] == ours["spikingjelly_synop"] > 0
    assert ours["mac"] == 0
    assert ours["syops_ac"] > 1.2 * ours["ac"]
