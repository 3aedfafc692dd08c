"""What a path of a trained supernet inherits, the network that is read of it, and what that costs."""

import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim import commands, pipeline
from hwsim.architectures import Candidates
from hwsim.frontends.capture import Structure, capture
from hwsim.mapping import Mapping
from hwsim.methods.spike_aware.captured import network_of
from hwsim.methods.spike_aware.inherited import Inherited
from hwsim.methods.spike_aware.supernet import Supernet
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from hwsim.network import Network
from hwsim.nn import fixed, unroll
from hwsim.reuse import Reuse
from hwsim.tasks import done
from tests.methods.small_supernet import PATH, SUPERNET, spec, trained


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("supernet") / "net")


def test_a_supernet_of_a_file_is_another_one_when_what_the_file_imports_changes(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").touch()
    (tmp_path / "net.py").write_text("import parts")
    (tmp_path / "parts.py").write_text("A = 1")
    (tmp_path / "other.py").write_text("A = 1")
    trained = TrainSpec.of(SUPERNET | {"model": f"{tmp_path / 'net.py'}:build"})
    feed: Any = SimpleNamespace(data=SimpleNamespace(train=SimpleNamespace(digest=lambda: "images")))

    def number() -> str:
        return Supernet(tmp_path, trained, nn.Identity(), feed).id

    first = number()
    (tmp_path / "other.py").write_text("A = 2")
    assert number() == first
    (tmp_path / "parts.py").write_text("A = 2")
    assert number() != first


def test_a_path_has_the_supernet_s_weights_and_statistics_of_its_own(directory: Path) -> None:
    supernet = Supernet.of(directory)
    model = Inherited(supernet, PATH, 150).model
    inherited = copy.deepcopy(supernet.model).get_submodule("0.0.0")
    stem = model.get_submodule("0.0")
    assert isinstance(stem, nn.Sequential)
    assert torch.equal(stem[0].weight, inherited.weight)  # type: ignore[arg-type]
    parts = [supernet.feed.train.take(slice(i, i + 100)) for i in (0, 100)]
    seen = [
        stem[0](supernet.feed.batch(p, np.random.default_rng(0))[0])
        for p in (parts[0], parts[1].take(slice(50)))
    ]
    means = torch.stack([x.mean((0, 2, 3)) for x in seen]).mean(0)
    assert torch.allclose(stem[1].running_mean, means, atol=1e-5)  # type: ignore[arg-type]


def test_accuracy_is_that_of_the_images_behind_those_it_was_trained_on(directory: Path) -> None:
    supernet = Supernet.of(directory)
    split = supernet.validation(60)
    whole = supernet.feed.data.train
    assert np.array_equal(split.labels, whole.labels[300:360])
    model = Inherited(supernet, PATH, 150).model
    answers = unroll(model, supernet.feed.batch(split, np.random.default_rng(0))[0], 2).mean(0).argmax(1)
    assert Inherited(supernet, PATH, 150).accuracy(split) == float((answers.numpy() == split.labels).mean())


def test_costs_of_a_path_are_those_of_an_estimate_that_agrees_with_pytorch(directory: Path) -> None:
    asked = Candidates.of(spec(directory))
    found = done(asked.costs(PATH)).value["costs"]
    supernet = Supernet.of(directory)
    model, inputs = Inherited(supernet, PATH, 150).model, supernet.inputs(supernet.validation(2))
    captured = capture(model, inputs, 2)
    work = pipeline.Workload(captured.network, inputs, None, captured.reference)
    told = pipeline.estimate(work, commands.chip("sata", None), Mapping(), commands.table_of(None)).as_dict()
    assert told["agreement"]["trusted"]
    for name in ("spikes", "ac", "mac", "dram_bytes", "energy_pj", "latency_ns"):
        assert found[name] == told["totals"][name] / 2


PATHS = [
    PATH,
    ("srb3", "scb3", "skip", "srb3", "scb3"),
    ("srb3", "scb3", "skip", "skip", "scb3"),
    ("skip", "skip", "skip", "skip", "skip"),
    ("skip", "scb3", "srb3", "skip", "srb3"),
]


def test_the_network_of_sections_is_the_one_captured_whole_whatever_is_known(directory: Path) -> None:
    supernet, shared = Supernet.of(directory), Reuse()
    images = supernet.validation(3)
    for path in PATHS:
        alone, beside = Inherited(supernet, path, 150), Inherited(supernet, path, 150, shared)
        whole = capture(alone.model, supernet.inputs(images)[:1], 2, "-".join(path)).network
        assert network_of(alone, images).id == whole.id
        assert network_of(beside, images).id == whole.id
        assert beside.accuracy(images) == alone.accuracy(images)
    untouched = Supernet.of(directory).model.state_dict()
    assert all(torch.equal(tensor, untouched[name]) for name, tensor in supernet.model.state_dict().items())
    assert shared.found["calibrated sections"] == 4 + 3 + 0 + 1
    assert shared.found["captured sections"] > shared.found["network"] == 0
    assert shared.found["structures"] > 0


def test_a_section_that_is_filled_with_what_pytorch_does_not_compute_is_read_anew(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supernet, shared = Supernet.of(directory), Reuse()
    images = supernet.validation(3)
    network_of(Inherited(supernet, PATHS[0], 150, shared), images)
    true = Structure.filled

    def scaled(structure: Structure, model: nn.Module) -> Network | None:
        found = true(structure, model)
        assert found is not None
        changed = [replace(p, weights=3 * p.weights) for p in found.projections if p.weights is not None]
        by_name = {p.name: p for p in changed}
        return replace(found, projections=tuple(by_name.get(p.name, p) for p in found.projections))

    for first, filled in (("skip", scaled), ("scb3", lambda _structure, _model: None)):
        monkeypatch.setattr(Structure, "filled", filled)
        path = (first, *PATHS[0][1:])
        found = network_of(Inherited(supernet, path, 150, shared), images)
        assert found.id == network_of(Inherited(supernet, path, 150), images).id


READS_STATISTICS = '''
import torch
from torch import nn

from hwsim.nn import LIF, Choice


class Norm(nn.Module):
    """A normalization whose statistics go into a product of their own too."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, values):
        return self.norm(values) * (1 + self.norm.running_mean.abs()).view(1, -1, 1, 1)


def block(kernel, threshold):
    first = nn.Conv2d(4, 4, kernel, padding=kernel // 2), Norm(4), LIF(threshold=0.1)
    return nn.Sequential(*first, nn.Conv2d(4, 4, 3, padding=1), LIF(threshold=threshold))


def net():
    first = Choice({"a": block(1, 0.1), "b": block(3, 0.1)})
    second = Choice({"x": block(3, 50.0), "y": block(1, 50.0)})
    ends = nn.Conv2d(1, 4, 3, padding=1), LIF(threshold=0.1)
    return nn.Sequential(*ends, first, second, nn.Flatten(), nn.Linear(256, 10))
'''


def test_a_section_whose_statistics_reach_it_by_another_way_is_read_off_every_path(tmp_path: Path) -> None:
    # behind the product a layer is silent, so that what the section answers would not tell
    (tmp_path / "net.py").write_text(READS_STATISTICS, encoding="utf-8")
    train(
        TrainSpec.of(SUPERNET | {"model": f"{tmp_path / 'net.py'}:net", "settings": []}), tmp_path / "trained"
    )
    supernet, shared = Supernet.of(tmp_path / "trained"), Reuse()
    assert supernet.in_sections
    images = supernet.validation(3)
    for path in (("a", "x"), ("b", "x"), ("b", "y"), ("a", "y")):
        alone = network_of(Inherited(supernet, path, 150), images)
        assert network_of(Inherited(supernet, path, 150, shared), images).id == alone.id


def test_the_statistics_of_sections_are_those_of_the_whole_network(directory: Path) -> None:
    supernet = Supernet.of(directory)
    inherited = Inherited(supernet, PATH, 150)
    whole = fixed(copy.deepcopy(supernet.model), PATH)
    norms = [module for module in whole.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    images = supernet.feed.train.take(slice(150))
    for part in (slice(100), slice(100, 150)):
        unroll(whole.train(), supernet.shown(images.take(part)), 2)
    found = [m for m in inherited.model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(found) == len(norms) > 5
    for ours, theirs in zip(found, norms, strict=True):
        assert torch.equal(ours.running_mean, theirs.running_mean)  # type: ignore[arg-type]
        assert torch.equal(ours.running_var, theirs.running_var)  # type: ignore[arg-type]
