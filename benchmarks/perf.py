"""Speed and memory against stated goals: ``make perf``. Ratios are taken in one run, in turn.

Goals (docs/design.md): the executor sustains over 1 G accumulates per second on one core on the layers
of VGG16; a whole estimate takes no longer than PyTorch's forward pass of the same network and batch;
capture and lowering of VGG16 and ResNet19 at 32 x 32 take below 3 s each, ``hwsim --help`` below 0.5 s;
the cycle model of a dense layer is over 1000 times faster than SCALE-Sim 3.0.0;
`hwsim replay systolic` reads, costs and writes over 100,000 rows per second;
the network-on-chip moves over 10 M flit-hops/s on one core;
a step of a chip of event-driven cores, spikes and a cycle-accurate network included, is 10 times faster than
SANA-FE 2.2.9's detailed model and 100 times faster than its cycle model;
the DRAM engine serves 5 M bursts/s of a long transfer, 1.5 M sequential and 0.2 M random requests/s of 64
bytes.
"""

import csv
import json
import resource
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
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks.against_sanafe import sanafe_speed
from benchmarks.networks import images, vgg16
from benchmarks.noc import noc_speed
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
from hwsim.replay import systolic_rows

TIMESTEPS = 5
CAPTURE_SECONDS = 3
HELP_SECONDS = 0.5
SCALESIM_RATIO = 1000
REPEATS = 5


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


def executor_speed(network: Network, trace: EventTrace, console: Console) -> None:
    """Accumulates per second of each layer of the network on one core."""
    numba.set_num_threads(1)
    table = Table(title="Executor, one core: accumulates of one VGG16 sample, T = 5", title_justify="left")
    for name in ("layer", "M accumulates", "ms", "G/s"):
        table.add_column(name, justify="right")
    total, spent = 0, 0.0
    for name, count in accumulates(network, trace).items():
        plans = {name: Plan(network, network.population[name])}
        sources = [p.source for p in network.into(name)]
        chunk = Chunk(network, plans, trace.samples, (*sources, name))
        for source in sources:
            chunk.place(source, trace.events[source])
        (took,) = in_turn(lambda chunk=chunk, name=name: chunk.run((name,)))
        total, spent = total + count, spent + took
        table.add_row(name, f"{count / 1e6:.1f}", f"{took * 1e3:.2f}", f"{count / took / 1e9:.2f}")
    table.add_row("all", f"{total / 1e6:.1f}", f"{spent * 1e3:.2f}", f"{total / spent / 1e9:.2f}")
    console.print(table)
    met = "met" if total / spent > 1e9 else "MISSED"
    console.print(f"goal: above 1 G/s on one core: {met} ({total / spent / 1e9:.2f} G/s)\n")
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)


def estimate_against_torch(batch: int, console: Console) -> None:
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
    met = "met" if whole <= torch_pass else "MISSED"
    console.print(
        f"VGG16, 32x32, T = {TIMESTEPS}, batch {batch}, {threads()} threads: estimate {whole * 1e3:.0f} ms "
        f"(executor {alone * 1e3:.0f} ms, ANN counterpart {dense * 1e3:.0f} ms), "
        f"PyTorch forward {torch_pass * 1e3:.0f} ms, ratio {whole / torch_pass:.2f}; goal: at most 1: {met}; "
        f"the first of a network, whose weights are packed, {first * 1e3:.0f} ms"
    )


def capture_speed(name: str, console: Console) -> None:
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
    met = "met" if lowered < CAPTURE_SECONDS else "MISSED"
    console.print(
        f"{name}, 32x32: capture {read:.2f} s, with lowering {lowered:.2f} s (PyTorch forward, T = {steps}: "
        f"{torch_pass:.2f} s); goal: below {CAPTURE_SECONDS} s: {met}"
    )


def cycles_against_scalesim(console: Console) -> None:
    """The cycle model of one dense layer, lowering included, against SCALE-Sim's whole run of it."""
    python = Path(".venv-scalesim/bin/python")
    if not python.is_file():
        console.print("SCALE-Sim: no .venv-scalesim (make .venv-scalesim/.ready); not compared")
        return
    side, kernel, channels, filters = 4, 3, 512, 512
    layer = [str(n) for n in (side, kernel, channels, filters)]
    command = [str(python), "benchmarks/scalesim_layer.py", *layer]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    theirs = json.loads(told.stdout)
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
    met = "met" if ratio > SCALESIM_RATIO else "MISSED"
    console.print(
        f"dense 512x512 3x3 convolution on 16x16: {spent:,} cycles in {ours * 1e3:.1f} ms with all "
        f"transfers, SCALE-Sim 3.0.0 {theirs['seconds']:.1f} s ({same} array cycles), {ratio:,.0f} times "
        f"faster; goal: over {SCALESIM_RATIO}: {met}"
    )


def replay_speed(console: Console, rows: int = 200_000) -> None:
    """Rows per second of the dense systolic engine: its closed forms alone, and from file to file."""
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
        alone, whole = in_turn(
            lambda: dense(flows, r, c, m, n, k), lambda: systolic_rows.replay(trace, costed, False, False)
        )
    met = "met" if rows / whole > 1e5 else "MISSED"
    console.print(
        f"systolic engine: {rows / alone / 1e6:.2f} M rows/s, from file to file {rows / whole / 1e3:.0f} k; "
        f"goal: above 100 k rows/s: {met}"
    )


def help_speed(console: Console) -> None:
    """The whole process of ``hwsim --help``."""
    command = [sys.executable, "-m", "hwsim", "--help"]
    (took,) = in_turn(lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: S603
    met = "met" if took < HELP_SECONDS else "MISSED"
    console.print(f"hwsim --help: {took:.2f} s; goal: below {HELP_SECONDS} s: {met}")


def dram_speed(console: Console) -> None:
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
        met = "met" if rate > goal else "MISSED"
        console.print(f"DRAM, {name}: {rate:.2f} M/s; goal: above {goal} M/s: {met}")
    console.print("DRAM, memory: 42 bytes a request in flight; a replay holds 200,000 rows at a time\n")


def main() -> None:
    console = Console(width=100)
    model, pictures = vgg16(), images(1)
    network = capture(model, pictures.numpy(), TIMESTEPS, "vgg16").network
    trace = execute(network, encode(network, pictures.numpy()))
    neurons = sum(p.size for p in network.populations if p.kind == "lif")
    spikes = sum(len(trace.events[p.name].index) for p in network.populations if p.kind == "lif")
    console.print(
        f"VGG16: {neurons:,} neurons, {spikes / neurons / TIMESTEPS:.3f} spikes per neuron and step"
    )
    dram_speed(console)
    noc_speed(console)
    executor_speed(network, trace, console)
    for batch in (1, 64):
        estimate_against_torch(batch, console)
    for name in ("efficientlif/vgg16", "efficientlif/resnet19"):
        capture_speed(name, console)
    cycles_against_scalesim(console)
    sanafe_speed(console)
    replay_speed(console)
    help_speed(console)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    console.print(
        f"peak memory of this process: {peak:,.0f} MiB (numpy {np.__version__}, torch {torch.__version__})"
    )


if __name__ == "__main__":
    main()
