"""Slices under limits: exact counts against every single connection, cuts, errors (G1 to G11)."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.grid import LIMITS, Grid
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.network import Network, Population
from hwsim.place.loads import loads
from hwsim.place.partition import partition
from hwsim.place.reach import Box
from hwsim.place.search import cuts
from hwsim.place.slices import Slice, Sliced
from tests.examples import conv, dense, small_network
from tests.place.examples import core_of_neuron, grid, reached_cores, synapses
from tests.random_networks import draw_network

seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    return draw_network(rng, int(rng.integers(1, 5)), 2)


def drawn_grid(seed: int, network: Network) -> Grid:
    """Room for a few neurons a core, and for whatever they are connected to."""
    rng = np.random.default_rng(seed)
    largest = max(p.size for p in network.populations)
    return grid(64, 64, neurons=int(rng.integers(max(1, largest // 8), largest + 1)), shared=bool(seed % 2))


def flat(sizes: tuple[int, ...]) -> Network:
    """Dense layers one after the other; the last is the readout."""
    names = ["in", *(f"h{i}" for i in range(1, len(sizes) - 1)), "out"]
    kinds = ["input", *["lif"] * (len(sizes) - 2), "readout"]
    network = Network(
        "flat",
        tuple(Population(n, (s,), k) for n, s, k in zip(names, sizes, kinds, strict=True)),  # type: ignore[arg-type]
        tuple(
            dense(names[i], names[i + 1], np.ones((sizes[i + 1], sizes[i]), np.float32))
            for i in range(len(sizes) - 1)
        ),
        "out",
        2,
        "spikes",
    )
    network.verify()
    return network


# --- counts ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_what_each_neuron_reaches_is_every_core_that_one_of_its_synapses_ends_on(seed: int) -> None:
    # (G5) class by class against connection by connection
    network = drawn(seed)
    sliced = partition(network, drawn_grid(seed, network), 8)
    for p in network.populations:
        classes, expected = sliced.classes(p.name), reached_cores(sliced, p.name)
        home = core_of_neuron(sliced, p.name)
        of = classes.of(np.arange(p.size, dtype=np.int32))
        for neuron in range(p.size):
            assert set(np.nonzero(classes.reached[of[neuron]])[0]) == expected[neuron]
            assert classes.home[of[neuron]] == home[neuron]
        assert (np.bincount(of, minlength=len(classes.neurons)) == classes.neurons).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_loads_are_those_counted_one_connection_at_a_time(seed: int) -> None:
    # (G3 to G6) axons in: distinct source neurons a core; axons out: distinct cores a neuron
    network = drawn(seed)
    chip = drawn_grid(seed, network)
    sliced = partition(network, chip, 8)
    neurons, words, inward, outward = (defaultdict(int) for _ in range(4))
    listened = defaultdict(set)
    kernels = defaultdict(set)
    for p in network.populations:
        home, reached = core_of_neuron(sliced, p.name), reached_cores(sliced, p.name)
        for neuron, core in home.items():
            neurons[core] += 1
            outward[core] += len(reached[neuron])
            for other in reached[neuron]:
                listened[other].add((p.name, neuron))
        for i, projection in enumerate(network.into(p.name)):
            for _, target in synapses(network, projection):
                words[home[target]] += 1
            if projection.weights is not None:
                positions = p.size // p.channels
                for neuron, core in home.items():
                    kernels[core].add((p.name, i, neuron // positions, projection.weights[0].size))
    inward.update({core: len(axons) for core, axons in listened.items()})
    if chip.limits.shared_weights:
        words = defaultdict(int, {core: sum(k[3] for k in held) for core, held in kernels.items()})
    found = loads(sliced, chip.limits.shared_weights, 3)
    for core in range(sliced.cores):
        assert found.neurons[core] == neurons[core]
        assert found.synapses[core] == words[core]
        assert found.weight_bytes[core] == -(-words[core] * 3 // 8)
        assert found.axons_in[core] == inward[core]
        assert found.axons_out[core] == outward[core]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(LIMITS))
def test_a_limit_is_kept_wherever_one_neuron_alone_keeps_it(seed: int, limit: str) -> None:
    # (G7, G10) the limit of the fullest core allows the same cut; half of it another one, or names the limit
    network = drawn(seed)
    free = partition(network, grid(64, 64), 8)
    most = int(loads(free, True, 8).of(limit).max())
    assert partition(network, grid(64, 64, **{limit: max(1, most)}), 8).cores == free.cores
    tight = max(1, most // 2)
    refused = ""
    try:
        sliced = partition(network, grid(64, 64, **{limit: tight}), 8)
    except HwsimError as error:
        refused = str(error)
    if refused:
        assert f"{limit}: found" in refused
    else:
        assert int(loads(sliced, True, 8).of(limit).max()) <= tight


def test_kernels_are_stored_once_a_core_or_synapse_by_synapse() -> None:
    # (G4) small: conv 3x3 of 2 channels to 3 on 4x4, padding 1. Shared: 3 * 2 * 9 = 54. In bounds along one
    # side of 4: 2 + 3 + 3 + 2 = 10 taps, so 10 * 10 * 2 * 3 = 600; the 2x2 pool has 12 * 4 = 48, and dense
    # 60 in both.
    network = small_network()
    for shared, expected in ((True, 54 + 60), (False, 600 + 48 + 60)):
        sliced = partition(network, grid(1, 1, shared=shared), 8)
        assert loads(sliced, shared, 8).synapses.tolist() == [expected]


def test_weight_bytes_are_packed() -> None:
    # (G4) 54 + 60 = 114 words of 3 bits: 342 bits, 43 bytes
    assert loads(partition(small_network(), grid(1, 1), 3), True, 3).weight_bytes.tolist() == [43]


# --- cuts ------------------------------------------------------------------------------------------


def test_cuts_are_of_equal_parts_one_for_each_size_of_the_largest() -> None:
    # 5 in 1, 2 (3 + 2), 3 (2 + 2 + 1) and 5 parts; 4 parts would have one of 2 as 3 parts have
    sizes = [[b - a + 1 for a, b in cut] for cut in cuts(5)]
    assert [sorted(s) for s in sizes] == [[5], [2, 3], [1, 2, 2], [1, 1, 1, 1, 1]]
    assert cuts(2, 4) == [[(0, 7)], [(0, 3), (4, 7)]]


def test_a_dense_layer_is_cut_into_as_few_slices_as_its_neurons_need() -> None:
    # (G10) 10 neurons of 4 a core: 3 slices; the readout of 2 shares the core that has 2 free (G11)
    sliced = partition(flat((3, 10, 2)), grid(neurons=4), 8)
    sizes = sorted(s.box.size for s in sliced.of_population["h1"])
    assert sizes == [3, 3, 4]
    assert sliced.cores == 4


def test_slices_of_several_populations_share_a_core_that_has_room() -> None:
    # (G11) 3 + 2 neurons of 5 a core
    assert partition(flat((3, 3, 2)), grid(neurons=5), 8).cores == 1


def test_a_convolution_is_cut_by_rows_where_axons_in_are_few() -> None:
    # (G10) 4 channels on 8x1 from 4 channels, kernel 3x1: half the rows listen to 5 rows of 4 channels = 20
    # neurons, half the channels to all 32. Both make two slices.
    weights = np.ones((4, 4, 3, 1), np.float32)
    network = Network(
        "rows",
        (Population("in", (4, 8, 1), "input"), Population("out", (4, 8, 1), "readout")),
        (conv("in", "out", weights, padding=(1, 0)),),
        "out",
        1,
        "spikes",
    )
    sliced = partition(network, grid(neurons=16), 8)
    assert [s.box for s in sliced.slices] == [Box(0, 3, 0, 3), Box(0, 3, 4, 7)]
    assert loads(sliced, True, 8).axons_in.tolist() == [20, 20]


def test_cores_are_numbered_in_the_order_of_the_network() -> None:
    sliced = partition(flat((3, 6, 6, 4)), grid(neurons=6), 8)
    assert [s.core for s in sliced.slices] == [0, 1, 2]


def test_corners_name_a_box() -> None:
    # (G2) planes of 12 positions: neuron 26 is channel 2, position 2; neuron 55 is channel 4, position 7
    assert Box.of(26, 55, 12) == Box(2, 4, 2, 7)
    assert Box(2, 4, 2, 7).corners(12) == (26, 55)
    assert Box(2, 4, 2, 7).size == 18


# --- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "found"),
    [("synapses", 9), ("weight_bytes", 9), ("axons_in", 9)],
)
def test_a_neuron_that_exceeds_a_limit_alone_is_named_with_the_excess(limit: str, found: int) -> None:
    # (G7, G10) a neuron of h1 takes 9 inputs by 9 weights of 8 bits
    with pytest.raises(HwsimError) as caught:
        partition(flat((9, 2, 1)), grid(**{limit: 7}), 8)
    assert str(caught.value) == (
        f"population 'h1': {limit}: found {found} for one neuron alone, allowed 7 a core: "
        f"{found - 7} too many"
    )


def test_axons_out_of_one_neuron_are_the_slices_of_the_next_layer() -> None:
    # (G6) h2 of 6 neurons, 2 a core, lies on 3 cores: a neuron of h1 has 3 axons out
    with pytest.raises(
        HwsimError, match="'h1': axons_out: found 3 for one neuron alone, allowed 2 a core: 1 t"
    ):
        partition(flat((1, 2, 6, 1)), grid(neurons=2, axons_out=2), 8)


def test_a_chip_with_too_few_cores_says_how_many_are_missing() -> None:
    # (G9) 20 neurons and a readout of 2, 4 a core: 5 cores and 1 on a chip of 5 x 1, and 5 alone on 2 x 2
    with pytest.raises(HwsimError) as caught:
        partition(flat((3, 20, 2)), grid(5, 1, neurons=4), 8)
    assert str(caught.value) == (
        "cores: found 6 needed, allowed 5 on the chip (5 x 1 routers, cores_per_router 1): 1 too many"
    )
    with pytest.raises(
        HwsimError, match=r"^population 'h1': cores: found 5 needed, allowed 4 .*: 1 too many"
    ):
        partition(flat((3, 20, 2)), grid(2, 2, neurons=4), 8)


def test_shared_states_are_refused() -> None:
    # (G9)
    layers = (("in", "a", 4), ("a", "b", 4), ("b", "c", 2))
    chain = Network(
        "chain",
        (Population("in", (4,), "input"), *(Population(n, (4,), "lif") for n in "ab"),
         Population("c", (2,), "readout")),
        tuple(
            dense(a, b, np.ones((n, 4), np.float32)) for a, b, n in layers
        ),
        "c", 2, "spikes",
    )  # fmt: skip
    with pytest.raises(HwsimError, match="population 'a' shares its states"):
        partition(share(chain, parse_sharing("L")), grid(), 8)


def test_axons_out_over_connections_back_in_time_are_checked_at_the_end() -> None:
    # (G10) a recurrent layer of 4 neurons on 2 cores: each neuron reaches both, and the readout's
    weights = np.ones((4, 4), np.float32)
    network = Network(
        "loop",
        (Population("in", (1,), "input"), Population("h", (4,), "lif"), Population("out", (1,), "readout")),
        (
            dense("in", "h", np.ones((4, 1), np.float32)),
            dense("h", "h", weights, delay=1),
            dense("h", "out", np.ones((1, 4), np.float32)),
        ),
        "out", 2, "spikes",
    )  # fmt: skip
    # the readout is alone on core 2, for 2 + 1 neurons exceed 2: 2 neurons * 3 cores
    with pytest.raises(HwsimError, match=r"core 0 with 'h': axons_out: found 6, allowed 5: 1 too many"):
        partition(network, grid(neurons=2, axons_out=5), 8)


def test_a_core_s_own_neurons_count_among_its_axons() -> None:
    # (G5, G6) all on one core: in 1 + h 4 source neurons, and each neuron of h reaches one core
    network = flat((1, 4, 2))
    found = loads(Sliced(network, (
        Slice("h1", Box(0, 3, 0, 0), 0), Slice("out", Box(0, 1, 0, 0), 0)
    ), 1), True, 8)  # fmt: skip
    assert (found.axons_in.tolist(), found.axons_out.tolist()) == ([5], [4])
