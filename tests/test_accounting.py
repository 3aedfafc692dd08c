"""The DRAM accounting of EfficientLIF-Net (Fig. 10), from the transfers of the chip made for it.

What the chip moves does not depend on the spikes: maps are bitmaps, weights and states are moved whole.
"""

from pathlib import Path

import numpy as np
import pytest

from hwsim.events import Events, EventTrace
from hwsim.hardware import load_hardware
from hwsim.ledger import ACTIONS
from hwsim.lower.lowering import Lowering
from hwsim.mapping import load_mapping
from hwsim.network import Network, Population, Projection
from tests.examples import conv, dense

MAPPING = Path(__file__).parent.parent / "mappings" / "efficientlif-accounting.yaml"
CHANNELS = (128, 128, 0, 256, 256, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)
"""Of VGG16's layers; 0 is a pool."""
MEMORIES = (1, 2, 3, 3, 5, 5, 5, 8, 8, 8, 11, 11, 11)
"""The layer with which each layer shares its states."""
STEPS = 5
BATCH = 64


def vgg16(side: int, classes: int, shared: bool) -> Network:
    populations, projections = [Population("in", (3, side, side), "input")], []
    layers = iter(enumerate(MEMORIES, 1))
    for place, channels in enumerate(CHANNELS):
        source = populations[-1]
        if channels == 0:
            shape = (source.channels, source.plane[0] // 2, source.plane[1] // 2)
            target = Population(f"pool{place}", shape, "relay")
            halved = {"kernel": (2, 2), "stride": (2, 2)}
            projections.append(Projection(f">{place}", source.name, target.name, "max_pool", **halved))
        else:
            layer, first = next(layers)
            group = f"from {first}" if shared and MEMORIES.count(first) > 1 else ""
            shape = (channels, *source.plane)
            target = Population(f"conv{layer}", shape, "lif", decay=0.25, state_group=group)
            weights = np.zeros((channels, source.channels, 3, 3), np.float32)
            projections.append(conv(source.name, target.name, weights, padding=(1, 1)))
        populations.append(target)
    last = populations[-1]
    whole = {"kernel": last.plane, "stride": last.plane, "divisor": float(last.plane[0] * last.plane[1])}
    populations += [Population("mean", (512, 1, 1), "relay"), Population("out", (classes,), "readout")]
    projections.append(Projection(">mean", last.name, "mean", "avg_pool", **whole))
    projections.append(dense("mean", "out", np.zeros((classes, 512), np.float32)))
    return Network("vgg16", tuple(populations), tuple(projections), "out", STEPS)


def silent(network: Network) -> EventTrace:
    events = {}
    for p in network.populations[:-1]:
        steps = 1 if p.name in network.constant else STEPS
        payload = None if network.is_binary(p.name) else np.zeros(0, np.float32)
        events[p.name] = Events(np.zeros(BATCH * steps + 1, np.int64), np.zeros(0, np.int32), payload, steps)
    return EventTrace(
        network.id, STEPS, events, np.zeros((BATCH, STEPS, network.populations[-1].size), np.float32)
    )


def moved(chip: str, side: int, classes: int, shared: bool) -> dict[str, int]:
    """Bytes of a mini-batch of 64 by operand and direction."""
    network = vgg16(side, classes, shared)
    lowering = Lowering(network, load_hardware(chip), load_mapping(MAPPING))
    counts = lowering.lower(silent(network), range(BATCH)).counts.sum(axis=0)
    return {
        action.removeprefix("dram_").removesuffix("_bytes"): int(count)
        for action, count in zip(ACTIONS, counts, strict=True)
        if action.startswith("dram_") and action.endswith("_bytes")
    }


def test_weights_are_loaded_once_and_states_stored_once_a_step_sample_and_memory() -> None:
    alone, shared = (moved("efficientlif-accounting", 32, 10, s) for s in (False, True))
    # 15.79 M weights, and 473,088 words of state or, shared, 354,304, of 4 bytes (EfficientLIF-Net, VGG16)
    assert alone["weight_read"] == shared["weight_read"] == 4 * 15_786_368
    assert alone["membrane_write"] == 4 * BATCH * STEPS * 473_088
    assert shared["membrane_write"] == 4 * BATCH * STEPS * 354_304
    # read as often, but for step 0 (M3, start): of a shared memory at its first layer only
    assert alone["membrane_read"] == 4 * BATCH * (STEPS - 1) * 473_088
    assert shared["membrane_read"] == 4 * BATCH * (STEPS - 1) * 354_304


@pytest.mark.parametrize(
    ("chip", "side", "classes", "paper"),
    [
        ("efficientlif-accounting", 32, 10, 0.23),
        pytest.param("efficientlif-accounting-tiny", 64, 200, 0.25, marks=pytest.mark.slow),
    ],
)
def test_sharing_across_layers_saves_the_dram_traffic_that_the_paper_reports(
    chip: str, side: int, classes: int, paper: float
) -> None:
    alone, shared = (sum(moved(chip, side, classes, s).values()) for s in (False, True))
    assert 1 - shared / alone == pytest.approx(paper, abs=0.01)
