"""How time and memory of an estimate grow: each case in a process of its own, which tells its peak memory.

``python -m benchmarks.performance.scaling '{"timesteps": 8}'`` prints one case.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.performance.limits import Limits
from benchmarks.performance.told import Told
from hwsim.cost import load_table
from hwsim.execute.executor import encode, execute
from hwsim.execute.plan import threads
from hwsim.hardware import Hardware, load_hardware
from hwsim.lower.lowering import Lowering
from hwsim.manycore.pipeline import estimate_chip
from hwsim.mapping import Mapping
from hwsim.pipeline import Workload, counterpart, estimate
from hwsim.simulation import simulate
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec

REPEATS = 3


@dataclass(frozen=True)
class Case:
    """A network of the zoo with calibrated thresholds on synthetic images, and a chip: SATA's tile, or so
    many to a side of a mesh of them."""

    network: str = "efficientlif/vgg16"
    resolution: int = 32
    channels: int = 64
    timesteps: int = 5
    samples: int = 4
    tiles: int = 1

    @property
    def work(self) -> Workload:
        settings = (f"resolution={self.resolution}", f"channels={self.channels}")
        variant = Variant(settings=settings, init="calibrated")
        spec = WorkloadSpec(self.network, samples=self.samples, timesteps=self.timesteps, variant=variant)
        return spec.workload(self.samples)[0]

    @property
    def chip(self) -> Hardware:
        if self.tiles == 1:
            return load_hardware("sata")
        mesh = load_hardware("mesh-sata")
        assert mesh.grid is not None
        return mesh.model_copy(
            update={"grid": mesh.grid.model_copy(update={"width": self.tiles, "height": self.tiles})}
        )


GROWING: dict[str, list[Case]] = {
    "timesteps": [Case(timesteps=n) for n in (1, 2, 4, 8, 16)],
    "samples": [Case(samples=n) for n in (1, 4, 16, 64)],
    "channels": [Case(channels=n) for n in (16, 32, 64)],
    "resolution": [Case(resolution=n, samples=1) for n in (32, 64, 128)],
    "tiles": [Case(channels=8, samples=1, tiles=n) for n in (2, 4, 8)],
}

LARGE = Case(network="efficientlif/resnet19", resolution=64, channels=128, samples=4)
"""ResNet19 on Tiny-ImageNet's images, one of the zoo's largest as its paper runs it."""

STAGES = ("execute", "lower and cycle", "ANN counterpart", "whole estimate")


def measured(case: Case) -> dict[str, float]:
    """Medians, s, of the stages and of the whole after one run that compiles; peak memory of the process."""
    work, chip, mapping, table = case.work, case.chip, Mapping(), load_table("sata_kernels")
    inputs = encode(work.network, work.inputs)
    trace = execute(work.network, inputs)
    before = _peak_mib()
    stages: dict[str, Callable[[], object]] = {"execute": lambda: execute(work.network, inputs)}
    if case.tiles == 1:
        stages |= {
            "lower and cycle": lambda: simulate(Lowering(work.network, chip, mapping), trace),
            "ANN counterpart": lambda: counterpart(work.network, chip, mapping, table, trace.samples),
            "whole estimate": lambda: estimate(work, chip, mapping, table),
        }
    else:
        stages["whole estimate"] = lambda: estimate_chip(work, chip, mapping, table)
    events = sum(len(found.index) for found in trace.events.values())
    return _seconds(stages) | {"events": events, "captured_mib": before, "peak_mib": _peak_mib()}


def _seconds(stages: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Medians of stages that run in turn, so that what slows the machine slows all of them."""
    taken: dict[str, list[float]] = {name: [] for name in stages}
    for stage in stages.values():
        stage()
    for _ in range(REPEATS):
        for name, stage in stages.items():
            began = time.perf_counter()
            stage()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in taken.items()}


def _peak_mib() -> float:
    """Most memory since the process began; getrusage would tell that of the process it was started from."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak) / 2**10


def alone(case: Case) -> dict[str, float]:
    """Measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.performance.scaling", json.dumps(asdict(case))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout)
    return found


def scaling(told: Told) -> None:
    """How time and memory grow with each of what decides them, the others staying."""
    for field, cases in GROWING.items():
        rows = []
        for case in cases:
            found = alone(case)
            times = [f"{1e3 * found[name]:.0f}" if name in found else "" for name in STAGES]
            memory = [f"{found[name]:,.0f}" for name in ("captured_mib", "peak_mib")]
            rows.append((f"{getattr(case, field)}", f"{found['events'] / 1e6:.2f}", *times, *memory))
        base = ", ".join(f"{n} {v}" for n, v in asdict(cases[0]).items() if n != field)
        columns = (field, "M events", *(f"{name}, ms" for name in STAGES), "MiB when captured", "MiB at most")
        told.table(f"Growing {field}", columns, rows, f"The others: {base}.")


def large(told: Told, limits: Limits) -> None:
    """Where the time of a large estimate goes, and what bounds it."""
    found = alone(LARGE)
    whole = found["whole estimate"]
    rows = [(name, f"{1e3 * found[name]:.0f}", f"{found[name] / whole:.0%}") for name in STAGES[:-1]]
    rest = whole - sum(found[name] for name in STAGES[:-1])
    rows.append(("pricing, checks, the rest", f"{1e3 * rest:.0f}", f"{rest / whole:.0%}"))
    rows.append((STAGES[-1], f"{1e3 * whole:.0f}", ""))
    ac = _accumulates(LARGE)
    rate = ac / found["execute"] / 1e9
    told.table(
        "A large estimate: " + ", ".join(f"{n} {v}" for n, v in asdict(LARGE).items()),
        ("stage", "ms", "of the whole"), rows,
        f"{ac / 1e9:.2f} G accumulates of {found['events'] / 1e6:.1f} M events: {rate:.2f} G/s on "
        f"{threads()} threads, {rate / threads() / limits.second_g:.0%} of what they add from their second "
        f"caches. At most {found['peak_mib']:,.0f} MiB.",
    )  # fmt: skip


def _accumulates(case: Case) -> int:
    work, chip = case.work, case.chip
    trace = execute(work.network, encode(work.network, work.inputs))
    ledgers = simulate(Lowering(work.network, chip, Mapping()), trace)
    return sum(ledger.total("ac", "mac") for ledger in ledgers)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(Case(**json.loads(sys.argv[1])))))
