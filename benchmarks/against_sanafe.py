"""A chip of event-driven cores against SANA-FE 2.2.9: counts, energy and speed on one net and mapping.

``python -m benchmarks.against_sanafe [dense|convolutional|pointwise|gesture ...]`` prints what both count of
each net (docs/chip.md, "Against SANA-FE"); ``make perf`` times both in turn. SANA-FE runs in .venv-sanafe.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.performance.told import Told
from benchmarks.sanafe_cases import chip, convolutional, dense, gesture, pointwise
from benchmarks.sanafe_exchange import PRICES, PYTHON, Case, ask, synapses
from hwsim.chip.config import Chip
from hwsim.chip.loop import Player, run_chip
from hwsim.chip.run import ChipRun
from hwsim.events import Events
from hwsim.execute.executor import execute
from hwsim.network import Population

CASES = {"dense": dense, "convolutional": convolutional, "pointwise": pointwise, "gesture": gesture}
GOALS = {"detailed": 10, "cycle": 100}
REPEATS = 3
ROUNDS = 5
"""Runs of hwsim for each of SANA-FE, which takes far longer."""

Array = NDArray[Any]


def latencies(of: Chip) -> dict[str, float]:
    """Seconds of each action for SANA-FE: those of the chip; of a hop those of its own file of Loihi."""
    core = of.core
    update, fire = core.update_cycles, core.fire_cycles
    cycles = {
        "access": 0.6 * update,
        "update": 0.4 * update,
        "fire": fire - update,
        "send": core.send_cycles,
        "receive": core.receive_cycles,
        "synapse": core.synapse_cycles,
        "barrier": core.barrier_first_cycles,
    }
    return {name: n / core.clock_hz for name, n in cycles.items()} | {"hop_x": 4.1e-9, "hop_y": 6.5e-9}


@dataclass(frozen=True)
class Counts:
    """Of each step, (steps,): ``fired`` neurons, the input's too, those ``updated``, ``accessed`` ones,
    synaptic operations, packets for each core, links crossed; J by part."""

    fired: Array
    updated: Array
    accessed: Array
    synapses: Array
    packets: Array
    hops: Array
    energy: dict[str, Array]


def of_sanafe(case: Case, told: dict[str, Any]) -> Counts:
    neurons = sum(p.size for p in case.handed if p.kind != "input")
    energy = {part: np.array(told[part]) for part in ("synapse", "soma", "network", "total")}
    names = ("neurons_fired", "neurons_updated", "spikes", "packets_sent", "hops")
    fired, updated, done, packets, hops = (np.array(told[name]) for name in names)
    accessed = np.full(len(fired), neurons)
    return Counts(fired, updated, accessed, done, packets, hops, energy)


def of_hwsim(case: Case, run: ChipRun, as_sanafe: bool = False) -> Counts:
    """E7's counts in the ticks that SANA-FE runs, at its prices.

    ``as_sanafe``: neurons whose layer has no step yet are accessed as well, and membranes that are 0 after
    all are not updated.
    """
    ticks = slice(case.first_tick, case.first_tick + case.network.timesteps)
    n = {name: values[0, ticks].sum(axis=1) for name, values in run.counts.items()}
    links = run.links[0, ticks]
    given = 0 if case.first_tick else case.trace.events[case.network.input.name].counts()[0]
    packets, done = n["sent"] + n["local"], run.synapses[0, ticks].sum(axis=1)
    updated, accessed = n["touched"], n["updates"]
    if as_sanafe:
        updated, accessed = active(case), accessed + waiting(case)
    energy = {
        "synapse": n["synapses_dense"] * PRICES["dense"] + n["synapses_conv"] * PRICES["conv2d"],
        "soma": accessed * PRICES["access"] + updated * PRICES["update"] + n["fired"] * PRICES["fire"],
        "network": packets * PRICES["message"] + links @ np.array([PRICES["hop_x"], PRICES["hop_y"]]),
    }
    energy["total"] = energy["synapse"] + energy["soma"] + energy["network"]
    return Counts(n["fired"] + given, updated + given, accessed, done, packets, links.sum(axis=1), energy)


def waiting(case: Case) -> Array:
    """Neurons of layers that the first step has not reached, by step."""
    step = np.arange(case.network.timesteps)
    waiting: Array = sum((p.size * (step < case.depth(p.name)) for p in case.handed), np.zeros_like(step))
    return waiting


def active(case: Case) -> Array:
    """Neurons with an event, a bias or a membrane that is not 0, by step; worked out from the synapses."""
    found = np.zeros(case.network.timesteps, np.int64)
    for p in case.handed:
        if p.kind == "lif":
            depth, bias, decay = case.depth(p.name), case.bias(p), round(p.decay * 4096)
            x, taken = driven(case, p)
            v = np.zeros(p.size, np.int64)
            for t in range(len(found) - depth):
                found[t + depth] += ((v != 0) | taken[t] | (bias != 0)).sum()
                v = np.sign(v) * (np.abs(v) * decay // 4096) + x[t] + bias
                after = v - int(p.threshold) if p.reset == "subtract" else np.zeros_like(v)
                v = np.where(v > p.threshold, after, v)
    return found


def driven(case: Case, population: Population) -> tuple[Array, Array]:
    """Sums of weights and whether an event came, (steps, neurons), by SANA-FE's synapses."""
    x = np.zeros((case.network.timesteps, population.size), np.int64)
    taken = np.zeros(x.shape, np.bool_)
    for q in (q for q in case.projections if q.target == population.name):
        source, target, weight = synapses(case.network, q)
        order = np.argsort(source, kind="stable")
        ends = np.cumsum(np.bincount(source, minlength=case.network.population[q.source].size))
        target, weight = target[order], weight[order].astype(np.int64)
        for step, neuron in zip(*np.nonzero(case.spikes(q.source)), strict=True):
            mine = slice(ends[neuron - 1] if neuron else 0, ends[neuron])
            x[step, target[mine]] += weight[mine]
            taken[step, target[mine]] = True
    return x, taken


def other_spikes(case: Case, told: dict[str, Any]) -> int:
    """Neurons and steps in which one fires and the other does not, of the steps that SANA-FE ran."""
    theirs = {p.name: np.zeros((case.network.timesteps, p.size), np.bool_) for p in case.handed}
    for step, fired in enumerate(told["fired"]):
        for name, neuron in fired:
            theirs[name][step, neuron] = True
    wrong = 0
    for name, found in theirs.items():
        depth = case.depth(name)
        ours = np.zeros_like(found)
        ours[depth:] = case.spikes(name)[: len(found) - depth]
        wrong += int((ours != found).sum())
    return wrong


def compare(name: str, console: Console) -> None:
    """One net on both, counts and J a step in a table."""
    case, on = CASES[name](), chip()
    told = ask(case, "detailed", "counts", latencies(on))
    run = run_chip(case.sliced, case.trace, on)
    theirs, plain, alike = of_sanafe(case, told), of_hwsim(case, run), of_hwsim(case, run, as_sanafe=True)
    steps = case.network.timesteps
    title = f"{name}: {steps} steps, spikes that differ: {other_spikes(case, told)}"
    table = Table(title=title, title_justify="left")
    for column in ("", "SANA-FE", "hwsim", "", "its definitions", ""):
        table.add_column(column, justify="right")

    def row(field: str, digits: int, first: float, *others: float) -> None:
        pairs = [(f"{value:,.{digits}f}", f"{value / first - 1:+.2%}") for value in others]
        table.add_row(field, f"{first:,.{digits}f}", *(cell for pair in pairs for cell in pair))

    for field in ("fired", "synapses", "packets", "hops", "accessed", "updated"):
        row(field, 0, *(int(getattr(counts, field).sum()) for counts in (theirs, plain, alike)))
    for part in theirs.energy:
        row(f"uJ a step, {part}", 4, *(c.energy[part].sum() / steps * 1e6 for c in (theirs, plain, alike)))
    begin = run.begin[0].min(axis=1)
    cycles = int(begin[case.first_tick + steps] - begin[case.first_tick])
    row("us a step", 2, sum(told["sim_time"]) / steps * 1e6, cycles / steps / on.core.clock_hz * 1e6)
    console.print(table)


def sanafe_speed(told: Told) -> None:
    """CPU seconds of a step: SANA-FE's models against executor and chip together, in turn, one thread each.

    Of hwsim all that is done for a sample counts: spikes, all ticks until the last packet is taken, more than
    SANA-FE's steps, and the trace's id; of SANA-FE the simulation. What is done once for a net is in neither:
    SANA-FE's loading of it, and our tables of the placed net, whose time is told.
    """
    if not PYTHON.is_file():
        told.not_compared("SANA-FE: no .venv-sanafe (make .venv-sanafe/.ready); not compared")
        return
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    on = chip()
    detailed = ("detailed",)
    timed = (
        (convolutional(), (*detailed, "cycle")),
        (pointwise(), detailed),
        (gesture(boxed=True), detailed),
    )
    for case, models in timed:
        given, steps = case.trace.events[case.network.input.name], case.network.timesteps
        began = time.process_time()
        player = Player(case.sliced, on)
        tables = time.process_time() - began
        run = whole(case, given, player)
        spikes, ours = [], []
        theirs: dict[str, list[float]] = {model: [] for model in models}
        for _ in range(REPEATS):
            for model, spent in theirs.items():
                spent.append(ask(case, model, "timed", latencies(on))["seconds"] / steps)
            spikes += [cpu_seconds(execute, case.network, given) / steps for _ in range(ROUNDS)]
            ours += [cpu_seconds(whole, case, given, player) / steps for _ in range(ROUNDS)]
        step = statistics.median(ours)
        of = (
            f"{case.name} network on {len(run.cores)} cores ({steps} steps have {int(run.synapses.sum()):,} "
            f"synaptic operations in {int(run.counts['received'].sum()):,} packets)"
        )
        for model, spent in theirs.items():
            took = statistics.median(spent)
            told.goal(
                f"a step of the {of}, against SANA-FE 2.2.9, {model}",
                f"{step * 1e3:.2f} ms ({statistics.median(spikes) * 1e3:.2f} of them for the spikes; tables "
                f"of "
                f"the network once {tables * 1e3:.1f}), SANA-FE {took * 1e3:.2f}: {took / step:.1f} times "
                f"faster",
                f"{GOALS[model]} times", took / step >= GOALS[model],
            )  # fmt: skip
    numba.set_num_threads(threads)


def whole(case: Case, given: Events, player: Player) -> ChipRun:
    """A case from its input events to the counts of every tick."""
    trace = execute(case.network, given)
    return player.result(trace, [player.play(trace, 0)])


def cpu_seconds(work: Callable[..., object], *given: object) -> float:
    began = time.process_time()
    work(*given)
    return time.process_time() - began


if __name__ == "__main__":
    for chosen in sys.argv[1:] or CASES:
        compare(chosen, Console(width=110))
