"""The words of a quantized network on a chip (W10), and what they do to its cost."""

import numpy as np

from hwsim.comparison import Executed, compare
from hwsim.cost import load_table
from hwsim.execute.executor import encode, execute
from hwsim.fixed_point import FixedPoint
from hwsim.hardware import load_hardware
from hwsim.ledger import DRAM_BYTES
from hwsim.mapping import Mapping
from hwsim.network import Network
from tests.quantization.nets import one_neuron


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
