"""What ``hwsim quantize`` does: run, observe, convert, compare, save."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsim.delivery import output_directory, progress_bars, say, tell, write_together
from hwsim.errors import HwsimError
from hwsim.frontends.loading import load_inputs
from hwsim.methods.precisions import OBSERVED
from hwsim.methods.quantization import Precision, Quantized, convert, observed
from hwsim.methods.quantization_search import Judge, Score, Trial, search
from hwsim.methods.quantization_training import Lessons, train_on
from hwsim.network import Network
from hwsim.report import console, quantization_console
from hwsim.storage import write_text
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec

SAMPLES = 128
"""Inputs that are run where nobody says how many."""

SCHEMES = ("ptq", "qat")

NETWORK, TOLD, INPUTS = "network.safetensors", "quantization.json", "inputs.npz"


@dataclass(frozen=True)
class Asked:
    """What the options say beside the workload; ``tolerance``: of a search, None for none. ``train``: the
    file of samples of quantization-aware training."""

    precision: Precision
    scheme: str = "ptq"
    tolerance: float | None = None
    observed: int = OBSERVED
    train: Path | None = None
    epochs: int = 2
    rate: float = 1e-3


def spec(
    model: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int | None,
    timesteps: int | None,
    settings: tuple[str, ...],
    shape: str | None,
    sharing: str,
    init: str | None,
    rate: float | None,
    coding: str | None,
) -> WorkloadSpec:
    """The workload that the options ask for."""
    variant = Variant(settings, shape, sharing, init, rate, coding=coding)
    return WorkloadSpec(model, inputs, weights, samples, timesteps, variant)


def asked(
    bits: tuple[int, int, int, int],
    rounding: str,
    seed: int,
    scheme: str,
    tolerance: float | None,
    observe: int | None,
    train: Path | None = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
) -> Asked:
    """The options as values; ``bits`` of weights, states, inputs and decays. Raises HwsimError."""
    precision = Precision(*bits, rounding=rounding, seed=seed)  # type: ignore[arg-type]
    precision.check()
    if scheme not in SCHEMES:
        raise HwsimError(f"--scheme {scheme!r}; allowed: {', '.join(SCHEMES)}")
    if scheme == "qat" and (train is None or tolerance is not None):
        raise HwsimError("--scheme qat needs --train FILE.npz (images, labels), and no --search")
    if scheme == "ptq" and (train or epochs or learning_rate):
        raise HwsimError("--train, --epochs and --learning-rate are of --scheme qat")
    if learning_rate is not None and not 0 < learning_rate <= 1:
        raise HwsimError(f"--learning-rate {learning_rate:g}; it must lie in (0, 1]")
    return Asked(precision, scheme, tolerance, observe or OBSERVED, train, epochs or 2, learning_rate or 1e-3)


def place(output: str | None) -> Path | None:
    """Where the network goes: a file by its ending, else a directory."""
    if output is not None and output.endswith(".safetensors"):
        return Path(output)
    return output_directory(output)


def run(spec: WorkloadSpec, asked: Asked, output: Path | None, as_json: bool) -> None:
    """Quantize a model, print what it is now and save it. Raises HwsimError for what has no integer form."""
    with progress_bars() as progress:
        work, _ = spec.workload(SAMPLES, progress)
        network = work.network
        progress("observe ranges", 0, 1)
        plain, seen = observed(network, work.inputs[: asked.observed])
        progress("observe ranges", 1, 1)
        judge = Judge(network, work.inputs, work.labels)
        found, precision, trials = _found(plain, seen, asked, judge, progress)
        if asked.train is not None:
            data = load_inputs(asked.train)
            if data.labels is None:
                raise HwsimError(f"{asked.train}: has no labels to train on")
            lessons = Lessons(data.values, data.labels, asked.epochs, rate=asked.rate, seed=precision.seed)
            found = train_on(plain, found, precision, lessons, lambda d, n: progress("train", d, n))
        score = judge.of(found.network)
    values = described(network, found, precision, asked.scheme, judge.score, score, trials, len(work.inputs))
    if as_json:
        say(json.dumps(values, indent=1))
    else:
        quantization_console.show(values, console.terminal())
    if output is None:
        return

    def make(directory: Path) -> dict[str, Path]:
        paths = {"network": directory / NETWORK, "told": directory / TOLD, "inputs": directory / INPUTS}
        found.network.save(paths["network"])
        write_text(paths["told"], json.dumps(values, indent=1) + "\n")
        arrays = {"inputs": work.inputs} | ({} if work.labels is None else {"labels": work.labels})
        np.savez(paths["inputs"], **arrays)  # type: ignore[arg-type]
        return paths

    if output.suffix == ".safetensors":
        found.network.save(output)
        tell({"network": output}, as_json)
    else:
        tell(write_together(output, make), as_json)


def _found(
    plain: Network, seen: Any, asked: Asked, judge: Judge, progress: Callable[[str, int, int], None]
) -> tuple[Quantized, Precision, tuple[Trial, ...]]:
    if asked.tolerance is None:
        return convert(plain, seen, asked.precision), asked.precision, ()
    most, done = asked.precision.weights + asked.precision.state, 0

    def told(_tried: Precision) -> None:
        nonlocal done
        done += 1
        progress("precisions", done, most)

    return search(plain, seen, asked.precision, judge, asked.tolerance, told)


def described(
    network: Network,
    found: Quantized,
    precision: Precision,
    scheme: str,
    of_float: Score,
    score: Score,
    trials: tuple[Trial, ...],
    samples: int,
) -> dict[str, Any]:
    """The JSON of a quantization."""
    return {
        "name": network.name,
        "scheme": scheme,
        "precision": asdict(precision),
        "samples": samples,
        "rows": [asdict(row) for row in found.rows],
        "float_score": asdict(of_float),
        "score": asdict(score),
        "bytes": memory_bytes(found.network),
        "float_bytes": memory_bytes(network),
        "trials": [{"precision": asdict(t.precision), "score": asdict(t.score)} for t in trials],
    }


def memory_bytes(network: Network) -> int:
    """Bytes of all parameters and states of one sample, in the bits of their formats; 32 without formats."""
    bits = 0
    for q in network.projections:
        for name, array in (("weights", q.weights), ("bias", q.bias)):
            if array is not None:
                bits += array.size * (q.formats[name].bits if name in q.formats else 32)
    for p in network.populations:
        if p.kind != "readout" and network.owners[p.name] == p.name:
            bits += p.state_words * (p.formats["state"].bits if "state" in p.formats else 32)
    return -(-bits // 8)
