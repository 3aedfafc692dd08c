"""The systolic array, the network-on-chip and the DRAM against the simulators that know each best."""

import csv
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.validation.rows import DATA, Row, exact, within
from hwsim.cycle.systolic import dense
from hwsim.dram.engine import Trace, serve_all
from hwsim.dram.table import load_dram
from hwsim.noc.config import load_noc
from hwsim.noc.network import deliver_all, traffic
from hwsim.replay import systolic_rows
from tests.lower.test_array_cycles import DENSE_SATA, VGG9, array_cycles, simulated
from tests.noc.test_booksim import CASES, TRACES, by_source
from tests.noc.test_curves import below_saturation, error_of, reference, within_spread

SYSTOLIC = DATA / "reference" / "systolic" / "reference.csv"
REPLAY = "pytest tests/differential/test_systolic_reference.py"

VGG16 = {"os": 1_607_646, "ws": 3_917_680, "is": 1_906_592}
"""Cycles of VGG16 on CIFAR10 on 16 x 16 PEs by SCALE-Sim's closed forms: its 13 convolutions, and linear
layers 512-512 and 512-10, as (M, N, K)."""

VGG16_LAYERS = [
    *((side * side, outputs, 9 * inputs) for side, inputs, outputs in (
        (32, 3, 64), (32, 64, 64), (16, 64, 128), (16, 128, 128), (8, 128, 256), (8, 256, 256), (8, 256, 256),
        (4, 256, 512), (4, 512, 512), (4, 512, 512), (2, 512, 512), (2, 512, 512), (2, 512, 512),
    )),
    (1, 512, 512), (1, 10, 512),
]  # fmt: skip


def systolic() -> Iterator[Row]:
    """Rows 1 and 2: SCALE-Sim 3.0.0 and SATA's simulator."""
    group = "Systolic array"
    with tempfile.TemporaryDirectory() as directory:
        costed = Path(directory, "costed.csv")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of columns that both have: compared here
            systolic_rows.replay(SYSTOLIC, costed, overlap=False, causes=True)
        with costed.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    pairs = {
        "cycles": ("cycles", "closed_form_cycles"),
        "reads of inputs": ("sram_ifmap_reads", "given_sram_ifmap_reads"),
        "reads of weights": ("sram_filter_reads", "given_sram_filter_reads"),
    }
    of = "SCALE-Sim 3.0.0, all its runs; its total is a cycle short"
    for what, (ours, theirs) in pairs.items():
        equal = sum(row[ours] == row[theirs] for row in rows)
        yield exact(group, f"{what}, OS, WS and IS", of, equal, len(rows), REPLAY)
    kept = [row for row in rows if row["dataflow"] != "os"]
    equal = sum(row["sram_ofmap_writes"] == row["given_sram_ofmap_writes"] for row in kept)
    yield exact(group, "writes of outputs, WS and IS", "SCALE-Sim 3.0.0", equal, len(kept), REPLAY)
    once = [row for row in rows if row["dataflow"] == "os"]
    equal = sum(
        int(row["given_sram_ofmap_writes"]) - int(row["sram_ofmap_writes"]) == _added(row) for row in once
    )
    of = "SCALE-Sim 3.0.0 less folds * (R + C), written twice"
    yield exact(group, "writes of outputs, OS", of, equal, len(once), REPLAY)
    for flow, cycles in VGG16.items():
        m, n, k = np.array(VGG16_LAYERS).T
        same = int(dense(flow, 16, 16, m, n, k).cycles.sum()) == cycles
        yield exact(group, f"VGG16, CIFAR10, 16 x 16, {flow.upper()}", f"{cycles:,} cycles", same, 1, REPLAY)
    found = [array_cycles(simulated(network, DENSE_SATA)) - cycles for network, cycles in VGG9]
    command = "pytest tests/lower/test_array_cycles.py -k vgg9"
    of = "SATA_Sim; its total is a cycle short"
    yield exact(group, "VGG9's layers, a timestep", of, found.count(0), len(VGG9), command)


def _added(row: dict[str, str]) -> int:
    m, n, r, c = (int(row[name]) for name in ("M", "N", "R", "C"))
    return -(-m // r) * -(-n // c) * (r + c)


def network_on_chip() -> Iterator[Row]:
    """Rows 3 and 4: BookSim2."""
    group, equal, total = "Network-on-chip", 0, 0
    for name, vcs, buffer, size in CASES:
        path = TRACES / f"bs_{name}_vc{vcs}_buf{buffer}_ps{size}.csv"
        theirs = by_source(np.loadtxt(path, dtype=np.int64, delimiter=",", skiprows=1))
        given = np.loadtxt(TRACES / f"{name}.txt", dtype=np.int64)
        table = load_noc("booksim").changed(virtual_channels=vcs, buffer_flits=buffer)
        found, _ = deliver_all(table, traffic(given[:, 0], given[:, 1], given[:, 2], size))
        ours = by_source(np.stack(found, axis=1))
        equal, total = equal + int((ours == theirs).all(axis=1).sum()), total + len(theirs)
    what = f"packets that enter and arrive in the same cycles, {len(CASES)} traces"
    yield exact(group, what, "BookSim2", equal, total, "pytest tests/noc/test_booksim.py")
    command = "pytest tests/noc/test_curves.py"
    rows = [row for row in reference() if row["mode"] == "latency" and below_saturation(row)]
    errors = [abs(error_of(row)) for row in rows]
    near = sum(error < 0.02 for error in errors)
    others = [row for row, error in zip(rows, errors, strict=True) if error >= 0.02]
    spread = sum(within_spread(row) for row in others)
    beyond = f"{len(others)} next to saturation beyond, {spread} of them within 4 deviations of 8 seeds"
    yield Row(
        group, "mean latency below 1.5 times zero load", f"BookSim2, {len(rows)} points",
        f"{near} within 2 %", beyond, "within 2 %, or of the seeds", near + spread == len(rows), command,
        eased_latencies(spread, len(rows)),
    )  # fmt: skip
    worst = [abs(error_of(row)) for row in reference() if row["mode"] == "throughput"]
    yield Row(
        group, "throughput past saturation", f"BookSim2, {len(worst)} points", "accepted flits a cycle",
        f"at most {max(worst):.2%}", "within 2 %", max(worst) < 0.02, command,
    )  # fmt: skip


def eased_latencies(spread: int, of: int) -> str:
    """What is said of points that are met by the spread of seeds alone."""
    if not spread:
        return ""
    return (
        f"mean latency of the network-on-chip: {spread} of {of} points are 2 % or more off BookSim2's and "
        "pass as within 4 standard deviations of 8 seeds of ours; asked for were 2 %"
    )


def dram() -> Iterator[Row]:
    """Row 5: DDR4-2400's standard by hand, and Ramulator's throughput."""
    group, command, table = "DRAM", "pytest tests/dram/test_engine.py", load_dram("ddr4_2400")
    reads = np.array([[0, 0], [1000, 64], [2000, 4 * 4 * 128 * 64]], np.int64)
    served, _ = serve_all(table, Trace(reads[:, 0], reads[:, 1], np.full(3, 64), np.zeros(3, np.uint8)))
    found = (served.completion - reads[:, 0]).tolist()
    for what, ours, cycles in zip(("closed bank", "hit", "conflict"), found, (36, 20, 52), strict=True):
        yield exact(group, f"cycles of a {what}", str(cycles), int(ours == cycles), 1, command)
    n = 200_000
    zero, one = np.zeros(n, np.int64), np.full(n, 64)
    _, whole = serve_all(table, Trace(zero[:1], zero[:1], zero[:1] + 64 * n, np.zeros(1, np.uint8)))
    yield within(group, "a sequential burst", 5.34, whole.cycles / n, 0.05, command, "cycles")
    places = np.random.default_rng(0).integers(0, table.capacity_bytes // 64, n) * 64
    _, apart = serve_all(table, Trace(zero, places, one, np.zeros(n, np.uint8)))
    yield within(group, "a random burst", 6.8, apart.cycles / n, 0.05, command, "cycles")
