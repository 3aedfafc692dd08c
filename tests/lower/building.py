"""Networks of a few neurons, and what their schedules come to."""

from itertools import pairwise
from typing import Any

import numpy as np

from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.lowering import Lowering
from hwsim.lower.plans import Plan
from hwsim.mapping import Mapping
from hwsim.network import Coding, Network, Population, Projection
from hwsim.program import LOADED, STORED, Program
from tests.examples import conv, dense


def checked(network: Network) -> Network:
    network.verify()
    return network


def pointwise(
    inputs: int, outputs: int, positions: int, timesteps: int = 1, coding: Coding = "spikes", **neuron: Any
) -> Network:
    """K = ``inputs``, N = ``outputs``, M = ``positions`` in one row: a 1x1 convolution of ones."""
    populations = (
        Population("in", (inputs, 1, positions), "input"),
        Population("a", (outputs, 1, positions), "lif", **neuron),
    )
    weights = np.ones((outputs, inputs, 1, 1), np.float32)
    return checked(Network("pointwise", populations, (conv("in", "a", weights),), "a", timesteps, coding))


def chain(
    *sizes: int, timesteps: int = 1, coding: Coding = "spikes", loop: str = "", **neuron: Any
) -> Network:
    """Dense layers l1, l2, ... of ones after an input; ``loop`` a>b: another one, of delay 1."""
    names = ["in", *(f"l{i}" for i in range(1, len(sizes)))]
    populations = [Population("in", sizes[:1], "input")]
    populations += [Population(n, (s,), "lif", **neuron) for n, s in zip(names[1:], sizes[1:], strict=True)]
    size = dict(zip(names, sizes, strict=True))
    ends = list(pairwise(names))
    projections = [dense(a, b, np.ones((size[b], size[a]), np.float32)) for a, b in ends]
    if loop:
        a, b = loop.split(">")
        weights = np.ones((size[b], size[a]), np.float32)
        projections.append(Projection("back", a, b, "dense", weights, delay=1))
    return checked(Network("chain", tuple(populations), tuple(projections), names[-1], timesteps, coding))


def all_live(network: Network, samples: int = 1) -> EventTrace:
    return EventTrace.join([EventTrace.all_live(network)] * samples)


def lowered(network: Network, hardware: Hardware, mapping: Mapping | None = None) -> Program:
    """The verified program of one mini-batch in which every neuron fires."""
    mapping = mapping or Mapping()
    program = Lowering(network, hardware, mapping).lower(
        all_live(network, mapping.batch), range(mapping.batch)
    )
    program.verify()
    return program


def plans(network: Network, hardware: Hardware, mapping: Mapping | None = None) -> dict[str, Plan]:
    """What was planned for every layer, without events."""
    mapping = mapping or Mapping()
    scheduled = Lowering(network, hardware, mapping).scheduled(mapping.batch)
    return {plan.layer.name: plan for plan in scheduled.plans}


def columns(
    network: Network, hardware: Hardware, mapping: Mapping | None, *names: str
) -> list[tuple[int, ...]]:
    """Columns of the jobs that no event changes, in job order."""
    mapping = mapping or Mapping()
    fixed = Lowering(network, hardware, mapping).scheduled(mapping.batch).fixed
    return list(zip(*(fixed[name].tolist() for name in names), strict=True))


def moved(
    network: Network, hardware: Hardware, what: str, mapping: Mapping | None = None, layer: int = 0
) -> list[int]:
    """Bytes of "load OPERAND" or "store OPERAND" of the jobs of one layer, in order."""
    mapping = mapping or Mapping()
    fixed = Lowering(network, hardware, mapping).scheduled(mapping.batch).fixed
    direction, operand = what.split()
    operands = LOADED if direction == "load" else STORED
    found: list[int] = fixed[f"{direction}_bytes"][fixed["layer"] == layer, operands.index(operand)].tolist()
    return found
