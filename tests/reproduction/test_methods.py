"""The table of methods: what a case costs, what pruning and rates do, and how methods are put together."""

from dataclasses import replace

import numpy as np
import pytest

from hwsim import zoo
from hwsim.execute.executor import encode, execute
from hwsim.hardware import load_hardware
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.methods.trained import open_training
from hwsim.network import Network
from hwsim.place.algorithms import hilbert
from hwsim.place.metrics import Problem
from hwsim.place.partition import partition
from hwsim.place.traffic import traffic
from hwsim.reproduction import committed, efficientlif
from hwsim.reproduction.cases import (
    MESH,
    TILE_NEURONS,
    TILE_WEIGHT_BYTES,
    Case,
    Measured,
    firing_rates,
    flit_hops,
    measure,
    prepared,
    pruned,
)
from hwsim.reproduction.composition import composed_cases
from hwsim.reproduction.methods import images, sharing_cases, slim_cases
from hwsim.reproduction.methods_page import COMPARED, block, composed
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec
from hwsim.zoo import entry


def test_every_method_has_its_baseline_first_and_a_source_or_reason_for_its_accuracy() -> None:
    methods: dict[str, list[bool]] = {}
    for case in slim_cases():
        methods.setdefault(case.method, []).append(case.baseline)
        assert case.source
    assert len(methods) == 6
    assert all(flags[0] and sum(flags) == 1 for flags in methods.values())


def test_an_accuracy_is_the_mean_of_all_seeds_of_the_network_that_runs() -> None:
    cases = {case.label: case for case in slim_cases()}
    base = cases["baseline: every neuron its own state"]
    seeds = efficientlif.trained("resnet", "none").values
    assert (base.seeds, base.accuracy) == (3, pytest.approx((78.02 + 77.00 + 76.80) / 3))
    card = open_training(zoo.trainings()["fashion-resnet19-none"]).tested
    assert card is not None
    assert 100 * card[0] == pytest.approx(seeds[0])  # what runs is seed 0's
    assert base.note.startswith("spikes and costs are of the networks of seed 0")
    assert all(c.seeds for c in cases.values() if c.accuracy is not None)


def test_a_cell_has_the_accuracy_of_one_running_mean_which_is_what_is_folded_into_weights() -> None:
    (base, *_) = (c for c in slim_cases() if c.method == "Cells with feedback (SNASNet)")
    lines = committed.chosen(
        "snasnet/trainings.csv", cell="0302,0010,0003,0000", data="digits", timesteps="5"
    )
    assert base.seeds == len(lines)
    assert base.accuracy == pytest.approx(100 * np.mean([float(x["accuracy"]) for x in lines]))
    each_step = 100 * np.mean([float(x["accuracy_each_step"]) for x in lines])
    assert base.accuracy != pytest.approx(each_step)
    assert f"{each_step:.2f}" in base.note


@pytest.fixture(scope="module")
def shared() -> dict[str, Measured]:
    kept = ("baseline: every neuron its own state", "[C#2]: by two groups of channels")
    return {case.label[:5]: measure(case, 1) for case in sharing_cases() if case.label in kept}


def test_two_groups_of_channels_halve_lif_units_and_states(shared: dict[str, Measured]) -> None:
    """11,776 states of the slim ResNet19 at 16 bits, one bit of padding a byte aside."""
    base, halved = shared["basel"].values, shared["[C#2]"].values
    assert (base["lif_units"], halved["lif_units"]) == (128, 64)
    assert (base["membrane_bytes"], halved["membrane_bytes"]) == (2 * 11_776, 11_776)
    assert (halved["area_um2"] or 0) < (base["area_um2"] or 0)
    assert base["flit_hops"]
    assert halved["flit_hops"]
    assert "handing states on" in shared["[C#2]"].notes[0]


def test_a_block_tells_the_ratio_to_its_baseline(shared: dict[str, Measured]) -> None:
    text = block(list(shared.values()))
    assert "| 64 (0.50) | 11,776 (0.50) |" in text
    assert "trained" in text


@pytest.fixture(scope="module")
def small() -> tuple[Network, np.ndarray]:
    _, case = composed_cases(every=False)[0]
    work, _ = case.spec.workload(2)
    return work.network, work.inputs


def test_pruning_takes_the_smallest_weights_of_each_projection(small: tuple[Network, np.ndarray]) -> None:
    network, _ = small
    for before, after in zip(network.projections, pruned(network, 0.9).projections, strict=True):
        if before.weights is not None:
            assert after.weights is not None
            kept = after.weights != 0
            assert np.mean(kept) == pytest.approx(0.1, abs=0.02)
            assert np.abs(before.weights[kept]).min() >= np.abs(before.weights[~kept]).max()


@pytest.mark.parametrize("number", range(6))
def test_every_layer_of_every_factor_fires_at_the_rate_that_was_asked_for(
    small: tuple[Network, np.ndarray], number: int
) -> None:
    _, case = composed_cases(every=False)[number]
    work, _ = case.spec.workload(2)
    rates = firing_rates(prepared(work.network, work.inputs, case), work.inputs)
    assert {name for name, rate in rates.items() if not case.rate / 1.25 <= rate <= case.rate * 1.25} == set()


def test_layers_share_states_as_the_zoo_says() -> None:
    of = "channels=8", "resolution=16", "channels_in=1"
    spec = WorkloadSpec("efficientlif/vgg16", images(), timesteps=2, variant=Variant(of, init="random"))
    work, _ = spec.workload(1)
    case = Case("m", "[L]", spec, "random", rate=0.18, sharing="L")
    groups = [p.state_group for p in prepared(work.network, work.inputs, case).populations]
    expected = share(work.network, parse_sharing("L"), entry("efficientlif/vgg16").sharing)
    assert groups == [p.state_group for p in expected.populations]
    assert (
        len({g for g in groups if g})
        == len({p.state_group for p in expected.populations if p.state_group})
        > 1
    )


def test_a_network_on_one_tile_sends_no_flit(small: tuple[Network, np.ndarray]) -> None:
    network, inputs = small
    trace = execute(network, encode(network, inputs))
    whole, _ = flit_hops(network, trace, large=True)
    parted, _ = flit_hops(network, trace, large=False)
    assert whole is not None
    assert parted is not None
    assert parted > whole >= 0


def test_flit_hops_are_of_one_placement_whatever_the_network(small: tuple[Network, np.ndarray]) -> None:
    """Also where another algorithm finds fewer."""
    network, inputs = small
    trace = execute(network, encode(network, inputs))
    chip = load_hardware(MESH)
    assert chip.grid is not None
    grid = chip.grid
    kept = {"neurons": TILE_NEURONS, "weight_bytes": TILE_WEIGHT_BYTES}
    grid = grid.model_copy(update={"limits": grid.limits.model_copy(update=kept)})
    sent = traffic(partition(network, grid, chip.precision.weight_bits), trace, grid.spikes_per_packet)
    problem = Problem.of(sent, grid)
    expected = problem.metrics(hilbert(problem)).spike_hops / trace.samples
    assert flit_hops(network, trace, large=False)[0] == pytest.approx(expected)


def test_rows_that_differ_in_bits_alone_say_that_the_float_network_runs() -> None:
    notes = {case.label[:2]: case.note for case in slim_cases() if case.table == "horowitz45"}
    assert {label for label, note in notes.items() if "the float network runs" in note} == {"3a", "4:"}


def test_every_factor_stands_alone_and_all_stand_together() -> None:
    few, every = composed_cases(every=False), composed_cases(every=True)
    assert [sum(chosen) for chosen, _ in few] == [0, 1, 1, 1, 1, 4]
    assert len({chosen for chosen, _ in every}) == 16
    assert {case.chip for _, case in every} == {"efficientlif-128-c1", "efficientlif-128-c2"}


def test_the_product_of_factors_is_told_beside_all_of_them() -> None:
    """Each factor alone halves all, together they leave an eighth: twice the product of 1/16."""
    found = []
    for chosen, case in composed_cases(every=False):
        left = {0: 1.0, 1: 0.5, 4: 0.125}[sum(chosen)]
        values: dict[str, float | None] = dict.fromkeys((*COMPARED, "mac", "area_um2"), 1000 * left)
        found.append((chosen, Measured(replace(case), {"lif_units": 128, **values}, ())))
    text = composed(found)
    assert "| *product* |  | " + " | ".join(["0.062"] * len(COMPARED)) + " |" in text
    assert "| *together / product* |  | " + " | ".join(["2.00"] * len(COMPARED)) + " |" in text
