"""ASGL's estimate from the machinery of ``make asgl``: its operations, its ratio, the rate that was built."""

from functools import cache

import numpy as np
import pytest

from benchmarks import asgl
from benchmarks.accounting import ARITHMETIC, Accounting, Compared, csv_of
from benchmarks.rates import accumulates, macs_behind_the_first_layer, trace_at, weighted_rate
from hwsim.cost import load_table
from hwsim.hardware import load_hardware
from hwsim.inspection import describe
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.operations import count
from hwsim.pipeline import counterpart, simulate

# 3 to 64 channels, 9 taps, 32 x 32 places
FIRST = 3 * 64 * 9 * 32 * 32
# four 3x3 convolutions of 64 channels; in each of three stages one from half the channels, three more, and a
# 1x1 shortcut, on a quarter of the places with twice the channels; 512 to 10 classes
STAGE = (64 * 128 * 9 + 3 * 128 * 128 * 9 + 64 * 128) * 16 * 16
BEHIND = 4 * 64 * 64 * 9 * 32 * 32 + 3 * STAGE + 512 * 10
ANN_PJ = 4.6 * (FIRST + BEHIND)
# places of a 3x3 kernel with padding 1 that lie inside of 32 x 32: 3 * 32 - 2 along each axis
FIRST_IN_BOUNDS = 3 * 64 * 94 * 94


@cache
def network() -> Network:
    return asgl.network()


@cache
def operations_alone() -> Compared:
    papers = load_table("snn_paper_fp32")
    alone = Accounting("operations", load_hardware("sata"), papers, groups=(ARITHMETIC,))
    return Compared(alone, network(), asgl.RATE)


def test_macs_follow_from_the_shapes_of_the_layers() -> None:
    assert (FIRST, BEHIND) == (1_769_472, 553_653_248)
    assert describe(network())["macs_first_layer"] == FIRST
    assert macs_behind_the_first_layer(network()) == BEHIND


def test_the_ann_costs_2_555_mj_of_macs() -> None:
    ann = operations_alone().ann
    assert ann.total == pytest.approx(ANN_PJ / 1e9, rel=1e-12)
    assert ann.total == pytest.approx(2.555, abs=5e-4)


def test_the_papers_formula_gives_8_96_percent_at_its_rate() -> None:
    snn = 0.9 * asgl.RATE * 2 * BEHIND + 4.6 * FIRST
    assert snn / ANN_PJ == pytest.approx(asgl.PAPER, abs=5e-5)
    assert asgl.formula(network(), asgl.RATE) == pytest.approx(snn / 1e9, rel=1e-12)


def test_the_ledgers_give_the_papers_ratio_less_the_padding_of_the_first_layer() -> None:
    """Spikes reach convolutions only; the classifier multiplies averages, at most 2 * 5120 times."""
    least = 0.9 * asgl.RATE * 2 * (BEHIND - 5120) + 4.6 * FIRST_IN_BOUNDS
    assert least / ANN_PJ - 1e-6 < operations_alone().ratio < (least + 4.6 * 2 * 5120) / ANN_PJ + 1e-6
    assert operations_alone().ratio == pytest.approx(asgl.PAPER, abs=2e-4)


def test_by_operations_alone_the_snn_breaks_even_above_one_spike_a_step() -> None:
    """2 steps of accumulates against MACs: (4.6 * (first + behind) - 4.6 * first) / (0.9 * 2 * behind)."""
    assert operations_alone().break_even == pytest.approx(4.6 / 1.8, rel=2e-3)


@pytest.mark.parametrize("rate", [0.05, 0.2215])
def test_a_built_trace_has_its_rate_in_every_layer(rate: float) -> None:
    """Within one neuron's fan-out, at most 512 channels of 9 taps and a shortcut's 512."""
    net = network()
    trace = trace_at(net, rate)
    macs = {
        (q.source, q.target): float(np.prod(q.weights.shape[1:])) * net.population[q.target].size
        for q in net.projections
        if q.weights is not None
    }
    of_source: dict[str, float] = {}
    for row in count(net, trace).layers:
        if row.kind == "conv2d":
            wanted = rate * 2 * macs[row.source, row.target] if row.source != net.input.name else 0.0
            of_source[row.source] = of_source.get(row.source, 0.0) + row.counts["ac"] - wanted
    assert max(map(abs, of_source.values())) <= 512 * 9 + 512
    assert (
        accumulates(net, trace) / (2 * BEHIND) == weighted_rate(net, trace) == pytest.approx(rate, abs=1e-5)
    )


def test_a_trace_of_rate_0_has_its_input_and_no_spike() -> None:
    trace = trace_at(network(), 0.0)
    assert {name for name, events in trace.events.items() if len(events.index)} == {network().input.name}


def test_what_dram_moves_does_not_depend_on_the_rate_and_outweighs_the_operations() -> None:
    whole = Compared(
        Accounting("sata", load_hardware("sata"), load_table("sata_kernels")), network(), asgl.RATE
    )
    assert whole.snn.dram_bytes == whole.idle.dram_bytes
    assert whole.snn.energy["DRAM"] > whole.snn.energy[ARITHMETIC]
    assert whole.break_even is None or whole.break_even > 0
    assert (whole.break_even is None) == (whole.idle.total > whole.ann.total)


def test_8_lif2_alone_takes_its_weights_again_at_every_step() -> None:
    """(512 * 9 + 256) * 16 = 77,824 bytes for 16 channels; half of 144 KiB is 73,728. 2 folds of places."""
    net, sata = network(), load_hardware("sata")
    (snn,) = simulate(Lowering(net, sata, Mapping()), trace_at(net, 0.0))
    ann = counterpart(net, sata, Mapping(), load_table("snn_paper_fp32")).ledger
    own = 512 * 512 * 9 + 512 * 256
    read = {
        name: (int(s), int(a))
        for name, s, a in zip(
            snn.layers,
            snn.per_layer("dram_weight_read_bytes"),
            ann.per_layer("dram_weight_read_bytes"),
            strict=True,
        )
    }
    assert read.pop("8.lif2") == (4 * own, 2 * own)
    assert all(s == a for s, a in read.values())


def test_the_csv_tells_ann_snn_and_snn_without_spikes_of_each_accounting() -> None:
    lines = csv_of([operations_alone()]).splitlines()
    assert [line.split(",")[4:6] for line in lines[1:]] == [["ANN", ""], ["SNN", "0.2215"], ["SNN", "0.0"]]
