"""What is known of cells and of trained networks beside accuracy: scores, activity, costs on chips.

Each a task in out/snasnet/looked.jsonl, done once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.congestion import small_tiles
from benchmarks.snasnet import by_step
from benchmarks.snasnet.plan import SMALL, Run, searched
from hwsim import cell_costs
from hwsim.chip.config import worded
from hwsim.costing import OnChip
from hwsim.datasets import load_dataset
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.hardware import Hardware
from hwsim.mapping import Mapping as Schedule
from hwsim.methods.train import CARD, finished
from hwsim.methods.train_data import Feed
from hwsim.methods.trained import open_training
from hwsim.methods.training_free import candidate
from hwsim.methods.workers import one_thread
from hwsim.network import Network
from hwsim.nn import LIF, reset_states
from hwsim.reuse import Reuse
from hwsim.storage import content_id
from hwsim.task_store import TaskStore
from hwsim.tasks import Task, here
from hwsim.workloads import WorkloadSpec

LOOKED = "looked.jsonl"
SAMPLES = 2
"""Images that costs are the mean of."""
CHIP, EVENT, TILES = "sata", "spinalflow", "small tiles"
CHIPS = {
    "tile": (CHIP, "layer_major"), "stepwise": (CHIP, "step_major"), "event": (EVENT, "layer_major"),
    "tiles": (TILES, "layer_major"),
}  # fmt: skip
"""How a trained network is simulated, by name: chip and schedule."""
NEURONS, WEIGHT_BYTES = 256, 4096
"""What each of the 8 x 8 small tiles keeps: half of a layer of the first cell."""

Found = dict[str, Any]


def score(cell: str) -> Found:
    """Both scores and the parameters of a cell on the digits, as a search has them."""
    spec = searched(SMALL, "both", {})
    return candidate.score(cell, **spec.network, **spec.places)


def untrained(cell: str, hardware: str) -> Found:
    """Costs of a cell on a chip as a search has them."""
    spec, on = searched(SMALL, "both", {}), cell_costs.opened(hardware, None)
    places = spec.places | {"hardware": hardware, "table": None}
    arguments = spec.network | cell_costs.contents(on) | {"samples": SAMPLES}
    return cell_costs.costs_of(cell, **arguments, **places)


@torch.no_grad()
def activity(cell: str) -> list[Found]:
    """Of every layer of an untrained network: mean and deviation over a batch of the share of its neurons
    that fire at a step, and of those above zero where a ReLU stands in their place."""
    spec = searched(SMALL, "both", {})
    network = spec.network
    images, fit = candidate.batches_of(
        SMALL, None, network["images"], network["batch"], network["batches"], network["seed"]
    )
    told = []
    for kind in ("lif", "relu"):
        model = candidate.untrained(cell, network["channels"], network["inner"], network["seed"], fit)
        if kind == "relu":
            for name, module in list(model.named_modules()):
                if isinstance(module, LIF):
                    parent, _, own = name.rpartition(".")
                    setattr(model.get_submodule(parent), own, nn.ReLU())
        shares: dict[str, list[torch.Tensor]] = {}

        def keep(name: str, seen: dict[str, list[torch.Tensor]] = shares) -> Callable[..., None]:
            return lambda _m, _i, out: seen.setdefault(name, []).append((out > 0).flatten(1).double().mean(1))

        for name, module in model.named_modules():
            if isinstance(module, LIF | nn.ReLU):
                module.register_forward_hook(keep(name))
        torch.manual_seed(network["seed"])
        model.train()
        reset_states(model)
        for _ in range(network["timesteps"] if kind == "lif" else 1):
            model(images[0])
        for name, found in shares.items():
            each = torch.stack(found)
            told.append(
                {
                    "kind": kind,
                    "layer": name,
                    "mean": float(each.mean()),
                    "deviation": float(each.std(1).mean()),
                }
            )
    return told


@cache
def _chip(name: str, schedule: str) -> OnChip:
    if name == TILES:
        return replace(OnChip.of("mesh-sata"), chip=small_tiles(NEURONS, WEIGHT_BYTES))
    on = OnChip.of(name)
    if schedule == "layer_major":
        return on
    return replace(on, mapping=Schedule.model_validate({"schedule": schedule}))


def trained(name: str, weights: str, places: Mapping[str, str], *, store: str) -> Found:
    """Costs of a trained network on each of ``places`` and how its executor agrees with PyTorch; ``weights``:
    digest of its card."""
    del weights
    work, _ = WorkloadSpec(str(Path(store) / name), samples=SAMPLES).workload(SAMPLES)
    network = work.network
    assert work.reference is not None
    trace = execute(network, encode(network, work.inputs))
    agreement = agree(network, trace, work.reference)
    found: Found = {
        "compared": agreement.compared, "differences": agreement.free, "trusted": agreement.trusted,
        "kept_bits": kept_bits(network), "returned": returned(network, work.reference.events),
    }  # fmt: skip
    reuse = Reuse()
    for place in places:
        found[place] = _chip(*CHIPS[place]).of_network(network, work.inputs, reuse)
    return found


def by_each_step(name: str, weights: str, *, store: str) -> float:
    """Accuracy of a trained network with statistics of each step; ``weights``: digest of its card."""
    del weights
    found = finished(Path(store) / name)
    model = open_training(found.directory).model
    assert isinstance(model, nn.Module)
    feed = Feed.of(load_dataset(found.spec.data), found.spec, int(found.card["timesteps"]))
    return by_step.accuracy(model, feed)


def kept_bits(network: Network) -> int:
    """Bits that connections back in time keep from step to step: one for a spike, for a graded value those
    of an activation of the chip; each population once, for its longest delay."""
    chip = worded(_chip(CHIP, "layer_major").chip, network)
    assert isinstance(chip, Hardware)
    total = 0
    for population in network.populations:
        delay = max((p.delay for p in network.projections if p.source == population.name), default=0)
        total += delay * population.size * (1 if population.spikes else chip.precision.activation_bits)
    return total


def returned(network: Network, events: Mapping[str, Any]) -> float:
    """Events of a sample that a connection takes back in time, each connection's own."""
    late = [p for p in network.projections if p.delay]
    return sum(_before_the_last(events[p.source], p.delay) for p in late) / SAMPLES


def _before_the_last(events: Any, delay: int) -> int:
    counts = np.diff(events.offsets).reshape(events.samples, events.steps)
    return int(counts[:, : events.steps - delay].sum())


def looked(
    store: Path, cells: Iterable[str], simulated: Iterable[str], active: Iterable[str],
    runs: Iterable[tuple[Run, tuple[str, ...]]], trainings: Iterable[Run],
    tell: Callable[[str], None] = lambda _text: None,
) -> dict[str, dict[str, Found]]:  # fmt: skip
    """By kind and cell or name of a run: score, untrained on each chip (of ``simulated``), activity (of
    ``active``), trained (of ``runs``, with where each is to be simulated), accuracy by statistics of each
    step (of ``trainings``)."""
    one_thread()
    tasks: dict[tuple[str, str], Task] = {}
    for cell in dict.fromkeys(cells):
        tasks["score", cell] = Task(score, {"cell": cell})
    for cell in dict.fromkeys(simulated):
        for kind, chip in (("untrained", CHIP), ("untrained event", EVENT)):
            tasks[kind, cell] = Task(untrained, {"cell": cell, "hardware": chip})
    for cell in dict.fromkeys(active):
        tasks["activity", cell] = Task(activity, {"cell": cell})
    for run, places in runs:
        card = content_id("card", {"text": (run.directory(store) / CARD).read_text(encoding="utf-8")})
        arguments = {"name": run.name, "weights": card, "places": list(places)}
        tasks["trained", run.name] = Task(trained, arguments, {"store": str(store)})
    for run in trainings:
        card = content_id("card", {"text": (run.directory(store) / CARD).read_text(encoding="utf-8")})
        task = Task(by_each_step, {"name": run.name, "weights": card}, {"store": str(store)})
        tasks["each step", run.name] = task
    file = TaskStore(store / LOOKED)
    done = {}
    for number, one in enumerate(file.compute(list(tasks.values()), here), 1):
        done[one.id] = one
        tell(f"{number} of {len(tasks)}: {one.error or ''}")
    kinds = ("score", "untrained", "untrained event", "activity", "trained", "each step")
    found: dict[str, dict[str, Found]] = {kind: {} for kind in kinds}
    for (kind, name), task in tasks.items():
        if done[task.id].value is not None:
            found[kind][name] = done[task.id].value
    return found
