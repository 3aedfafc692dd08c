"""The executor run beside PyTorch's functional operations, and networks to run."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from tests import by_torch

SEEDS = st.integers(0, 2**32 - 1)


SIZES = {"seed": SEEDS, "layers": st.integers(1, 4), "timesteps": st.integers(1, 4)}


random_settings = settings(max_examples=200, deadline=None, derandomize=True)


def differences(ours: EventTrace, theirs: EventTrace) -> list[str]:
    """Populations whose events differ in anything, and ``outputs`` if these do."""
    odd = []
    for name, a in ours.events.items():
        b = theirs.events[name]
        same = (
            a.steps == b.steps and np.array_equal(a.offsets, b.offsets) and np.array_equal(a.index, b.index)
        )
        same = same and (a.payload is None) == (b.payload is None)
        if not same or (a.payload is not None and not np.array_equal(a.payload, b.payload)):  # type: ignore[arg-type]
            odd.append(name)
    return odd if np.array_equal(ours.outputs, theirs.outputs) else [*odd, "outputs"]


def run(network: Network, inputs: NDArray[Any]) -> EventTrace:
    trace = execute(network, encode(network, inputs))
    trace.verify(network)
    return trace


def equal_to_torch(network: Network, inputs: NDArray[Any]) -> bool:
    """Whether every event, value and output is PyTorch's; and that there is something to compare."""
    expected = by_torch.run(network, inputs)
    assert any(len(e.index) for e in expected.events.values())
    return not differences(run(network, inputs), expected)


def chain(shape: tuple[int, ...], *stages: tuple[Population, Projection], **fields: Any) -> Network:
    """An input and one projection into each further population; the last one is the readout."""
    populations = (Population("in", shape, "input"), *(p for p, _ in stages))
    projections = tuple(q for _, q in stages)
    values = {"timesteps": 4, "coding": "spikes"} | fields
    network = Network("chain", populations, projections, populations[-1].name, **values)
    network.verify()
    return network


def whole(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """Whole numbers from -2 to 3 as float32, so that sums are exact in any order."""
    return rng.integers(-2, 4, shape).astype(np.float32)


def gaussian(network: Network, rng: np.random.Generator) -> Network:
    """The network with random float32 weights, so that the order of additions matters."""
    projections = []
    for p in network.projections:
        weights = None if p.weights is None else rng.normal(0, 0.5, p.weights.shape).astype(np.float32)
        projections.append(replace(p, weights=weights))
    return replace(network, projections=tuple(projections))
