"""One run of the plan: a learning, or the rounding of one, and its row."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.side_by_side import Done
from benchmarks.tinysnn.plan import DATA, HELD_OUT, WIDE, Run
from hwsim.datasets import load_dataset
from hwsim.methods.stdp.fixed import fraction_bits, rounded
from hwsim.methods.stdp.learn import CARD, STATE, accuracy_on, highest, labeled, learn
from hwsim.methods.stdp.learner import Learner, pixels
from hwsim.methods.stdp.spec import LearnSpec, Word
from hwsim.methods.stdp.state import load_state
from hwsim.storage import atomic_path, is_file, write_text

RESULT = "result.json"
"""Of a rounding; a learning has its card."""

WORDS: dict[str, tuple[Word, ...]] = {
    "qW": ("weights",),
    "qWN": ("weights", "membrane", "theta"),
    WIDE: ("weights", "membrane", "theta"),
}

Row = dict[str, Any]


def one(run: Run, store: Path) -> Done:
    """Do it where it is not done, in one thread: its name, accuracy, seconds."""
    numba.set_num_threads(1)
    began = time.perf_counter()
    row = _rounded(run, store) if run.scheme == "ptq" else _learned(run, store)
    return run.name, f"{row['accuracy']:.2%}", time.perf_counter() - began


def row_of(run: Run, store: Path) -> Row | None:
    """What accuracy.csv tells of it; None for one that is not done."""
    path = run.directory(store) / (RESULT if run.scheme == "ptq" else CARD)
    if not is_file(path):
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if run.scheme == "ptq":
        return _described(run, found)
    counts, tests = found["learning_counts"], found["test_counts"]
    return _described(
        run,
        {
            "accuracy": found["test_accuracy"],
            "formats": found["formats"],
            "images": counts["images"],
            "spikes": tests["excitatory_spikes"] / tests["images"],
            "weight_writes": (counts["weight_writes"] + counts["norm_writes"]) / counts["images"],
            "minutes": found["minutes"],
        },
    )


def _described(run: Run, found: Row) -> Row:
    """``spikes``: of excitatory neurons for a test image; ``weight_writes`` for an image learned."""
    plain = asdict(run)
    changes = " ".join(f"{key}={value:g}" for key, value in plain.pop("changes").items())
    formats = {word: f"{form['bits']}.{form['fraction']}" for word, form in found["formats"].items()}
    words: tuple[Word, ...] = ("weights", "membrane", "theta")
    return plain | {
        "changes": changes,
        **{word: formats.get(word, "float32") for word in words},
        "images": found["images"],
        "accuracy": found["accuracy"],
        "spikes": round(found["spikes"], 3),
        "weight_writes": round(found["weight_writes"], 1),
        "minutes": found["minutes"],
    }


def spec_of(run: Run, store: Path) -> LearnSpec:
    """Formats have the integer bits of the float learning of the same seed."""
    data = str(held_out(store)) if run.data == HELD_OUT else DATA[run.data]
    values = {
        "model": f"tinysnn/{run.network}", "neurons": run.neurons, "data": data, "rule": run.rule,
        "passes": run.passes, "seed": run.seed,
    } | run.changes  # fmt: skip
    plain = LearnSpec.of(values)
    formats = {}
    for word in WORDS.get(run.parts, ()):
        bits = 16 if run.parts == WIDE and word == "theta" else run.bits
        behind = fraction_bits(plain, word, bits, highest(run.source.directory(store), word))
        formats[word] = {"bits": bits, "fraction": behind, "rounding": run.rounding}
    return LearnSpec.of(values | {"formats": formats})


def _learned(run: Run, store: Path) -> Row:
    told = f"python -m benchmarks.tinysnn {run.name}"
    card = learn(spec_of(run, store), run.directory(store), command=told).card
    return {"accuracy": card["test_accuracy"]}


def _rounded(run: Run, store: Path) -> Row:
    """Weights (and theta) of the float learning in fixed point; labels and answers are of the rounded."""
    path = run.directory(store) / RESULT
    if is_file(path):
        return dict(json.loads(path.read_text(encoding="utf-8")))
    spec, began = spec_of(run, store), time.perf_counter()
    data = load_dataset(spec.data)
    learner = Learner(spec, pixels(data.test.arrays[:1]).shape[1])
    state = load_state(run.source.directory(store), learner.weights.shape)
    assert state is not None, f"{run.source.name}: {STATE} is missing"
    learner.weights = rounded(spec, "weights", state.weights)
    learner.theta = rounded(spec, "theta", state.theta)
    labels, _ = labeled(learner, pixels(data.train.arrays), data.train.labels, data.classes)
    accuracy, counts = accuracy_on(learner, labels, pixels(data.test.arrays), data.test.labels)
    found = {
        "accuracy": accuracy,
        "formats": {word: form.model_dump() for word, form in spec.formats.items()},
        "images": state.images,
        "spikes": counts.excitatory_spikes / counts.images,
        "weight_writes": 0.0,
        "minutes": round((time.perf_counter() - began) / 60, 2),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(found, indent=1) + "\n")
    return found


def held_out(store: Path) -> Path:
    """MNIST's first 50,000 training images and, to be answered, its last 10,000."""
    path = store / f"{HELD_OUT}.npz"
    if not path.is_file():
        train = load_dataset("mnist").train
        parts = {"train": slice(0, 50_000), "test": slice(50_000, 60_000)}
        arrays = {f"x_{name}": train.arrays[of] for name, of in parts.items()}
        arrays |= {f"y_{name}": train.labels[of] for name, of in parts.items()}
        store.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as aside, aside.open("wb") as file:
            np.savez_compressed(file, **arrays)
    return path
