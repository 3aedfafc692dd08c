"""Small random chips and mappings: every dataflow, stream, buffer and DRAM, sized to a network."""

from typing import Any, get_args

from numpy.random import Generator

from hwsim.hardware import Hardware
from hwsim.lower.layout import stepwise_layers
from hwsim.mapping import FoldOrder, LayerMapping, Mapping
from hwsim.network import Network
from tests.random_networks import chance, pick

CLOCKS = (100_000_000, 333_000_000, 500_000_000, 1_200_000_000, 1_700_000_000)
"""Clocks of tiles beside DRAM tables: slower, equal, faster, and in no whole ratio."""


def draw_hardware(rng: Generator, network: Network, rows: int, columns: int) -> Hardware:
    """A chip whose buffers are sized to the network: from ample to too small for it."""
    precision = {
        "weight_bits": int(rng.integers(1, 10)),
        "partial_sum_bits": int(rng.integers(2, 21)),
        "state_bits": int(rng.integers(1, 21)),
        "activation_bits": int(rng.integers(1, 9)),
    }
    clock, dram = draw_dram(rng)
    return Hardware.model_validate(
        {
            "name": "random",
            "description": "",
            "clock_hz": clock,
            "node_nm": 28,
            "pe_array": draw_array(rng, rows, columns),
            "lif": {
                "units": int(rng.integers(1, 31)),
                "vector_lanes": int(rng.integers(1, 7)),
                "placement": pick(rng, ("array", "edge")),
            },
            "precision": precision,
            "buffers": draw_buffers(rng, network, rows * columns, precision),
            "dram": dram,
            "sources": {},
        }
    )


def draw_array(rng: Generator, rows: int, columns: int) -> dict[str, Any]:
    """A PE array of any dataflow; what depends on another choice is drawn where it is allowed."""
    dataflow = pick(rng, ("os", "os", "os", "ws", "is"))
    holds = (None, None)
    if dataflow == "os" and chance(rng, 0.5):
        first, second = rng.choice(("M", "N", "T"), 2, replace=False)
        holds = (str(first), str(second))
    skip = pick(rng, ("dense", "gate") if dataflow == "is" else ("dense", "gate", "event", "event", "event"))
    fill = pick(rng, ("systolic", "broadcast"))
    usual = dataflow == "os" and holds in ((None, None), ("M", "N"))
    own = usual and fill == "broadcast" and chance(rng, 0.6)
    merges = dataflow == "os" and "T" not in holds and skip == "event" and chance(rng, 0.4)
    return {
        "rows": rows,
        "columns": columns,
        "skip": skip,
        "partial_sum_banks": int(rng.integers(1, 4)),
        "dataflow": dataflow,
        "rows_hold": holds[0],
        "columns_hold": holds[1],
        "fill": fill,
        "streams": "own" if own else "shared",
        "window": pick(rng, (1, 1, 2, 3, 4, "all")),
        "time_lanes": pick(rng, ("parallel", "serial")),
        "overlap": chance(rng, 0.4),
        "weight_sparsity": own and skip == "event" and chance(rng, 0.5),
        "decode": draw_decode(rng) if merges else None,
    }


def draw_decode(rng: Generator) -> dict[str, Any]:
    return {
        "events_per_cycle": int(rng.integers(1, 5)),
        "merge_lanes": int(rng.integers(2, 5)),
        "max_inputs": pick(rng, (None, 9, 12, 20, 40)),
    }


def draw_buffers(rng: Generator, network: Network, whole: int, precision: dict[str, int]) -> dict[str, Any]:
    """Buffers for folds of ``whole`` outputs; those for states and partial sums are there at times."""
    weights = sum(p.weights.size for p in network.projections if p.weights is not None)
    inputs = max(p.size for p in network.populations) * precision["activation_bits"]
    states = sum(p.size * precision["state_bits"] for p in network.populations if p.has_state)
    sums = 4 * whole * precision["partial_sum_bits"]
    fold = whole * sum(precision[f"{p}_bits"] for p in ("state", "partial_sum", "activation"))
    return {
        "weight": draw_buffer(rng, fraction(rng, 1 + weights * precision["weight_bits"] // 8, 2.5))
        | {"banks": int(rng.integers(1, 5)), "ports": int(rng.integers(1, 3))}
        | {"double_buffered": chance(rng, 0.6)},
        "input": draw_buffer(rng, fraction(rng, 1 + inputs // 8, 4.0))
        | {"double_buffered": chance(rng, 0.6)},
        "output": draw_buffer(rng, -(-fold // 8) * int(rng.integers(1, 4)) + int(rng.integers(3))),
        "membrane": draw_buffer(rng, fraction(rng, states // 8, 3.0)) if chance(rng, 0.6) else None,
        "partial_sum": draw_buffer(rng, fraction(rng, sums // 8, 3.0)) if chance(rng, 0.5) else None,
        "spikes": pick(rng, ("bitmap", "list")),
    }


def draw_buffer(rng: Generator, capacity: int) -> dict[str, Any]:
    return {
        "capacity_bytes": capacity,
        "word_bits": int(pick(rng, (1, 7, 8, 16, 32, 64))),
    }


def fraction(rng: Generator, size: int, most: float) -> int:
    """From nearly nothing up to ``most`` times the size, small sizes as likely as large ones."""
    return max(1, int(size * most * 2.0 ** rng.uniform(-7, 0)))


def draw_dram(rng: Generator) -> tuple[int, dict[str, Any]]:
    """A tile's clock and its DRAM: plain numbers, a flat table, a banked one by commands or bandwidth."""
    table = pick(rng, (None, None, None, "ideal", "hbm2", "ddr4_2400", "ddr4_2400", "lpddr4_2400"))
    if table:
        timings = ("commands", "bandwidth") if table in ("ddr4_2400", "lpddr4_2400") else ("bandwidth",)
        return pick(rng, CLOCKS), {"table": table, "timing": pick(rng, (None, *timings))}
    clock = int(rng.integers(1, 1000))
    bandwidth = max(1, int(clock * 2.0 ** rng.uniform(-3, 6)))
    return clock, {"bandwidth_bytes_per_s": bandwidth, "burst_bytes": pick(rng, (1, 8, 64))}


def draw_mapping(rng: Generator, network: Network, hardware: Hardware) -> Mapping:
    """Schedules, orders, batches, and tiles of layers that have them."""
    orders = get_args(FoldOrder)
    batch, batch_on = int(rng.integers(1, 4)), pick(rng, ("outer", "M"))
    alone = stepwise_layers(network, hardware, Mapping())
    layers = {
        p.name: LayerMapping(
            fold_order=_own_order(network, p.name, pick(rng, orders)),
            **draw_tile(
                rng, network, hardware, p.name, 1 if batch_on == "outer" or p.name in alone else batch
            ),
        )
        for p in network.populations[1:]
        if chance(rng, 0.5)
    }
    return Mapping(
        schedule=pick(rng, ("layer_major", "step_major")),
        fold_order=pick(rng, orders),
        direct_coding=pick(rng, ("once", "each_step")),
        batch=batch,
        batch_on=batch_on,
        sample_loop=pick(rng, ("inner", "outer")),
        objective=pick(rng, ("dram_bytes", "cycles")),
        layers=layers,
    )


def _own_order(network: Network, name: str, order: FoldOrder) -> FoldOrder:
    """Only layers with weights have one."""
    return order if any(p.has_weights for p in network.into(name)) else "auto"


def draw_tile(
    rng: Generator, network: Network, hardware: Hardware, name: str, samples: int
) -> dict[str, int]:
    """The tile of the chip's dataflow, from 1 to the whole layer; ``samples``: that lie on one position."""
    population = network.population[name]
    weighted = [p for p in network.into(name) if p.has_weights]
    if not weighted or chance(rng, 0.4):
        return {}
    height, width = population.plane
    sources = [network.population[p.source] for p in weighted]
    channels = (
        s.size if p.kind == "dense" else s.channels // p.groups
        for p, s in zip(weighted, sources, strict=True)
    )
    most = {
        "os": ("k_tile", max(channels)),
        "ws": ("m_tile", height * width if height * width > 1 else samples),
        "is": ("n_tile", population.channels // max(p.groups for p in weighted)),
    }
    field, whole = most[hardware.pe_array.dataflow]
    return {field: int(rng.integers(1, whole + 1))}
