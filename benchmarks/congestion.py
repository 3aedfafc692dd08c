"""Does the number of spikes tell how long a chip takes? ``python -m benchmarks.congestion``.

The networks that ``make autosnn`` trained, on Loihi and on a mesh of small tiles, with networks-on-chip of
three speeds: packets, links, stalls, waits and time beside spikes. Writes README.md and runs.csv into
reports/congestion; networks that are not trained here keep the rows they have there.
"""

import argparse
import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.csv_text import csv_text
from benchmarks.training.results import markdown
from hwsim.chip.config import Chip, load_chip
from hwsim.chip.times import causes
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import load_inputs
from hwsim.hardware import Hardware, load_hardware
from hwsim.manycore.pipeline import cut, run_placed
from hwsim.mapping import Mapping
from hwsim.methods.train import CARD
from hwsim.methods.trained import open_training
from hwsim.operations import count
from hwsim.reproduction.ranks import kendall, told
from hwsim.storage import write_text

STORE, OUT = Path("out/autosnn"), Path("reports/congestion")
GROUPS = ("macro", "searched", "random")
SAMPLES = 16
SLOWER = (1, 16, 64)
"""The network-on-chip's clock divided by."""


@dataclass(frozen=True)
class Run:
    """Means of one image: a network on a chip with its network-on-chip ``slower`` times slower."""

    chip: str
    slower: int
    network: str
    spikes: float
    additions: float
    dense: float
    packets: float
    hops: float
    busiest_link: float
    stall_cycles: float
    barrier_share: float
    imbalance_share: float
    cores: int
    latency_us: float


def chips() -> dict[str, Chip | Hardware]:
    """Loihi, and 8 x 8 tiles of SATA's array that keep 1,024 neurons and 8 KB of weights each."""
    return {"loihi": load_chip("loihi"), "small tiles": small_tiles(1024, 8192)}


def small_tiles(neurons: int, weight_bytes: int) -> Hardware:
    """8 x 8 tiles of SATA's array that keep so many neurons and bytes of weights each."""
    mesh = load_hardware("mesh-sata")
    assert mesh.grid is not None
    limits = mesh.grid.limits.model_copy(update={"neurons": neurons, "weight_bytes": weight_bytes})
    grid = mesh.grid.model_copy(update={"limits": limits, "width": 8, "height": 8})
    return mesh.model_copy(update={"grid": grid})


def with_network(chip: Chip | Hardware, slower: int) -> Chip | Hardware:
    """The same chip with a slower network-on-chip."""
    clock = chip.exchange.noc_clock_hz // slower
    if isinstance(chip, Chip):
        exchange = chip.core.model_copy(update={"noc_clock_hz": clock})
        return chip.model_copy(update={"core": exchange})
    assert chip.grid is not None
    ticks = chip.exchange.model_copy(update={"noc_clock_hz": clock})
    return chip.model_copy(update={"grid": chip.grid.model_copy(update={"ticks": ticks})})


def measured(directory: Path) -> list[Run]:
    """A trained network on every chip, at every speed."""
    opened = open_training(directory)
    assert opened.inputs is not None
    assert opened.timesteps is not None
    inputs = load_inputs(opened.inputs, SAMPLES).values
    network = structure(opened.model, inputs[:1], opened.timesteps, opened.name, opened.coding)  # type: ignore[arg-type]
    trace = execute(network, encode(network, inputs))
    counted = count(network, trace).totals
    spikes = sum(len(trace.events[p.name].index) for p in network.populations if p.spikes)
    found = []
    for name, chip in chips().items():
        pieces = cut(network, chip, Mapping())
        for slower in SLOWER:
            run = run_placed(pieces, trace, with_network(chip, slower)).run
            totals, shares = run.totals(), causes(run)
            whole = sum(int(cycles.sum()) for cycles in shares.values())
            found.append(Run(
                name, slower, directory.name.rpartition("_")[0], spikes / SAMPLES,
                counted["ac"], counted["dense"], totals["sent"] / SAMPLES,
                (totals["links_x"] + totals["links_y"]) / SAMPLES,
                int(run.network.flits[:, :4].max()) / SAMPLES,
                sum(run.network.stall_cycles().values()) / SAMPLES,
                int(shares["barrier"].sum()) / whole, int(shares["imbalance"].sum()) / whole,
                len(run.cores), totals["cycles"] * 1e6 / run.chip.clock_hz / SAMPLES,
            ))  # fmt: skip
    return found


def page(rows: Sequence[Run]) -> str:
    """README.md of all runs."""
    networks = len({run.network for run in rows})
    parts = [LEAD.format(networks=networks, samples=SAMPLES, slower=" and 1/".join(map(str, SLOWER[1:])))]
    parts += [RANKS, ranks(rows), *(finding(rows, chip) for chip in chips())]
    for chip in chips():
        parts += [
            f"## {chip}, its own network-on-chip",
            each([r for r in rows if r.chip == chip and r.slower == 1]),
        ]
    return "\n\n".join(parts) + "\n"


def ranks(rows: Sequence[Run]) -> str:
    """Kendall's tau of latency with what might predict it, by chip and speed."""
    head, lines = ("chip", "network-on-chip", *PREDICTORS.values()), []
    for chip in chips():
        for slower in SLOWER:
            some = [run for run in rows if (run.chip, run.slower) == (chip, slower)]
            latency = [run.latency_us for run in some]
            taus = [told([getattr(run, name) for run in some], latency) for name in PREDICTORS]
            lines.append((chip, "its own" if slower == 1 else f"1/{slower} of its clock", *taus))
    return markdown(head, lines)


def finding(rows: Sequence[Run], chip: str) -> str:
    """Whether spikes rank latency, and by how much a slower network-on-chip lengthens it, in a sentence."""
    at = {slower: [run for run in rows if (run.chip, run.slower) == (chip, slower)] for slower in SLOWER}
    taus = {
        name: kendall([getattr(r, name) for r in at[1]], [r.latency_us for r in at[1]]) for name in PREDICTORS
    }
    best = max(taus, key=lambda name: taus[name])
    base = sum(run.latency_us for run in at[1])
    longer = [f"{sum(r.latency_us for r in at[n]) / base - 1:.1%} at 1/{n}" for n in SLOWER[1:]]
    swapped = (1 - taus["spikes"]) / 2
    return (
        f"**{chip}**: of two networks the one with more spikes is the faster one in {swapped:.0%} of all "
        f"pairs; what ranks latency best is {PREDICTORS[best]} (tau {taus[best]:.2f}). A slower "
        f"network-on-chip lengthens the runs of all networks together by {' and '.join(longer)} of its clock."
    )


def each(rows: Sequence[Run]) -> str:
    """Every network on one chip, by latency."""
    head = (
        "network", "spikes", "additions", "packets", "hops", "busiest link", "stall cycles",
        "barrier", "waits for others", "cores", "us",
    )  # fmt: skip
    return markdown(head, [
        (
            run.network, f"{run.spikes:,.0f}", f"{run.additions:,.0f}", f"{run.packets:,.0f}",
            f"{run.hops:,.0f}", f"{run.busiest_link:,.0f}", f"{run.stall_cycles:,.0f}",
            f"{run.barrier_share:.1%}", f"{run.imbalance_share:.1%}", str(run.cores),
            f"{run.latency_us:,.1f}",
        )
        for run in sorted(rows, key=lambda run: run.latency_us)
    ])  # fmt: skip


def written(rows: Sequence[Run]) -> str:
    return csv_text([f.name for f in fields(Run)], map(asdict, rows))


def read(path: Path) -> list[Run]:
    """Runs of an earlier report."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as file:
        return [
            Run(**{f.name: KINDS[str(f.type)](row[f.name]) for f in fields(Run)})
            for row in csv.DictReader(file)
        ]


KINDS: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float} | {
    str(kind): kind for kind in (str, int, float)
}

PREDICTORS = {
    "spikes": "spikes", "additions": "additions that spikes cause", "dense": "synapses times steps",
    "packets": "packets", "hops": "hops", "busiest_link": "flits of the busiest link",
}  # fmt: skip


LEAD = """# Does the number of spikes tell how long a chip takes?

Generated by `make congestion` from runs.csv: {networks} networks of AutoSNN's space, trained small
(reports/autosnn: 8 channels, 16 x 16 images, T = 4), on {samples} of their test images, on Loihi (128
event-driven cores) and on 8 x 8 tiles of SATA's array that keep 1,024 neurons and 8 KB of weights each.
AutoSNN argues that spikes congest a chip's network and does not measure it; here the networks-on-chip also
run at 1/{slower} of their clock. All numbers are of one image."""

RANKS = """## What ranks latency

Kendall's tau-b over networks, and its bootstrap interval (95 %, 2,000 resamplings of networks). 1: the
same order; 0: none."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=OUT)
    parser.add_argument("--store", type=Path, default=STORE)
    asked = parser.parse_args()
    found = [d for group in GROUPS for d in sorted(asked.store.glob(f"{group}_*_0")) if (d / CARD).is_file()]
    fresh = [run for directory in found for run in measured(directory)]
    done = {run.network for run in fresh}
    rows = [*fresh, *(run for run in read(OUT / "runs.csv") if run.network not in done)]
    rows.sort(key=lambda run: (run.chip, run.slower, run.network))
    write_text(asked.output / "runs.csv", written(rows))
    write_text(asked.output / "README.md", page(rows))


if __name__ == "__main__":
    main()
