"""Memory of training EfficientLIF-Net's networks: the paper's bytes, and what a training step keeps."""

from functools import partial

import pytest
import torch

from benchmarks import backward_memory
from benchmarks import backward_runs as runs

STANDARD, REVERSE, WIDE = runs.MODES
WORDS = {
    # 128, 128 at 32 x 32; 256, 256 at 16; three of 256 at 8; three of 512 at 4, three at 2
    ("VGG16", "none"): 2 * 131_072 + 2 * 65_536 + 3 * 16_384 + 3 * 8_192 + 3 * 2_048,
    # the same, each of those but the first once
    ("VGG16", "L"): 2 * 131_072 + 65_536 + 16_384 + 8_192 + 2_048,
    # stem; three blocks of two at 256 x 16 x 16, three at 512 x 8 x 8, two at 512 x 4 x 4
    ("ResNet19", "none"): 131_072 + 6 * 65_536 + 6 * 32_768 + 4 * 8_192,
    # stem, and two memories a stage
    ("ResNet19", "L"): 131_072 + 2 * (65_536 + 32_768 + 8_192),
    ("ResNet19", "L+C2"): (131_072 + 2 * (65_536 + 32_768 + 8_192)) // 2,
}


@pytest.mark.parametrize(("net", "sharing"), list(WORDS))
def test_forward_memory_is_the_papers(net: str, sharing: str) -> None:
    memory = runs.computed(net, sharing, REVERSE, 5, 1, 128)
    assert memory.forward == 4 * WORDS[net, sharing]
    assert memory.unrolled == 5 * 4 * WORDS[net, "none"]
    assert memory.bits == 5 * WORDS[net, "none"] // 8


def test_64_bit_states_are_as_many_as_in_the_forward_up_to_20_uses() -> None:
    """ResNet19 [L], T = 5: three blocks a stage make 15 uses; [L+C#2] 30, which keep two."""
    alone = runs.computed("ResNet19", "L", WIDE, 5, 1, 128)
    assert alone.states == 8 * WORDS["ResNet19", "L"]
    both = runs.computed("ResNet19", "L+C2", WIDE, 5, 1, 128)
    assert both.states == 8 * (131_072 + 2 * (2 * 65_536 + 2 * 32_768 + 8_192)) // 2


@pytest.mark.parametrize("net", list(runs.NETS))
def test_a_training_step_of_a_slim_network_keeps_the_computed_bytes(net: str) -> None:
    model, images = runs.network(net, "L+C2", 8), runs.pictures(2)
    kept = runs.saved(partial(runs.MODES[REVERSE], model, images, 2), model, images)
    assert kept == runs.computed(net, "L+C2", REVERSE, 2, 2, 8).reversible


@pytest.mark.parametrize("net", list(runs.NETS))
def test_gradients_of_slim_networks_are_the_standard_ones(net: str) -> None:
    assert runs.gradient_error(net, "L+C2", REVERSE, 3, 4, 8) < 1e-3


def test_rounding_is_four_times_as_large_after_each_reversal_at_decay_a_quarter() -> None:
    """4^5 = 1024 between 5 and 10 reversals, with one sample's luck; copies after every 5 uses end that."""
    five, ten = (backward_memory.rounding(0.25, torch.float32, n) for n in (5, 10))
    assert 500 < ten / five < 2000
    assert backward_memory.rounding(0.25, torch.float32, 30, every=5) < 1e-4
    assert backward_memory.rounding(0.9, torch.float32, 30) < 1e-4
