"""Every kind of file that hwsim reads: how a whole one is written, how it is read, how it is damaged."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import save_file
from torch import nn

from hwsim import hardware, pipeline
from hwsim.chip import config as chip_config
from hwsim.chip import prices
from hwsim.comparison import KEYS
from hwsim.configuration import load_yaml
from hwsim.cost import TABLES as ENERGY
from hwsim.cost import Cost
from hwsim.cost.table import load_areas, load_table
from hwsim.datasets import load_dataset
from hwsim.dram import table as dram
from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.explore.space import load_space
from hwsim.frontends.loading import load_inputs
from hwsim.frontends.netx import read_netx
from hwsim.frontends.nir.read import read_nir
from hwsim.grid import TABLES as HOPS
from hwsim.grid import load_hop_energy
from hwsim.ledger import Ledger
from hwsim.lower.lowering import lower
from hwsim.manycore.chips import open_chip
from hwsim.mapping import Mapping, load_mapping
from hwsim.methods.run_directory import digest_of, read_lines
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.methods.train_model import load_weights
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.train_state import FOLDER, State, load_state, save_state
from hwsim.network import Network
from hwsim.noc import config as noc
from hwsim.program import Program
from hwsim.replay import dram_replay, noc_replay, systolic_rows
from hwsim.report.saved import load as load_result
from hwsim.result import Result
from hwsim.saved import load_saved
from hwsim.selecting import of_comparison
from hwsim.task_store import TaskStore
from hwsim.tasks import Task
from tests.datasets.files import write_camera, write_cifar10, write_mnist
from tests.datasets.test_damage import saccades
from tests.examples import small_network
from tests.explore.small import SPACE
from tests.frontends.nir_small import small as write_nir
from tests.frontends.test_netx import write_small as write_netx
from tests.fuzz.changes import (
    Change,
    of_bytes,
    of_csv,
    of_deep,
    of_hdf5,
    of_head,
    of_json,
    of_lines,
    of_npz,
    of_rows,
    of_safetensors,
    of_yaml,
    of_zip,
)

Write = Callable[[Path], Path]
Read = Callable[[Path], Any]

AREAS = ENERGY.parent / "area"


@dataclass(frozen=True)
class Target:
    """``write`` a whole file into a directory; ``read`` it; ``changes`` that damage it. ``cases`` of each
    change with ``make test``."""

    write: Write
    read: Read
    changes: tuple[Change, ...]
    cases: int = 40


def copied(source: Path) -> Write:
    """A table that ships, without its comments, which only take time to parse."""

    def write(folder: Path) -> Path:
        values = yaml.safe_load(source.read_text(encoding="utf-8"))
        return text(source.name, yaml.safe_dump(values))(folder)

    return write


def text(name: str, content: str) -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def saved(name: str, save: Callable[[Path], None]) -> Write:
    def write(folder: Path) -> Path:
        save(folder / name)
        return folder / name

    return write


@cache
def result() -> Result:
    """Of a small network on one tile."""
    network = small_network("frames")
    images = np.random.default_rng(3).random((2, 2, 4, 4)).astype(np.float32)
    work = pipeline.workload(network, images, network.timesteps, labels=np.array([0, 1]))
    return pipeline.estimate(work, hardware.load_hardware("sata"), Mapping(), load_table("horowitz45"))


@cache
def of_run() -> Path:
    """The directory that an estimate of it writes."""
    folder = Path(mkdtemp())
    result().save(folder)
    return folder


def run_file(name: str) -> Write:
    def write(folder: Path) -> Path:
        shutil.copytree(of_run(), folder, dirs_exist_ok=True)
        return folder / name

    return write


def read_run(path: Path) -> object:
    return load_saved(path.parent)


@cache
def trace() -> EventTrace:
    network = small_network()
    return execute(network, encode(network, np.ones((2, 3, 2, 4, 4), np.float32)))


def save_trace(path: Path) -> None:
    trace().save(path)


def save_ledger(path: Path) -> None:
    result().run.ledger.save(path)


def save_cost(path: Path) -> None:
    result().run.cost.save(path)


def read_trace(path: Path) -> EventTrace:
    found = EventTrace.load(path)
    try:
        found.verify(small_network())
    except ValueError as error:
        raise type(error)(f"{path}: {error}") from None
    return found


def program() -> Program:
    return lower(small_network(), trace(), 0, hardware.load_hardware("sata"), Mapping())


def module() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def read_weights(path: Path) -> list[np.ndarray[Any, Any]]:
    model = module()
    load_weights(model, path)
    return [tensor.numpy() for tensor in model.state_dict().values()]


def of_epoch(suffix: str) -> Write:
    """One file of a training's checkpoint."""

    def write(folder: Path) -> Path:
        model = module()
        optimizer = torch.optim.Adam(model.parameters())
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        state = State(
            1, dict(model.state_dict()), {"weights": optimizer.state_dict()}, {"0.weight": torch.ones(4, 3)},
            [{"epoch": 1, "test_accuracy": 0.5}], 1, {"data": "0" * 64},
        )  # fmt: skip
        save_state(folder, state)
        return folder / FOLDER / f"epoch-0001{suffix}"

    return write


def read_epoch(path: Path) -> object:
    """A checkpoint whose digests are right, whoever wrote it, but for its numbers: those of a training that
    diverged are NaN."""
    header = path.with_suffix(".json")
    if path != header:
        told = json.loads(header.read_text())
        told["sha256"][path.suffix] = digest_of(path)
        header.write_text(json.dumps(told))
    found = load_state(path.parent.parent)
    return found and (found.epoch, found.history, found.threads, found.origin)


def write_tasks(folder: Path) -> Path:
    store = TaskStore(folder / "tasks.jsonl")
    for number in range(3):
        task = Task(sum, {"number": number})
        store.add(task, _done(task, {"cycles": number, "names": ["a", None]}))
    return store.path


def _done(task: Task, value: object) -> Any:
    from hwsim.tasks import Done  # noqa: PLC0415

    return Done(task.id, value, None, 0.5)


def write_comparison(folder: Path) -> Path:
    totals = {"energy_pj": 3.0, "dram_bytes": 4, "latency_ns": 5.0, "area_um2": 6.0}
    row = dict.fromkeys(KEYS, "a") | {
        "accuracy": 0.5, "samples": 2, "totals": totals, "weight_bytes": 7, "lif": {"memory_bytes": 8},
    }  # fmt: skip
    return text("compare.json", json.dumps({"rows": [row, row | {"sharing": "C2"}]}))(folder)


def write_npy(folder: Path) -> Path:
    np.save(folder / "inputs.npy", np.ones((3, 1, 4, 4), np.float32))
    return folder / "inputs.npy"


def write_npz(folder: Path) -> Path:
    images = np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4)
    np.savez(folder / "inputs.npz", images=images, labels=np.array([0, 1, 2]))
    return folder / "inputs.npz"


def of_set(name: str) -> Read:
    """The folder of a data set that lies in several files: the file changed is one of them."""

    def read(path: Path) -> object:
        folder = next(p for p in path.parents if not p.name.isdigit() and p.name != "Train")
        found = load_dataset(name, folder)
        found.verify()
        return found

    return read


def written(write: Callable[[Path], object], file: str) -> Write:
    def into(folder: Path) -> Path:
        write(folder)
        return folder / file

    return into


def replayed(replay: Callable[[Path, Path], object]) -> Read:
    return lambda path: replay(path, path.with_name("replayed.csv"))


YAML = (of_yaml, of_bytes)

FEW = 20
"""Cases of files that take long to read."""

MAPPING = """
schedule: step_major
fold_order: n_outer
layers: {a: {fold_order: m_outer, k_tile: 4}, "1": {n_tile: 2}}
placement: {a: [{first: 0, last: 11, core: 1}]}
"""

TRAINING = "{model: fashion, data: digits, epochs: 3, settings: [channels=4], rate: 0.001}\n"
LEARNING = "{model: tinysnn/lateral, data: digits, neurons: 20, passes: 1}\n"

REQUESTS = (
    "arrival_cycle,address,bytes,direction,note\n0,64,64,read,a\n5,0x1000,128,write,b\n9,64,64,read,c\n"
)
PACKETS = "0 1 2\n3 0 15 4\n5 2 1+4+9 1 # several\n7 15 0\n"
PRODUCTS = "dataflow,R,C,M,N,K,name\nos,4,4,9,5,7,a\nws,2,8,3,3,3,b\nis,1,1,1,1,1,c\n"

TARGETS: dict[str, Target] = {
    "hardware": Target(copied(hardware.TABLES / "sata.yaml"), lambda p: open_chip(str(p)), YAML, FEW),
    "grid": Target(copied(hardware.TABLES / "mesh-sata.yaml"), lambda p: open_chip(str(p)), YAML, FEW),
    "chip": Target(copied(chip_config.TABLES / "loihi.yaml"), lambda p: open_chip(str(p)), YAML, FEW),
    "prices": Target(
        copied(prices.TABLES / "loihi_sanafe.yaml"), lambda p: prices.load_prices(str(p)), YAML, FEW
    ),
    "dram": Target(copied(dram.TABLES / "ddr4_2400.yaml"), lambda p: dram.load_dram(str(p)), YAML, FEW),
    "noc": Target(copied(noc.TABLES / "booksim.yaml"), lambda p: noc.load_noc(str(p)), YAML, FEW),
    "hops": Target(copied(HOPS / "dsent22.yaml"), lambda p: load_hop_energy(str(p)), YAML, FEW),
    "areas": Target(copied(AREAS / "neurosim45.yaml"), load_areas, YAML, FEW),
    "table": Target(copied(ENERGY / "horowitz45.yaml"), lambda p: load_table(str(p)), YAML, FEW),
    "mapping": Target(text("mapping.yaml", MAPPING), load_mapping, (*YAML, of_deep), FEW),
    "space": Target(text("space.yaml", SPACE), load_space, YAML, FEW),
    "training": Target(text("training.yaml", TRAINING), lambda p: load_yaml(p, TrainSpec), YAML, FEW),
    "learning": Target(text("learning.yaml", LEARNING), lambda p: load_yaml(p, LearnSpec), YAML, FEW),
    "network": Target(
        saved("net.safetensors", lambda p: small_network().save(p)), Network.load,
        (of_safetensors, of_head, of_bytes), 70,
    ),
    "trace": Target(saved("events.safetensors", save_trace), read_trace, (of_safetensors,), 70),
    "ledger": Target(
        saved("ledger.safetensors", save_ledger), Ledger.load, (of_safetensors,)
    ),
    "program": Target(
        saved("program.safetensors", lambda p: program().save(p)), Program.load, (of_safetensors,), 70
    ),
    "cost": Target(saved("cost.json", save_cost), Cost.load, (of_json, of_deep)),
    "result.json": Target(run_file("result.json"), load_result, (of_json, of_bytes, of_deep), FEW),
    "run, result": Target(run_file("result.json"), read_run, (of_json,), 15),
    "run, cost": Target(run_file("cost.json"), read_run, (of_json,), 15),
    "run, ledger": Target(run_file("ledger.safetensors"), read_run, (of_safetensors,), 15),
    "run, network": Target(run_file("network.safetensors"), read_run, (of_safetensors,), 15),
    "comparison": Target(write_comparison, of_comparison, (of_json, of_bytes, of_deep), 70),
    "nir": Target(
        lambda folder: write_nir(folder / "net.nir"), lambda p: read_nir(p, 2, "nir", 1.0), (of_hdf5,), 70
    ),
    "net": Target(
        written(lambda f: write_netx(f / "net.net"), "net.net"), lambda p: read_netx(p, 2), (of_hdf5,), 70
    ),
    "inputs.npy": Target(write_npy, load_inputs, (of_head, of_bytes), 100),
    "inputs.npz": Target(write_npz, load_inputs, (of_npz, of_zip, of_bytes), 70),
    "weights": Target(
        saved("weights.safetensors", lambda p: save_file(module().state_dict(), p)), read_weights,
        (of_safetensors, of_head), 70,
    ),
    "checkpoint.json": Target(of_epoch(".json"), read_epoch, (of_json, of_bytes, of_deep), FEW),
    "checkpoint.pt": Target(of_epoch(".pt"), read_epoch, (of_zip, of_bytes), FEW),
    "checkpoint.safetensors": Target(of_epoch(".safetensors"), read_epoch, (of_safetensors, of_head), FEW),
    "metrics": Target(
        text("metrics.jsonl", '{"epoch": 1, "loss": 0.5}\n{"epoch": 2}\n'), read_lines, (of_lines, of_deep)
    ),
    "tasks": Target(write_tasks, TaskStore, (of_lines, of_bytes, of_deep), 70),
    "idx": Target(written(write_mnist, "train-images-idx3-ubyte"), of_set("mnist"), (of_head,), 70),
    "pickle": Target(written(write_cifar10, "data_batch_2"), of_set("cifar10"), (of_head,), 70),
    "camera": Target(
        written(lambda f: write_camera(f / "dvs_gesture.h5"), "dvs_gesture.h5"),
        of_set("dvs_gesture"), (of_hdf5,),
    ),
    "saccades": Target(written(saccades, "nmnist_1100.npz"), of_set("nmnist_1100"), (of_npz, of_zip)),
    "replay dram": Target(
        text("requests.csv", REQUESTS),
        replayed(lambda p, o: dram_replay.replay(p, o, dram.load_dram("ddr4_2400"))),
        (of_rows(","), of_csv, of_bytes), 70,
    ),
    "replay noc": Target(
        text("packets.txt", PACKETS),
        replayed(lambda p, o: noc_replay.replay(p, o, noc.load_noc("booksim").changed(width=4, height=4), 2)),
        (of_rows(" "), of_bytes), 70,
    ),
    "replay systolic": Target(
        text("products.csv", PRODUCTS), replayed(lambda p, o: systolic_rows.replay(p, o, False, True)),
        (of_rows(","), of_csv, of_bytes), 70,
    ),
}  # fmt: skip
