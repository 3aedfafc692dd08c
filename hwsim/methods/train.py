"""Train a spiking network into a directory that can be resumed, and that is a model once it is done."""

import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

import hwsim
from hwsim import zoo
from hwsim.configuration import load_yaml, save_yaml
from hwsim.datasets import load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import (
    alone,
    check_origin,
    check_same,
    checked_card,
    digest_of,
    read_lines,
    write_metrics,
)
from hwsim.methods.train_data import Feed
from hwsim.methods.train_model import (
    WEIGHTS,
    check_backward,
    device_of,
    load_weights,
    prepared,
    set_surrogates,
    sources_of,
    trained_tensors,
)
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.train_state import FOLDER, load_state, save_state
from hwsim.methods.trainer import Trainer, drawing
from hwsim.storage import atomic_path, is_dir, is_file, write_text

SPEC, METRICS, CARD, INPUTS = "training.yaml", "metrics.jsonl", "card.json", "inputs.npz"

TOLD = (
    "model", "data", "test_accuracy", "test_samples", "epochs", "minutes", "method", "sharing", "timesteps",
    "parameters", "spike_rates", "sparsity",
)  # fmt: skip
"""What a card must have to be shown."""

STORED = 64
"""Samples of the test split that a directory keeps as its model's inputs."""

Progress = Callable[[str, int, int], None]
"""Called with a stage, what is done of it and how much it is."""


@dataclass(frozen=True)
class Trained:
    """A finished training: its ``card`` and, of each epoch, a row of ``history`` as metrics.jsonl has it."""

    directory: Path
    spec: TrainSpec
    card: dict[str, Any]
    history: list[dict[str, Any]]


def train(
    spec: TrainSpec,
    directory: Path,
    progress: Progress = lambda _stage, _done, _total: None,
    command: str = "",
    after_epoch: Callable[[list[dict[str, Any]]], None] = lambda _history: None,
) -> Trained:
    """Train as ``spec`` says, or go on where a training of the same spec stopped in ``directory``.

    Written after every epoch: a checkpoint and metrics.jsonl; at the end weights.safetensors, inputs.npz and
    card.json. A training that was interrupted ends with the weights that it would have had, on the same
    kind of processor; the number of threads is that of its beginning. ``after_epoch`` is given all rows so
    far. Raises HwsimError for a directory of another spec, a damaged checkpoint, data and models that do not
    fit, and a loss that is no number.
    """
    _check(directory, spec)
    if is_file(directory / CARD):
        return finished(directory)
    device = device_of(spec)
    data = load_dataset(spec.data, Path(spec.data_directory) if spec.data_directory else None)
    model, feed = prepared(spec, data)
    names, parameters = list(model.state_dict()), sum(p.numel() for p in model.parameters())
    done, origin = load_state(directory), _origin(spec, feed)
    if done is not None:
        check_origin(directory, done.origin, origin)
    if spec.initial is not None and done is None:
        load_weights(model, _initial(spec.initial))
    set_surrogates(model, spec)
    check_backward(model, feed)
    trainer = Trainer(model, feed, device)
    history: list[dict[str, Any]] = []
    directory.mkdir(parents=True, exist_ok=True)
    with alone(directory), repeatable(device, done.threads if done else torch.get_num_threads()):
        _check(directory, spec)
        save_yaml(directory / SPEC, spec)
        if done is not None:
            trainer.resume(done)
            history = done.history
        elif spec.initial is not None:
            accuracy, rates = trainer.evaluate(feed.test)
            history.append(
                {
                    "epoch": 0,
                    "test_accuracy": accuracy,
                    "spike_rates": rates,
                    "seconds": 0.0,
                    "cpu_seconds": 0.0,
                }
            )
        for epoch in range(done.epoch + 1 if done else 1, spec.epochs + 1):
            progress("epochs", epoch - 1, spec.epochs)
            began, worked = time.perf_counter(), time.process_time()
            row = trainer.epoch(epoch, lambda batch, of, e=epoch: progress(f"epoch {e}", batch, of))  # type: ignore[misc]
            took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - worked}
            history.append(row | {name: round(value, 3) for name, value in took.items()})
            save_state(directory, trainer.state(epoch, history, origin))
            write_metrics(directory / METRICS, history)
            after_epoch(history)
            progress("epochs", epoch, spec.epochs)
        write_metrics(directory / METRICS, history)
        with atomic_path(directory / WEIGHTS) as aside:
            aside.write_bytes(save(trained_tensors(model, names)))
        _write_inputs(directory / INPUTS, feed)
        card = _card(spec, feed, parameters, history, device, command)
        card["sha256"] = {name: digest_of(directory / name) for name in (WEIGHTS, INPUTS)}
        card["origin"] = origin
        write_text(directory / CARD, json.dumps(card, indent=1, allow_nan=False) + "\n")
    return Trained(directory, spec, card, history)


def finished(directory: Path) -> Trained:
    """A training that is done. Raises HwsimError for a directory of none, and of one that is not done."""
    spec = load_yaml(directory / SPEC, TrainSpec)
    if not is_file(directory / CARD):
        state = load_state(directory)
        raise HwsimError(
            f"{directory}: this training has done {state.epoch if state else 0} of {spec.epochs} epochs; "
            "hwsim train with the same options and directory goes on"
        )
    card = checked_card(directory, CARD, "training")
    if missing := [name for name in TOLD if name not in card]:
        raise HwsimError(f"{directory / CARD}: this card is damaged: it has no {', '.join(missing)}")
    _check_model(directory, spec, card.get("origin"))
    history = read_lines(directory / METRICS)
    if not all(isinstance(row, dict) and {"epoch", "test_accuracy"} <= row.keys() for row in history):
        raise HwsimError(f"{directory / METRICS}: is damaged: a line is no row of an epoch")
    return Trained(directory, spec, card, history)


def _check_model(directory: Path, spec: TrainSpec, origin: Any) -> None:
    """Raises HwsimError where the model's own files are not those of the training any more."""
    begun = origin if isinstance(origin, dict) else {}
    path, _, _ = spec.model.rpartition(":")
    if path not in begun:
        return
    now = sources_of(spec)
    if changed := [name for name in begun if name.endswith(".py") and begun[name] != now.get(name)]:
        raise HwsimError(
            f"{changed[0]}: is not the file that {directory} was trained with; what {path} builds now is "
            "another model"
        )


@contextmanager
def repeatable(device: torch.device, threads: int) -> Iterator[None]:
    """So many threads, as sums are cut among them; on a GPU deterministic kernels, where PyTorch has them."""
    if device.type != "cuda":
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    was, warned = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was, warn_only=warned)


def _check(directory: Path, spec: TrainSpec) -> None:
    has_begun = is_dir(directory / FOLDER) or is_file(directory / CARD)
    check_same(directory, SPEC, spec, "training", has_begun=has_begun)


def _origin(spec: TrainSpec, feed: Feed) -> dict[str, str]:
    """Digests of what a training is made of besides its spec: the samples, and the model's files."""
    digests = {
        f"{spec.data} (training split)": feed.train.digest(),
        f"{spec.data} (test split)": feed.test.digest(),
    }
    return digests | sources_of(spec)


def _initial(name: str) -> Path:
    """The weights of a training that ships, by its name, or of a directory."""
    return finished(zoo.trainings().get(name, Path(name))).directory / WEIGHTS


def _write_inputs(path: Path, feed: Feed) -> None:
    """The first samples of the test split as the network takes them, (samples, ...) or (samples, T, ...)."""
    split = feed.test.take(slice(STORED))
    with drawing(feed.spec.seed, 0, torch.device("cpu")) as rng:
        inputs = feed.batch(split, rng)[0].numpy()
    if feed.coding != "frames":
        inputs = np.ascontiguousarray(inputs.swapaxes(0, 1))
    values = inputs.astype(np.uint8) if feed.coding == "spikes" else inputs
    with atomic_path(path) as aside, aside.open("wb") as file:
        np.savez_compressed(file, inputs=values, labels=split.labels)


def _card(
    spec: TrainSpec,
    feed: Feed,
    parameters: int,
    history: list[dict[str, Any]],
    device: torch.device,
    command: str,
) -> dict[str, Any]:
    last, data = history[-1], feed.data
    return {
        "model": Path(spec.model).name if Path(spec.model).is_absolute() else spec.model,
        "settings": spec.settings,
        "fit": feed.fit(),
        "method": spec.method,
        "sharing": spec.sharing,
        "normalization": spec.normalized,
        "backward": spec.backward,
        "timesteps": feed.timesteps,
        "coding": feed.coding,
        "encoding": spec.coding,
        "input_shape": list(feed.shape),
        "parameters": parameters,
        "data": data.name,
        "data_source": data.source,
        "data_note": data.note,
        "train_samples": len(feed.train),
        "test_samples": len(feed.test),
        "scaled_by": {"mean": feed.mean.ravel().tolist(), "deviation": feed.deviation.ravel().tolist()},
        "seed": spec.seed,
        "epochs": spec.epochs,
        "from": None if spec.initial is None else Path(spec.initial).resolve().name,
        "test_accuracy": last["test_accuracy"],
        "train_accuracy": last["train_accuracy"],
        "spike_rates": last["spike_rates"],
        "sparsity": last.get("sparsity"),
        "command": command,
        "minutes": round(sum(row["seconds"] for row in history) / 60, 2),
        "cpu_minutes": round(sum(row["cpu_seconds"] for row in history) / 60, 2),
        "versions": {
            "hwsim": hwsim.__version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "machine": f"{platform.machine()}, {device.type}, {torch.get_num_threads()} threads",
    }
