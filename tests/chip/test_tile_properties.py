"""Tiles with arrays against the single tile: the same cycles fold by fold, the same work however cut."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.random import Generator

from hwsim.chip.arrays import SliceWork
from hwsim.chip.loop import run_chip
from hwsim.chip.rooms import task_of
from hwsim.cost import load_table
from hwsim.cycle.run import run
from hwsim.events import EventTrace
from hwsim.grid import Exchange
from hwsim.hardware import Hardware
from hwsim.lower.lowering import Lowering
from hwsim.mapping import LayerMapping, Mapping, PlacedSlice
from hwsim.network import Network
from hwsim.pipeline import estimate, simulate, workload
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced
from hwsim.program import Jobs, Program
from tests.chip.random_cases import Case, cases
from tests.chip.test_counts import random_trace, scattered
from tests.chip.tiles import TICKS, tiles
from tests.examples import chip, small_network
from tests.place.examples import grid
from tests.random_chips import draw_array
from tests.random_networks import draw_network, pick

seeds = st.integers(0, 2**32 - 1)

ARRAY = ("preload", "stream", "imbalance", "conflict", "decode", "fill", "update", "serialization", "laned")
"""Cycles of a job."""


def drawn_tiles(rng: Generator, **parts: Any) -> Hardware:
    """Tiles of any array with room for everything."""
    array = draw_array(rng, int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    if array["decode"]:
        array["decode"]["max_inputs"] = None
    array["banks"] = array.pop("partial_sum_banks")
    units, lanes = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    return tiles(units=units, lanes=lanes, double=bool(rng.random() < 0.5), **array | parts)


def step_by_step(network: Network, hardware: Hardware) -> Mapping:
    """One tile's mapping with the folds of F2: M-folds outermost, nothing held, the largest tiles."""
    layers = {}
    for p in network.populations:
        weighted = [q for q in network.into(p.name) if q.has_weights]
        if weighted:
            groups = max(q.groups for q in weighted)
            tile = {
                "os": {},
                "ws": {"m_tile": p.plane[0] * p.plane[1]},
                "is": {"n_tile": p.channels // groups},
            }
            layers[p.name] = LayerMapping(fold_order="m_outer", **tile[hardware.pe_array.dataflow])
    return Mapping(schedule="step_major", direct_coding="each_step", layers=layers)


def single_tile(network: Network, trace: EventTrace, hardware: Hardware) -> Program:
    """The program of one tile; only networks whose layers have one K-tile under os."""
    lowering = Lowering(network, hardware, step_by_step(network, hardware))
    if hardware.pe_array.dataflow == "os":
        assume(all(choice["k_tiles"] == 1 for choice in lowering.choices.values()))
    return lowering.lower(trace, range(1))


def of_step(program: Program, layer: int, step: int) -> Program:
    """The jobs of a step of one layer, which neither load nor store."""
    chosen = (program.jobs.layer == layer) & (program.jobs.step == step)
    jobs = {name: column[chosen] for name, column in program.jobs._asdict().items()}
    for name in ("load_bytes", "store_bytes"):
        jobs[name] = np.zeros_like(jobs[name])
    jobs["after"] = np.full_like(jobs["after"], -1)
    zero = np.zeros_like(program.counts)
    regions = np.zeros_like(program.regions)
    return Program(program.layers, Jobs(**jobs), zero, regions, len(jobs["after"]) + 1, 1)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds)
def test_a_tick_of_a_layer_takes_as_long_as_its_step_on_a_single_tile(seed: int) -> None:
    # (F2) u - b of every tick
    rng = np.random.default_rng(seed)
    network, hardware = draw_network(rng, 1, 3), drawn_tiles(rng, ticks={})
    trace = random_trace(network, 1, rng)
    program = single_tile(network, trace, hardware)
    (layer,) = (p for p in network.populations if p.kind != "input")
    whole = Box(0, layer.channels - 1, 0, layer.plane[0] * layer.plane[1] - 1)
    done = run_chip(Sliced(network, (Slice(layer.name, whole, 0),), 1), trace, hardware)
    done.verify(network, trace)
    for tick in range(done.ticks):
        step = tick - 1
        alone = run(of_step(program, 0, step), hardware.with_dram("bandwidth")).elapsed_cycles
        assert done.update_end[0, tick, 0] - done.begin[0, tick, 0] == alone


def cut_at_folds(
    rng: Generator, network: Network, hardware: Hardware, name: str
) -> tuple[Box, tuple[Any, ...]]:
    """A box of whole folds, and which groups, M-folds and N-folds it has."""
    task = task_of(network, hardware)
    population = network.population[name]
    positions = population.plane[0] * population.plane[1]
    (piece,) = SliceWork.of(task, Slice(name, Box(0, population.channels - 1, 0, positions - 1), 0)).pieces
    layer, dataflow = piece.layer, hardware.pe_array.dataflow
    m, n = [0, len(layer.rows)], [0, len(layer.channels)]
    if dataflow != "ws":
        m = sorted(rng.choice(len(layer.rows) + 1, 2, replace=False).tolist())
    each = int(layer.columns.sum())
    if layer.groups > 1:
        g = sorted(rng.choice(layer.groups + 1, 2, replace=False).tolist())
        channels = g[0] * each, g[1] * each - 1
    else:
        g = [0, 1]
        if dataflow != "is":
            n = sorted(rng.choice(len(layer.channels) + 1, 2, replace=False).tolist())
        ends = np.cumsum([0, *layer.columns])
        channels = int(ends[n[0]]), int(ends[n[1]]) - 1
    ends = np.cumsum([0, *layer.rows])
    box = Box(*channels, int(ends[m[0]]), int(ends[m[1]]) - 1)
    shape = (layer.groups, len(layer.rows), len(layer.channels), len(layer.tiles))
    return box, (shape, slice(*g), slice(*m), slice(*n))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_a_slice_of_whole_folds_has_their_jobs_of_a_single_tile(seed: int) -> None:
    # (F2, F4) cycles by cause, and the PEs in use
    rng = np.random.default_rng(seed)
    network, hardware = draw_network(rng, int(rng.integers(1, 4)), 2), drawn_tiles(rng)
    trace = random_trace(network, 1, rng)
    names = [p.name for p in network.populations if any(q.has_weights for q in network.into(p.name))]
    assume(names)
    program = single_tile(network, trace, hardware)
    name = pick(rng, names)
    box, (shape, *chosen) = cut_at_folds(rng, network, hardware, name)
    work = SliceWork.of(task_of(network, hardware), Slice(name, box, 0))
    columns = work.fixed | work.of_sample(trace, 0)[0]
    layer = program.layers.index(name)
    for step in range(len(columns["closes"])):
        jobs = of_step(program, layer, step).jobs
        for column in (*ARRAY, "occupied", "closes"):
            whole = getattr(jobs, column).reshape(shape)
            assert columns[column][step].tolist() == whole[tuple(chosen)].ravel().tolist(), column


def job_of_each_neuron(network: Network, hardware: Hardware, name: str, box: Box, k_tiles: int) -> list[int]:
    """Of the neurons of a box, channel by channel: group, M-fold, N-fold, K-tile (F2)."""
    population = network.population[name]
    groups = max(q.groups for q in network.into(name) if q.has_weights)
    channels, positions = range(box.c0, box.c1 + 1), range(box.p0, box.p1 + 1)
    array, dataflow = hardware.pe_array, hardware.pe_array.dataflow
    wide = {"os": array.extent("M"), "ws": len(positions), "is": array.columns}[dataflow]
    job, found = -1, {}
    for group in range(groups):
        own = [c for c in channels if c * groups // population.channels == group]
        across = {"os": array.extent("N"), "ws": array.columns, "is": max(1, len(own))}[dataflow]
        for m in range(0, len(positions), wide):
            for n in range(0, len(own), across):
                job += k_tiles
                for neuron in product(own[n : n + across], positions[m : m + wide]):
                    found[neuron] = job
    return [found[neuron] for neuron in product(channels, positions)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_every_neuron_is_done_with_the_job_that_computes_it(seed: int) -> None:
    # of any box, where groups begin and end within it too
    rng = np.random.default_rng(seed)
    network, hardware = draw_network(rng, int(rng.integers(1, 4)), 1), drawn_tiles(rng)
    names = [p.name for p in network.populations if any(q.has_weights for q in network.into(p.name))]
    assume(names)
    name = pick(rng, names)
    population = network.population[name]
    corners = (np.sort(rng.integers(0, n, 2)) for n in (population.channels, np.prod(population.plane)))
    box = Box(*(int(corner) for pair in corners for corner in pair))
    work = SliceWork.of(task_of(network, hardware), Slice(name, box, 0))
    k_tiles = len(work.pieces[0].layer.tiles)
    assert work.done_with.tolist() == job_of_each_neuron(network, hardware, name, box, k_tiles)
    assert sum(piece.jobs for piece in work.pieces) == work.done_with.max() + 1


WHEREVER = (
    "ac", "mac", "bias_add", "lif_update", "lif_spike", "decay_shift", "decay_add", "decay_multiply",
    "readout_update", "relu_update", "vector_add", "vector_mac", "pool_or", "events_in",
    "events_out", "output_writes",
)  # fmt: skip
"""Actions that do not depend on how populations are cut (F4)."""


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seeds)
def test_tiles_together_do_what_a_single_tile_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, int(rng.integers(1, 5)), 2)
    sliced, width, each = scattered(network, rng)
    barrier = pick(rng, ("tick", "layer", "none"))
    hardware = drawn_tiles(rng, width=width, height=width, each=each, ticks={"barrier": barrier})
    does_what_one_does(sliced, random_trace(network, 2, rng), hardware)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cases())
def test_networks_with_delays_loops_and_other_neurons_too(case: Case) -> None:
    rng = np.random.default_rng(case.seed)
    assume(not any(p.shared for p in case.sliced.network.populations))
    hardware = drawn_tiles(rng)
    ticks = Exchange.model_validate(TICKS | {"barrier": case.chip.core.barrier})
    placed_on = hardware.model_copy(update={"grid": case.chip.grid.model_copy(update={"ticks": ticks})})
    does_what_one_does(case.sliced, case.trace, placed_on)


def does_what_one_does(sliced: Sliced, trace: EventTrace, hardware: Hardware) -> None:
    network = sliced.network
    found = run_chip(sliced, trace, hardware)
    found.verify(network, trace)
    mapping = step_by_step(network, hardware)
    single = simulate(Lowering(network, hardware, mapping), trace)
    for sample, ledger in enumerate(found.ledgers):
        for action in WHEREVER:
            if action == "output_writes":
                assert ledger.total(action) == found.counts["updates"][sample].sum()
            else:
                assert (ledger.per_layer(action) == single[sample].per_layer(action)).all(), action
    spent = (found.update_end - found.begin).sum(axis=(1, 2))
    assert [ledger.elapsed_cycles for ledger in found.ledgers] == spent.tolist()


@pytest.mark.filterwarnings("error")
def test_a_chip_of_one_tile_is_the_single_tile() -> None:
    # nothing leaves the tile; a placement on it is heeded
    network, table = small_network("frames"), load_table("sata_kernels")
    work = workload(network, np.ones((2, *network.input.shape), np.float32), network.timesteps)
    placement = {
        p.name: [PlacedSlice(first=0, last=p.size - 1, core=0)]
        for p in network.populations
        if p.kind != "input"
    }
    alone = chip(table="ddr4_2400", clock_hz=400_000_000)
    mesh = alone.model_copy(update={"grid": grid(1, 1, ticks=TICKS)})
    a = estimate(work, alone, Mapping(), table)
    b = estimate(work, mesh, Mapping(placement=placement), table)
    assert a.run.ledgers == b.run.ledgers
    assert a.run.cost.as_dict() == b.run.cost.as_dict()
    assert a.ann is not None
    assert b.ann is not None
    assert a.ann.ledgers == b.ann.ledgers
