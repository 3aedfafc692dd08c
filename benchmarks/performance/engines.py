"""The executor, the estimate and the engines, in turn with what they are held against."""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import torch
from torch import nn

from benchmarks.networks import images, vgg16
from benchmarks.performance.limits import Limits
from benchmarks.performance.told import Told
from hwsim.cost import load_table
from hwsim.cycle.run import run as cycle
from hwsim.cycle.systolic import DATAFLOWS, dense
from hwsim.dram.engine import Trace, serve_all
from hwsim.dram.table import load_dram
from hwsim.events import EventTrace
from hwsim.execute.executor import Chunk, encode, execute
from hwsim.execute.plan import Plan, threads
from hwsim.frontends.capture import capture, structure
from hwsim.frontends.loading import open_model
from hwsim.hardware import load_hardware
from hwsim.ledger import CAUSE_COLUMNS, Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.nn import LIF, run
from hwsim.pipeline import Workload, counterpart, estimate

TIMESTEPS = 5
CAPTURE_SECONDS = 3
HELP_SECONDS = 0.5
SCALESIM_RATIO = 1000
REPEATS = 5

NOISE = 0.03
"""Share that medians of one run differ by without a reason: a first estimate, which does more, took 2.4 %
less."""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(*works: Callable[[], object], rounds: int = REPEATS) -> list[float]:
    """Median seconds of each, after one warm-up, run A B A B ..."""
    for work in works:
        work()
    took = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*took, strict=True)]


def accumulates(network: Network, trace: EventTrace) -> dict[str, int]:
    """Useful accumulates of every convolution that takes spikes, over all samples."""
    lowering = Lowering(network, load_hardware("sata"), Mapping())
    counted = [lowering.lower(trace, range(s, s + 1)) for s in range(trace.samples)]
    ac = sum(p.counts[:, 0] for p in counted)
    return {name: int(n) for name, n in zip(counted[0].layers, ac, strict=True) if n}


def executor_speed(network: Network, trace: EventTrace, limits: Limits, told: Told) -> None:
    """Accumulates per second of each layer of the network on one core, beside what the machine could do."""
    numba.set_num_threads(1)
    rows, total, spent = [], 0, 0.0
    for name, count in accumulates(network, trace).items():
        plans = {name: Plan(network, network.population[name])}
        sources = [p.source for p in network.into(name)]
        chunk = Chunk(network, plans, trace.samples, (*sources, name))
        for source in sources:
            chunk.place(source, trace.events[source])
        (took,) = in_turn(lambda chunk=chunk, name=name: chunk.run((name,)))
        total, spent = total + count, spent + took
        rate = count / took / 1e9
        share = f"{rate / limits.second_g:.0%}"
        rows.append((name, f"{count / 1e6:.1f}", f"{took * 1e3:.2f}", f"{rate:.2f}", share))
    rate = total / spent / 1e9
    rows.append(
        (
            "all",
            f"{total / 1e6:.1f}",
            f"{spent * 1e3:.2f}",
            f"{rate:.2f}",
            f"{rate / limits.second_g:.0%}",
        )
    )
    columns = ("layer", "M accumulates", "ms", "G/s", "of what a core adds from its second cache")
    told.table("Executor: accumulates of one VGG16 sample, T = 5, one core", columns, rows, limits.sentence)
    told.goal("executor, layers of VGG16, one core", f"{rate:.2f} G accumulates/s", "above 2 G/s", rate > 2)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)


def estimate_against_torch(batch: int, told: Told) -> None:
    """The whole estimate (encode, execute, lower, cycle, price, ANN counterpart) and torch's pass.

    A network keeps its packed weights, as a module its own; the first estimate packs them, and is stated too.
    """
    model, pictures = vgg16(), images(batch)
    network = capture(model, pictures[:1].numpy(), TIMESTEPS, "vgg16").network
    work = Workload(network, pictures.numpy())
    hardware, mapping, table = load_hardware("sata"), Mapping(), load_table("sata_kernels")

    def forward() -> None:
        with torch.no_grad():
            run(model, pictures, TIMESTEPS)

    whole, alone, dense, torch_pass = in_turn(
        lambda: estimate(work, hardware, mapping, table),
        lambda: execute(network, encode(network, work.inputs)),
        lambda: counterpart(network, hardware, mapping, table, batch),
        forward,
        rounds=REPEATS if batch > 1 else 3 * REPEATS,
    )
    (first,) = in_turn(lambda: estimate(replace(work, network=replace(network)), hardware, mapping, table))
    told.goal(
        f"whole estimate of VGG16, 32 x 32, T = {TIMESTEPS}, batch {batch}, {threads()} threads",
        f"{whole * 1e3:.0f} ms (executor {alone * 1e3:.0f}, ANN counterpart {dense * 1e3:.0f}; the first of "
        f"a "
        f"network, whose weights are packed, {first * 1e3:.0f}), PyTorch's forward pass "
        f"{torch_pass * 1e3:.0f}: "
        f"{of_pass(whole / torch_pass)}",
        "no longer than that pass", whole <= torch_pass,
    )  # fmt: skip


def of_pass(ratio: float) -> str:
    """An estimate's time over PyTorch's."""
    return f"{ratio:.2f} of it" + (", equal within noise" if abs(ratio - 1) < NOISE else "")


def capture_speed(name: str, told: Told) -> None:
    """Reading a zoo network's structure off the module and lowering it, without executing it."""
    opened = open_model(name)
    assert isinstance(opened.model, nn.Module)
    model, pictures, steps = opened.model, images(1), opened.timesteps or TIMESTEPS
    hardware, mapping = load_hardware("sata"), Mapping()

    def forward() -> None:
        with torch.no_grad():
            run(model, pictures, steps)

    read, lowered, torch_pass = in_turn(
        lambda: structure(model, pictures.numpy(), steps),
        lambda: Lowering(structure(model, pictures.numpy(), steps), hardware, mapping),
        forward,
    )
    told.goal(
        f"capture and lowering of {name}, 32 x 32",
        f"{lowered:.2f} s (capture {read:.2f}; PyTorch's forward pass, T = {steps}: {torch_pass:.2f})",
        f"below {CAPTURE_SECONDS} s", lowered < CAPTURE_SECONDS,
    )  # fmt: skip


def cycles_against_scalesim(told: Told) -> None:
    """The cycle model of one dense layer, lowering included, against SCALE-Sim's whole run of it."""
    python = Path(".venv-scalesim/bin/python")
    if not python.is_file():
        told.not_compared("SCALE-Sim: no .venv-scalesim (make .venv-scalesim/.ready); not compared")
        return
    side, kernel, channels, filters = 4, 3, 512, 512
    layer = [str(n) for n in (side, kernel, channels, filters)]
    command = [str(python), "benchmarks/scalesim_layer.py", *layer]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    theirs = json.loads(answer.stdout)
    network = capture(
        nn.Sequential(
            nn.Conv2d(channels, filters, kernel), LIF(decay=0.25), nn.Flatten(), nn.Linear(2048, 1)
        ),
        np.zeros((1, channels, side, side), np.float32), 1,
    ).network.as_ann()  # fmt: skip
    hardware, trace = load_hardware("systolic-ann"), EventTrace.all_live(network)

    def simulated() -> Ledger:
        lowering = Lowering(network, hardware, Mapping())
        return cycle(lowering.lower(trace, range(1)), hardware)

    (ours,) = in_turn(simulated)
    causes = [CAUSE_COLUMNS.index(("array", cause)) for cause in ("stream", "fill_drain")]
    spent = int(simulated().cycles[0, causes].sum())
    ratio = theirs["seconds"] / ours
    same = "the same" if spent == theirs["cycles"] + 1 else "OTHER"
    told.goal(
        "dense convolution 3 x 3, 512 to 512 channels, on 16 x 16 PEs",
        f"{spent:,} cycles in {ours * 1e3:.1f} ms with all transfers; SCALE-Sim 3.0.0 "
        f"{theirs['seconds']:.1f} s "
        f"({same} array cycles): {ratio:,.0f} times faster",
        f"over {SCALESIM_RATIO} times", ratio > SCALESIM_RATIO,
    )  # fmt: skip


def replay_speed(told: Told, rows: int = 200_000) -> None:
    """Rows per second of the dense systolic engine: its closed forms alone, and the whole command."""
    rng = np.random.default_rng(0)
    flows = rng.choice(DATAFLOWS, rows)
    r, c = rng.choice([8, 16, 32, 128], (2, rows))
    m, n, k = rng.integers(1, 5000, (3, rows))
    with tempfile.TemporaryDirectory() as directory:
        trace, costed = Path(directory, "rows.csv"), Path(directory, "costed.csv")
        with trace.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("dataflow", "R", "C", "M", "N", "K"))
            writer.writerows(zip(*(a.tolist() for a in (flows, r, c, m, n, k)), strict=True))
        command = [sys.executable, "-m", "hwsim", "replay", "systolic", str(trace), "-o", str(costed)]
        alone, whole = in_turn(
            lambda: dense(flows, r, c, m, n, k),
            lambda: subprocess.run(command, check=True, capture_output=True),  # noqa: S603
        )
    told.goal(
        f"hwsim replay systolic, the process, {rows:,} rows",
        f"{rows / whole / 1e3:.0f} k rows/s (closed forms alone {rows / alone / 1e6:.2f} M)",
        "above 100 k rows/s", rows / whole > 1e5,
    )  # fmt: skip


def help_speed(told: Told) -> None:
    """The whole process of ``hwsim --help``."""
    command = [sys.executable, "-m", "hwsim", "--help"]
    (took,) = in_turn(lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: S603
    told.goal("hwsim --help, the process", f"{took:.2f} s", f"below {HELP_SECONDS} s", took < HELP_SECONDS)


def dram_speed(told: Told) -> None:
    """Requests per second of the DRAM engine on one core, and its memory for a trace that is held whole."""
    table, n = load_dram("ddr4_2400"), 500_000
    zero, read = np.zeros(n, np.int64), np.zeros(n, np.uint8)
    burst = np.full(n, 64, np.int64)
    anywhere = np.random.default_rng(0).integers(0, table.capacity_bytes // 64, n) * 64
    cases = {
        "bursts of one transfer": (Trace(zero[:1], zero[:1], 64 * n + zero[:1], read[:1]), 5.0),
        "sequential requests of 64 B": (Trace(zero, np.arange(n) * 64, burst, read), 1.5),
        "random requests of 64 B": (Trace(zero, anywhere, burst, read), 0.2),
    }
    for name, (trace, goal) in cases.items():
        (took,) = in_turn(lambda trace=trace: serve_all(table, trace))
        rate = n / took / 1e6
        told.goal(f"DRAM, {name}, one core", f"{rate:.2f} M/s", f"above {goal} M/s", rate > goal)
