"""The words of a quantized network on a chip (W10), and what they do to its cost."""

import numpy as np
import pytest

from hwsim.chip.config import load_chip, worded
from hwsim.chip.prices import load_prices
from hwsim.comparison import Executed, compare
from hwsim.cost import load_table
from hwsim.execute.executor import encode, execute
from hwsim.fixed_point import FixedPoint
from hwsim.hardware import load_hardware
from hwsim.ledger import DRAM_BYTES
from hwsim.manycore.pipeline import estimate_chip
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection
from hwsim.pipeline import Workload, silent
from hwsim.placing import Asked, make
from hwsim.words import bits_of, state_bits, weight_bits
from tests.quantization.nets import ONE, one_neuron


def small(weights: int, state: int) -> Network:
    """1,024 inputs to one neuron."""
    return one_neuron([1, -1] * 512, FixedPoint(state), FixedPoint(weights), threshold=4.0)


def test_a_quantized_network_brings_its_words() -> None:
    """W10: sata has 8-bit weights, 16-bit states and sums; a sum is no narrower than a weight."""
    chip = load_hardware("sata")
    words = chip.worded(small(4, 10)).precision
    assert (words.weight_bits, words.state_bits, words.partial_sum_bits) == (4, 10, 16)
    assert chip.worded(small(20, 24)).precision.partial_sum_bits == 20


def test_a_network_without_formats_has_the_words_of_the_chip() -> None:
    chip, network = load_hardware("sata"), small(4, 10)
    bare = Network("bare", (network.input,), (), "input", 1, "spikes")
    assert chip.worded(bare) is chip


def test_fewer_bits_move_fewer_bytes_and_cost_less() -> None:
    """1,024 weights are 512 bytes at 4 bits and 2,048 at 16; both are whole bursts of 64, loaded once."""
    rows = []
    for bits in (4, 16):
        network = small(bits, 16)
        trace = execute(network, encode(network, np.ones((1, 3, 1024))))
        executed = Executed("none", network, trace)
        rows += compare([executed], [load_hardware("sata")], [Mapping()], [load_table("sata_kernels")])
    few, many = (row.ledger.total(*(a for a in DRAM_BYTES if "weight" in a)) for row in rows)
    assert (few, many) == (512, 2048)
    assert rows[0].totals["energy_pj"] < rows[1].totals["energy_pj"]


def layer(bits: int, state: int = 12) -> Network:
    """1,024 inputs to 256 neurons, 262,144 weights."""
    formats = {"state": FixedPoint(state), "threshold": FixedPoint(state - 1, signed=False), "decay": ONE}
    neurons = Population("a", (256,), "lif", threshold=4.0, formats=formats)
    codes = np.where(np.arange(1024) % 3 == 0, 1, -1).astype(np.int8)
    weights = np.broadcast_to(codes, (256, 1024)).copy()
    dense = Projection("w", "in", "a", "dense", weights, formats={"weights": FixedPoint(bits)})
    network = Network(
        "n", (Population("in", (1024,), "input"), neurons), (dense,), "a", 2, "spikes", integer=True
    )
    network.verify()
    return network


def work(network: Network) -> Workload:
    return Workload(network, np.ones((1, network.timesteps, 1024)))


def test_the_bits_of_a_network_are_the_most_of_any_format() -> None:
    network = small(4, 10)
    assert (weight_bits(network), state_bits(network), bits_of(network)) == (4, 10, "4/10")
    bare = Network("bare", (network.input,), (), "input", 1, "spikes")
    assert (weight_bits(bare), state_bits(bare), bits_of(bare)) == (None, None, "float")


@pytest.mark.parametrize(("bits", "cold"), [(4, 131072), (16, 524288)])
def test_tiles_take_the_words_of_the_network(bits: int, cold: int) -> None:
    """W10, F5: 262,144 weights come once, in as many bytes as their bits say; prices follow the states."""
    found = estimate_chip(
        work(layer(bits)), load_hardware("mesh-sata"), Mapping(), load_table("sata_kernels")
    )
    values = found.as_dict()
    assert values["chip"]["precision"]["weight_bits"] == values["chip"]["weight_bits"] == bits
    assert values["chip"]["precision"]["state_bits"] == 12
    assert sum(values["cold_start"]["channel_bytes"]) == cold
    assert any("lif_unit is scaled from 16 to 12 bits" in text for text in values["energy"][0]["caveats"])


@pytest.mark.parametrize(("bits", "cores"), [(4, 1), (8, 2), (16, 4)])
def test_event_driven_cores_hold_weights_of_their_bits_at_one_price(bits: int, cores: int) -> None:
    """G4: a core of loihi holds 131,072 bytes, 262,144 weights of 4 bits; its prices have no width."""
    prices = load_prices("loihi_sanafe")
    values = estimate_chip(work(layer(bits)), load_chip("loihi"), Mapping(), (prices,)).as_dict()
    assert values["placement"]["cores_used"] == cores
    assert values["energy"][0]["unit_energy_pj"] == prices.unit_pj
    assert f"weights of {bits} bits count in the memory" in values["energy"][0]["caveats"][0]


@pytest.mark.parametrize(("bits", "cores"), [(4, 1), (16, 4)])
def test_a_placement_holds_the_same_weights_as_a_run(bits: int, cores: int) -> None:
    """G4: 262,144 weights of 4 bits fill one core of loihi."""
    asked = Asked.of("loihi", None, "row_major", "spike_hops", 0, None, None, None)
    given = work(layer(bits))
    values = make(given.network, given.inputs, asked, silent).as_dict()
    assert values["cores"]["used"] == cores
    assert values["limits"]["weight_bytes"] == {"most": 131072, "allowed": 131072}


def test_a_network_without_formats_has_the_words_of_its_cores() -> None:
    chip = load_chip("loihi")
    bare = Network("bare", (layer(4).input,), (), "in", 2, "spikes")
    assert worded(chip, bare) is chip
    assert worded(chip, layer(4)).weight_bits == 4  # type: ignore[union-attr]
