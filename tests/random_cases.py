"""Small random chips, networks, traces and mappings, drawn from a seed and a few sizes that shrink.

``cases()`` is the hypothesis strategy, ``draw_case`` the generator behind it; some cases are illegal
mappings on their chip, which ``is_legal`` tells.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.lowering import Lowering
from hwsim.mapping import FoldOrder, Mapping
from hwsim.memories import Buffer
from hwsim.network import Network, Population
from tests.random_chips import draw_hardware, draw_mapping
from tests.random_networks import chance, draw_network, pick
from tests.random_states import vary

SEEDS = st.integers(0, 2**32 - 1)
DENSITIES = (0.0, 0.05, 0.2, 0.5, 0.9, 1.0)


@dataclass(frozen=True, eq=False)
class Case:
    """Everything that simulating one mini-batch of ``samples`` takes; printed by its seed and sizes."""

    seed: int
    network: Network
    trace: EventTrace
    samples: range
    hardware: Hardware
    mapping: Mapping

    def __repr__(self) -> str:
        shapes = [f"{p.name}:{p.kind}{p.shape}{_shared(p)}" for p in self.network.populations]
        arrows = [f"{p.source}-{p.kind}{_late(p.delay)}->{p.target}" for p in self.network.projections]
        return (
            f"Case(seed={self.seed}, {shapes}, {arrows}, {self.samples}, {self.hardware!r}, {self.mapping!r})"
        )


def _shared(p: Population) -> str:
    channels = f"C#{p.channel_groups}" if p.channel_groups > 1 else ""
    return f"[{p.state_group}]{channels}" if p.state_group else channels


def _late(delay: int) -> str:
    return f"@{delay}" if delay else ""


def cases(
    max_layers: int = 4,
    max_timesteps: int = 4,
    *,
    max_rows: int = 5,
    max_columns: int = 5,
    seeds: st.SearchStrategy[int] = SEEDS,
) -> st.SearchStrategy[Case]:
    """Random cases whose sizes shrink; filter the legal ones with ``.filter(is_legal)``."""
    return st.builds(
        draw_case,
        seeds,
        layers=st.integers(1, max_layers),
        timesteps=st.integers(1, max_timesteps),
        rows=st.integers(1, max_rows),
        columns=st.integers(1, max_columns),
    )


def is_legal(case: Case) -> bool:
    """Whether the chip can hold what the mapping asks of it.

    Some mappings are illegal for a trace only: lists of spikes do not fit the output buffer (B6).
    """
    try:
        Lowering(case.network, case.hardware, case.mapping).lower(case.trace, case.samples)
    except HwsimError:
        return False
    return True


def settled(mapping: Mapping) -> Mapping:
    """The mapping with m_outer for every order that is left open; tiles left out are whole (W3)."""
    order: FoldOrder = "m_outer" if mapping.fold_order == "auto" else mapping.fold_order
    return mapping.model_copy(update={"fold_order": order})


def draw_case(
    seed: int,
    *,
    layers: int | None = None,
    timesteps: int | None = None,
    rows: int | None = None,
    columns: int | None = None,
) -> Case:
    """A case that depends on nothing but the arguments; sizes left out are drawn."""
    rng = np.random.default_rng(seed)
    drawn = (int(rng.integers(1, 5)) for _ in range(4))
    given = (layers, timesteps, rows, columns)
    layers, timesteps, rows, columns = (g or d for g, d in zip(given, drawn, strict=True))
    network = vary(rng, draw_network(rng, layers, timesteps, chains=True))
    trace = draw_trace(rng, network)
    hardware = draw_hardware(rng, network, rows, columns)
    mapping = draw_mapping(rng, network, hardware)
    samples = draw_samples(rng, trace.samples, mapping.batch)
    case = Case(seed, network, trace, samples, hardware, mapping)
    return snug(rng, case) if chance(rng, 0.85) else case


def draw_samples(rng: Generator, samples: int, batch: int) -> range:
    """One of the mini-batches, the last of which may be short."""
    first = int(rng.integers(-(-samples // batch))) * batch
    return range(first, min(samples, first + batch))


def snug(rng: Generator, case: Case) -> Case:
    """The case with buffers just large enough for its mapping, if they were too small."""
    for _ in range(60):
        if is_legal(case):
            break
        buffers = case.hardware.buffers
        part: Literal["weight", "input", "output"] = pick(rng, ("weight", "input", "output"))
        buffer: Buffer = getattr(buffers, part)
        larger = buffer.model_copy(update={"capacity_bytes": buffer.capacity_bytes * 3 // 2 + 1})
        buffers = buffers.model_copy(update={part: larger})
        case = replace(case, hardware=case.hardware.model_copy(update={"buffers": buffers}))
    return case


def draw_trace(rng: Generator, network: Network) -> EventTrace:
    """Events at random, of any density; they need not follow from the weights."""
    samples = int(rng.integers(1, 5))
    events = {}
    for population in network.populations:
        if population.kind == "readout":
            continue
        steps = 1 if population.name in network.constant else network.timesteps
        shape = (samples, steps, population.size)
        live = rng.random(shape) < pick(rng, DENSITIES)
        values = rng.integers(1, 6, shape) * rng.choice((-1, 1), shape)
        if network.is_binary(population.name):
            dense = live.astype(np.float32)
        elif network.integer:
            dense = (live * values).astype(np.int32)
        else:
            dense = (live * values / 4).astype(np.float32)
        events[population.name] = Events.from_dense(dense, network.is_binary(population.name))
    outputs = np.zeros((samples, network.timesteps, network.population[network.readout].size), np.float32)
    trace = EventTrace(network.id, network.timesteps, events, outputs)
    trace.verify(network)
    return trace
