"""SNASNet's cells, with connections back in time, pools and wires: executed as PyTorch runs them."""

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.frontends.capture import Captured
from hwsim.methods.training_free.cells import OPERATIONS, cell_of, random_cells, text_of
from hwsim.nn import LIF, reset_states
from models.snasnet import snasnet
from tests.frontends.capturing import held

STEPS, SIZE = 4, 8
QUICK = 6
"""Random cells that make check runs; make test runs all of them."""
RANDOM = [pytest.param(i, marks=[] if i < QUICK else pytest.mark.slow) for i in range(30)]
FORWARD = "0303,0030,0003,0000"
"""0-1, 0-3, 1-2 and 2-3 by convolutions; 0-2 and 1-3 are free."""


def executed(matrix: str) -> Captured:
    """The whole network, both cells, with normalizations that have seen images and are no identity, and low
    thresholds; every population, spiking or graded, is held against PyTorch's at each step."""
    torch.manual_seed(0)
    model = snasnet(matrix.split(","), 3, 3, inner=12, votes=2, resolution=SIZE, channels_in=1)
    for module in model.modules():
        if isinstance(module, LIF):
            module.threshold = 0.3
        elif isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0.3, 0.3)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 6.0 * module.in_features**-0.5)
    images = np.random.default_rng(0).normal(0.5, 1.0, (4, 1, SIZE, SIZE)).astype(np.float32)
    with torch.no_grad():
        for _ in range(STEPS):
            model(torch.from_numpy(images))
    reset_states(model)
    return held(model.eval(), images[:2], STEPS)


def silent(found: Captured) -> list[str]:
    """Layers of neurons without a spike."""
    spiking = [p.name for p in found.network.populations if p.spikes]
    return [name for name in spiking if not len(found.reference.events[name].index)]


@pytest.mark.parametrize("number", RANDOM)
def test_random_cells_are_executed_as_pytorch_runs_them(number: int) -> None:
    (cell,) = random_cells(3, number + 1, "both", first=number)
    found = executed(text_of(cell))
    assert not silent(found)
    assert any(p.delay for p in found.network.projections) == bool(np.tril(cell).any())


@pytest.mark.parametrize("operation", range(1, OPERATIONS))
@pytest.mark.parametrize(("source", "target"), [(2, 0), (3, 1)])
def test_every_operation_back_in_time_is_executed_as_pytorch_runs_it(
    operation: int, source: int, target: int
) -> None:
    cell = cell_of(FORWARD)
    cell[source, target] = operation
    found = executed(text_of(cell))
    assert not silent(found)
    assert any(p.delay == 1 for p in found.network.projections)
