"""Images a second that a Diehl-and-Cook network learns, against BindsNET 0.3.4, in one run: goal 20 times.

The same network (784-N, a layer of inhibitory neurons, pair-wise STDP), the same input spikes of MNIST for
350 steps, one thread each, one image after another, in turn. hwsim's time holds the making of the spikes,
BindsNET's does not. BindsNET runs in .venv-bindsnet.

    make bindsnet-speed
    python -m benchmarks.bindsnet_speed [--neurons 100 400] [--images 20]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = "1"

import numpy as np

from hwsim.datasets import load_dataset
from hwsim.methods.stdp.learner import Learner, pixels
from hwsim.methods.stdp.spec import LearnSpec

GOAL = 20
ROUNDS = 3
OURS = 50
"""Images of ours for each of BindsNET's, which takes far longer."""

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent / ".venv-bindsnet" / "bin" / "python"


def theirs(path: Path, neurons: int, steps: int) -> dict[str, float]:
    command = [str(PYTHON), str(HERE / "bindsnet_run.py"), str(path), str(neurons), str(steps)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="+", default=[100, 400])
    parser.add_argument("--images", type=int, default=20)
    args = parser.parse_args()
    images = pixels(load_dataset("mnist").train.arrays[: OURS * args.images])
    for neurons in args.neurons:
        spec = LearnSpec.of({"model": "tinysnn/baseline", "neurons": neurons, "data": "mnist"})
        Learner(spec, 784).learn(images[:2], 0, 0)
        spikes = Learner(spec, 784).spikes(images[: args.images + 1], 0, 0)
        rates: dict[str, list[float]] = {"wall": [], "cpu": []}
        ratios: dict[str, list[float]] = {"wall": [], "cpu": []}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "spikes.npz"
            np.savez_compressed(path, spikes=spikes)
            for _ in range(ROUNDS):
                learner = Learner(spec, 784)
                began, busy = time.perf_counter(), time.process_time()
                learner.learn(images, 0, 0)
                took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - busy}
                other = theirs(path, neurons, spec.timesteps)
                for clock, values in rates.items():
                    values.append(len(images) / took[clock])
                    ratios[clock].append(values[-1] * other[clock] / other["images"])
        median = {clock: float(np.median(values)) for clock, values in ratios.items()}
        met = "met" if median["cpu"] > GOAL else "MISSED"
        sys.stdout.write(
            f"{neurons} neurons: {np.median(rates['cpu']):,.0f} images/s (processor; "
            f"{np.median(rates['wall']):,.0f} by the clock), {median['cpu']:.0f} times BindsNET's "
            f"({median['wall']:.0f} by the clock); goal: over {GOAL}: {met}\n"
        )


if __name__ == "__main__":
    main()
