"""Learn by STDP into a directory that can be resumed, and that is a model once it is done."""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

import hwsim
from hwsim.configuration import load_yaml, save_yaml
from hwsim.datasets import Dataset, Split, load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import alone, check_same, checked_card, digest_of, read_lines, write_metrics
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.fixed import held, rounded
from hwsim.methods.stdp.labels import NO_LABEL, Labels, assigned
from hwsim.methods.stdp.learner import LABELS, TEST, Images, Learner, pixels
from hwsim.methods.stdp.network import network_of
from hwsim.methods.stdp.spec import LearnSpec, Word
from hwsim.methods.stdp.state import STATE, State, load_state, save_state
from hwsim.storage import atomic_path, is_file, load_value, write_text

SPEC, METRICS, CARD, INPUTS = "learning.yaml", "metrics.jsonl", "card.json", "inputs.npz"
NETWORK = "network.safetensors"

STORED = 64
"""Samples of the test split that a directory keeps as its model's inputs."""

CHUNK = 500
"""Images of one call of the kernel, after which progress is told."""

KEPT_EVERY = 5_000
"""Images after which the state is written."""

Progress = Callable[[str, int, int], None]
"""Called with a stage, what is done of it and how much it is."""


def untold(_stage: str, _done: int, _total: int) -> None:
    """No progress."""


@dataclass(frozen=True)
class Learned:
    """A finished learning: its ``card`` and the rows of metrics.jsonl."""

    directory: Path
    spec: LearnSpec
    card: dict[str, Any]
    history: list[dict[str, Any]]


def learn(
    spec: LearnSpec,
    directory: Path,
    progress: Progress = untold,
    command: str = "",
) -> Learned:
    """Learn as ``spec`` says, or go on where a learning of the same spec stopped in ``directory``.

    With 0 passes what ``spec.initial`` has learned is rounded, labeled and tested.

    Every 5,000 images and at the end of each pass the state and metrics.jsonl are written; at the end the
    network, inputs.npz and card.json. One that was killed ends with the weights it would have had. Raises
    HwsimError for a directory of another spec, a damaged state, and data that are no images.
    """
    check_same(
        directory, SPEC, spec, "learning", has_begun=is_file(directory / STATE) or is_file(directory / CARD)
    )
    if is_file(directory / CARD):
        return finished(directory)
    data = load_dataset(spec.data, Path(spec.data_directory) if spec.data_directory else None)
    train, test = _splits(spec, data)
    images, tested = pixels(train.arrays), pixels(test.arrays)
    learner = Learner(spec, images.shape[1])
    directory.mkdir(parents=True, exist_ok=True)
    with alone(directory):
        check_same(directory, SPEC, spec, "learning", has_begun=is_file(directory / STATE))
        save_yaml(directory / SPEC, spec)
        begun = load_state(directory, learner.weights.shape) or _begun(learner)
        state = _learn_all(learner, images, begun, directory, progress)
        write_metrics(directory / METRICS, state.history)
        labels, _ = labeled(learner, images, train.labels, data.classes, progress)
        accuracy, counts = accuracy_on(learner, labels, tested, test.labels, progress)
        network = network_of(spec, learner.weights, learner.theta, labels, directory.resolve().name)
        network.save(directory / NETWORK)
        _write_inputs(directory / INPUTS, learner, tested, test.labels)
        card = _card(spec, data, (len(train), len(test)), state, labels, accuracy, counts, command)
        files = (STATE, NETWORK, INPUTS)
        card["sha256"] = {name: digest_of(directory / name) for name in files}
        write_text(directory / CARD, json.dumps(card, indent=1, allow_nan=False) + "\n")
    return Learned(directory, spec, card, state.history)


def finished(directory: Path) -> Learned:
    """A learning that is done. Raises HwsimError for a directory of none, and of one that is not done."""
    spec = load_yaml(directory / SPEC, LearnSpec)
    if not is_file(directory / CARD):
        raise HwsimError(
            f"{directory}: this learning is not done; hwsim learn with the same options and directory goes on"
        )
    card = checked_card(directory, CARD, "learning")
    return Learned(directory, spec, card, read_lines(directory / METRICS))


def highest(directory: Path, word: Word) -> float:
    """What a learning that is done has reached: its highest weight, else its highest theta (mV)."""
    finished(directory)
    _, arrays = load_value(directory / STATE, "learning")
    return float(arrays["weights" if word == "weights" else "theta"].max())


def _begun(learner: Learner) -> State:
    """Before the first image: random weights, or what another learning ended with."""
    spec, state = learner.spec, State(0, learner.weights, learner.theta, Counts(), [])
    if spec.initial is None:
        return state
    source = load_state(finished(Path(spec.initial)).directory, learner.weights.shape)
    if source is None:
        raise HwsimError(f"{Path(spec.initial) / STATE}: is missing; it holds what was learned")
    weights, theta = rounded(spec, "weights", source.weights), rounded(spec, "theta", source.theta)
    return replace(state, weights=weights, theta=theta)


def _learn_all(learner: Learner, images: Images, state: State, directory: Path, progress: Progress) -> State:
    """All passes, from ``state`` on; a row of history and the state on disk at every stop."""
    spec, each = learner.spec, len(images)
    learner.weights, learner.theta = state.weights.copy(), state.theta.copy()
    total = spec.passes * each
    if not total:
        save_state(directory, state)
    while state.images < total:
        number, first = divmod(state.images, each)
        stop = min(each, (first // KEPT_EVERY + 1) * KEPT_EVERY)
        counts, began = Counts(), time.perf_counter()
        for start in range(first, stop, CHUNK):
            end = min(start + CHUNK, stop)
            counts += learner.learn(images[start:end], start, number)[1]
            progress("images", number * each + end, total)
        row = {
            "images": number * each + stop,
            "pass": number + 1,
            "spikes_per_image": counts.excitatory_spikes / counts.images,
            "input_spikes_per_image": counts.input_spikes / counts.images,
            "theta": float(learner.theta.mean()),
            "seconds": round(time.perf_counter() - began, 3),
        }
        history = [*state.history, row]
        state = State(number * each + stop, learner.weights, learner.theta, state.counts + counts, history)
        save_state(directory, state)
        write_metrics(directory / METRICS, history)
    return state


def labeled(
    learner: Learner,
    images: Images,
    truth: NDArray[np.int64],
    classes: int,
    progress: Progress = untold,
) -> tuple[Labels, Counts]:
    """Labels from the first training images, shown once more with weights and thresholds as they are."""
    wanted = min(learner.spec.label_samples, len(images))
    parts, counts = [], Counts()
    for start in range(0, wanted, CHUNK):
        end = min(start + CHUNK, wanted)
        responses, _, counted = learner.answer(images[start:end], start, LABELS)
        parts.append(responses)
        counts += counted
        progress("labels", end, wanted)
    labels = assigned(np.concatenate(parts), truth[:wanted], classes, learner.spec.vote)
    return held(learner.spec, labels), counts


def accuracy_on(
    learner: Learner,
    labels: Labels,
    images: Images,
    truth: NDArray[np.int64],
    progress: Progress = untold,
) -> tuple[float, Counts]:
    """The share of ``images`` (B, inputs) that the test's spikes answer as ``truth`` says."""
    right, counts = 0, Counts()
    for start in range(0, len(images), CHUNK):
        end = min(start + CHUNK, len(images))
        _, winners, counted = learner.answer(images[start:end], start, TEST)
        right += int((labels.answers(winners) == truth[start:end]).sum())
        counts += counted
        progress("test", end, len(images))
    return right / len(images), counts


def _splits(spec: LearnSpec, data: Dataset) -> tuple[Split, Split]:
    if data.kind != "images":
        raise HwsimError(f"{data.name} holds {data.kind}; hwsim learn takes images")
    return data.train.take(slice(spec.train_samples)), data.test.take(slice(spec.test_samples))


def _write_inputs(path: Path, learner: Learner, images: Images, labels: NDArray[np.int64]) -> None:
    """The spikes (samples, T, inputs) that the test showed for its first images."""
    spikes = learner.spikes(images[:STORED], 0, TEST)
    with atomic_path(path) as aside, aside.open("wb") as file:
        np.savez_compressed(file, inputs=spikes, labels=labels[:STORED])


def _card(
    spec: LearnSpec,
    data: Dataset,
    samples: tuple[int, int],
    state: State,
    labels: Labels,
    accuracy: float,
    tested: Counts,
    command: str,
) -> dict[str, Any]:
    of = labels.of[labels.of != NO_LABEL]
    return {
        "model": spec.model,
        "neurons": spec.neurons,
        "method": spec.rule,
        "rule": spec.learning.model_dump(),
        "timesteps": spec.timesteps,
        "coding": "spikes",
        "encoding": "poisson",
        "max_rate": spec.max_rate,
        "formats": {name: form.model_dump() for name, form in spec.formats.items()},
        "parameters": int(state.weights.size),
        "data": data.name,
        "data_source": data.source,
        "data_note": data.note,
        "train_samples": samples[0],
        "test_samples": samples[1],
        "label_samples": min(spec.label_samples, samples[0]),
        "vote": spec.vote,
        "neurons_of_class": np.bincount(of, minlength=data.classes).tolist(),
        "seed": spec.seed,
        "passes": spec.passes,
        "test_accuracy": accuracy,
        "learning_counts": state.counts.plain(),
        "test_counts": tested.plain(),
        "command": command,
        "minutes": round(sum(row["seconds"] for row in state.history) / 60, 2),
        "versions": {
            "hwsim": hwsim.__version__,
            "numba": numba.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "machine": platform.machine(),
    }
