"""The estimate of a run's memory against its measured peak: ``python -m benchmarks.host_memory``.

Each run is in a process of its own, whose resident memory before the estimate is taken from the peak.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from hwsim import hardware, pipeline
from hwsim.cost import load_table
from hwsim.events import EventTrace
from hwsim.execute.executor import together
from hwsim.execute.plan import threads
from hwsim.host_memory import Sizes
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection

RUNS = {
    "wide, few jobs": (256, 16, 8, 64, 1, "sata"),
    "narrow, many jobs": (64, 32, 16, 16, 1, "sata"),
    "long": (64, 16, 128, 16, 1, "sata"),
    "mini-batch": (64, 16, 8, 64, 16, "sata"),
    "many samples": (32, 16, 8, 512, 1, "sata"),
    "events skipped": (64, 32, 8, 32, 1, "ptb"),
}
"""Channels, side of the plane, timesteps, samples, samples of a mini-batch, chip."""


def network(channels: int, side: int, timesteps: int) -> Network:
    """Two convolutions of 3 x 3 and a dense readout of ten."""
    rng, plane = np.random.default_rng(0), (side, side)
    weights = [
        rng.normal(0.3, 1, (channels, c, 3, 3)).astype(np.float32) / np.sqrt(9 * c) for c in (3, channels)
    ]
    return Network(
        name="measured",
        populations=(
            Population("in", (3, *plane), "input"),
            Population("a", (channels, *plane), "lif", decay=0.5, threshold=0.3),
            Population("b", (channels, *plane), "lif", decay=0.5, threshold=0.3),
            Population("out", (10,), "readout"),
        ),
        projections=(
            Projection("in>a", "in", "a", "conv2d", weights[0], kernel=(3, 3), padding=(1, 1)),
            Projection("a>b", "a", "b", "conv2d", weights[1], kernel=(3, 3), padding=(1, 1)),
            Projection("b>out", "b", "out", "dense", np.zeros((10, channels * side * side), np.float32)),
        ),
        readout="out",
        timesteps=timesteps,
        coding="frames",
    )


def memory(name: str) -> int:
    """A line of /proc/self/status in bytes: VmHWM is the peak, VmRSS what is held."""
    return int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0]) << 10


def measured(channels: int, side: int, timesteps: int, samples: int, batch: int, chip: str) -> str:
    """Estimate and peak of one run (MiB), and what the run would take if every neuron fired."""
    of, tile, mapping = network(channels, side, timesteps), hardware.load_hardware(chip), Mapping(batch=batch)
    small, table = network(4, 8, 2), load_table("horowitz45")
    images = np.random.default_rng(1).random((samples, 3, side, side)).astype(np.float32)
    warm = pipeline.Workload(small, np.ascontiguousarray(images[:batch, :, :8, :8]))
    pipeline.estimate(warm, tile, mapping, table)
    before = memory("VmRSS")
    jobs = Lowering(of, tile.worded(of), mapping).jobs
    result = pipeline.estimate(pipeline.Workload(of, images), tile, mapping, table)
    peak = memory("VmHWM") - before
    at_once = min(threads(), -(-samples // batch))
    sizes = Sizes(of, images, jobs, at_once, min(samples, together(of, samples)))
    found = sizes.needed(_rates(result.run.trace))
    most = sizes.needed(sizes.most_events).peak
    parts = (found.encode, found.execute, found.simulate, found.peak, most, peak)
    return f"{jobs} | {' | '.join(f'{part / 2**20:.0f}' for part in parts)} | {found.peak / peak:.2f}"


def _rates(trace: EventTrace) -> dict[str, float]:
    return {name: len(e.index) / trace.samples for name, e in trace.events.items()}


def main() -> None:
    sys.stdout.write("| run | jobs | encode | execute | simulate | estimate | most | measured | ratio |\n")
    for name in RUNS:
        command = [sys.executable, "-m", "benchmarks.host_memory", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - itself
        sys.stdout.write(f"| {name} | {done.stdout.strip()} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(measured(*RUNS[sys.argv[1]]) + "\n")
    else:
        main()
