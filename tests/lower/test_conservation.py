"""Lowering conserves events and operations, and refuses what a chip cannot hold."""

from dataclasses import replace

import numpy as np
import pytest

from hwsim.cycle.run import Times, run, times
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, Ledger
from hwsim.lower import conservation
from hwsim.lower.lowering import Lowering, lower
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from hwsim.pe_array import Skip
from hwsim.program import Program
from hwsim.simulation import simulate as mini_batches
from tests.examples import chip, simulate
from tests.lower.building import all_live, chain, checked, pointwise
from tests.lower.test_array_cycles import array_cycles, one_conv, simulated
from tests.lower.test_order import two_layers


def three_samples(network: Network) -> EventTrace:
    rng = np.random.default_rng(0)
    events = {
        p.name: Events.from_dense((rng.random((3, 2, 8)) < 0.5).astype(np.float32), True)
        for p in network.populations
    }
    return EventTrace(network.id, 2, events, np.zeros((3, 2, 8), np.float32))


@pytest.mark.parametrize("skip", ["event", "gate", "dense"])
def test_a_lowering_is_laid_out_once_for_all_samples(skip: Skip) -> None:
    network = two_layers()
    trace, hardware, mapping = three_samples(network), chip(2, 1, skip), Mapping()
    lowering = Lowering(network, hardware, mapping)
    for sample in (2, 0, 1, 2):
        kept = lowering.lower(trace, range(sample, sample + 1))
        fresh = lower(network, trace.select(sample, sample + 1), 0, hardware, mapping)
        assert kept.id == fresh.id


@pytest.mark.parametrize(("skip", "plays"), [("event", 4), ("gate", 2), ("dense", 2)])
def test_jobs_that_no_event_changes_are_played_once_a_size_and_each_ledger_is_its_own(
    skip: Skip, plays: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = two_layers()
    trace, hardware, mapping = three_samples(network), chip(2, 1, skip), Mapping(batch=2)
    trace = EventTrace.join([trace, trace, trace.select(0, 1)])
    parts = [range(0, 2), range(2, 4), range(4, 6), range(6, 7)]
    apart = [run(lower(network, trace, part, hardware, mapping), hardware).id for part in parts]
    played: list[Program] = []

    def counted(program: Program, hardware: Hardware) -> Times:
        played.append(program)
        return times(program, hardware)

    monkeypatch.setattr("hwsim.simulation.times", counted)
    monkeypatch.setattr("hwsim.execute.plan.threads", lambda: 1)
    ledgers = mini_batches(Lowering(network, hardware, mapping), trace)
    assert [ledger.id for ledger in ledgers] == apart
    assert len(played) == plays


# --- conservation --------------------------------------------------------------------------------


def conserved() -> tuple[Network, EventTrace, Ledger]:
    network = two_layers()
    trace = EventTrace.all_live(network)
    (ledger,) = simulate(network, trace, chip(2, 1))
    return network, trace, ledger


def changed(ledger: Ledger, layer: int, action: str, amount: int) -> Ledger:
    counts = ledger.counts.copy()
    counts[layer, list(ACTIONS).index(action)] += amount
    return replace(ledger, counts=counts)


def test_a_true_ledger_conserves() -> None:
    network, trace, ledger = conserved()
    conservation.check(network, trace, ledger, frozenset())
    # all live: 2 steps, 8 events, each reaching 2 channels of one position
    assert ledger.per_layer("ac").tolist() == [32, 32]


@pytest.mark.parametrize("amount", [-1, 1])
@pytest.mark.parametrize("action", ["ac", "mac"])
def test_an_operation_too_many_or_too_few_is_found(action: str, amount: int) -> None:
    network, trace, ledger = conserved()
    message = rf"layer 'b' counts {32 + amount} useful operations; its events demand 32"
    with pytest.raises(HwsimError, match=message):
        conservation.check(network, trace, changed(ledger, 1, action, amount), frozenset())


def test_an_event_that_the_trace_does_not_have_is_found() -> None:
    network, trace, ledger = conserved()
    with pytest.raises(HwsimError, match="layer 'a' emits 17 events; the trace has 16"):
        conservation.check(network, trace, changed(ledger, 0, "events_out", 1), frozenset())


def test_every_simulation_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    true = Times.ledger

    def one_more(times: Times, program: Program) -> Ledger:
        return changed(changed(true(times, program), 0, "ac", 1), 0, "ac_issued", 1)

    monkeypatch.setattr(Times, "ledger", one_more)
    with pytest.raises(HwsimError, match="layer 'a' counts 33 useful operations; its events demand 32"):
        conserved()


def test_every_ledger_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    true = Times.ledger

    def lost_cycle(times: Times, program: Program) -> Ledger:
        ledger = true(times, program)
        ledger.cycles[0, CAUSE_COLUMNS.index(("dma", "idle"))] += 1
        return ledger

    monkeypatch.setattr(Times, "ledger", lost_cycle)
    with pytest.raises(HwsimError, match="the units' cycles do not agree"):
        conserved()


# --- illegal mappings ----------------------------------------------------------------------------


def test_a_tile_of_one_channel_that_does_not_fit_names_layer_and_buffer() -> None:
    # 9 taps of 2 columns at 8 bits: 18 bytes; a job gets 17
    with pytest.raises(
        HwsimError, match=r"layer 'a': .*\(1 x 9 x 2 x 8 bits\) do not fit the 17 bytes .*buffers\.weight"
    ):
        simulated(one_conv(2, 3, 5), chip(2, 2, weight=35))


def test_inputs_of_a_fold_that_do_not_fit_name_layer_and_buffer() -> None:
    # the fold of the last output of one row and the first of the next sees two windows of 3 x 3 positions
    # of 64 channels: 144 bytes, more than any other; a job gets 95
    whole = Mapping(layers={"a": LayerMapping(k_tile=64)})
    with pytest.raises(
        HwsimError, match=r"layer 'a': .* fold of k_tile 64 take 144 bytes; .* 95 bytes of buffers\.input"
    ):
        simulated(one_conv(64, 3, 5), chip(2, 2, inputs=191), whole)


def test_a_mapping_of_a_layer_that_does_not_exist_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"no population 'aa'"):
        simulated(two_layers(), chip(), Mapping(layers={"aa": LayerMapping()}))


def test_a_projection_without_weights_needs_no_weight_buffer() -> None:
    populations = (Population("in", (2, 4, 4), "input"), Population("pool", (2, 2, 2), "relay"))
    pool = Projection("p", "in", "pool", "max_pool", kernel=(2, 2), stride=(2, 2))
    network = checked(Network("n", populations, (pool,), "pool", 1, "spikes"))
    ledger = simulated(network, chip(2, 2, weight=1, output=64))
    assert array_cycles(ledger) == 0
    assert ledger.total("pool_or") == 32


@pytest.mark.parametrize("samples", [range(0), range(3), range(0, 2, 2), range(2, 4)])
def test_what_is_no_mini_batch_is_refused(samples: range) -> None:
    network = two_layers()
    lowering = Lowering(network, chip(2, 1), Mapping(batch=2))
    with pytest.raises(HwsimError, match="is no mini-batch: at most 2 consecutive samples of 3"):
        lowering.lower(all_live(network, 3), samples)


def test_a_delayed_event_that_never_arrives_is_not_demanded() -> None:
    # W1: 5 steps of 2 spikes, delay 3: 2 steps' arrive, each at 3 neurons
    network = chain(2, 3, timesteps=5)
    late = checked(replace(network, projections=(replace(network.projections[0], delay=3),)))
    (ledger,) = simulate(late, all_live(late), chip(2, 2, "event"))
    assert ledger.total("ac") == 12


def test_weights_of_zero_are_not_demanded_of_a_chip_that_skips_them() -> None:
    network = pointwise(4, 2, 3)
    kernel = np.zeros((2, 4, 1, 1), np.float32)
    kernel[0, :3] = kernel[1, 2:] = 1
    network = replace(network, projections=(replace(network.projections[0], weights=kernel),))
    sparse = chip(2, 2, "event", streams="own", fill="broadcast", weight_sparsity=True)
    (found,) = simulate(network, all_live(network), sparse)
    (plain,) = simulate(network, all_live(network), chip(2, 2, "event"))
    # 5 of 8 weights at 3 positions
    assert (found.total("ac"), plain.total("ac")) == (3 * 5, 3 * 8)
    with pytest.raises(HwsimError, match="counts 15 useful operations; its events demand 24"):
        conservation.check(network, all_live(network), found, frozenset())


def test_synapses_of_each_source_are_those_of_its_weights_that_are_not_zero() -> None:
    # of 3 targets the first source reaches 2, the second none, the third all
    network = chain(3, 3)
    weights = np.array([[1, 0, -1], [0, 0, 2], [-1, 0, 1]], np.float32)
    p = replace(network.projections[0], weights=weights)
    assert conservation.synapses(network, p, True).tolist() == [2, 0, 3]
    assert conservation.synapses(network, p, False).tolist() == [3, 3, 3]


def test_mini_batches_give_a_ledger_each_and_the_last_is_shorter() -> None:
    network = two_layers()
    ledgers = simulate(network, all_live(network, 5), chip(2, 1), Mapping(batch=2))
    assert [ledger.total("ac") for ledger in ledgers] == [128, 128, 64]


@pytest.mark.parametrize(("delay", "often"), [(0, 2), (1, 1), (2, 0), (5, 0)])
def test_a_constant_source_is_delivered_in_each_step_that_its_delay_leaves(delay: int, often: int) -> None:
    # L2: 2 steps, of which the first ones are silent
    network = chain(3, 2, timesteps=2, coding="frames")
    late = Projection("late", "in", "l1", "dense", np.ones((2, 3), np.float32), delay=delay)
    network = checked(replace(network, projections=(*network.projections, late)))
    arrived, times = conservation.delivered_events(network, late, False, all_live(network))
    assert (arrived.tolist(), times) == ([0, 1, 2], often)
