"""Values that estimates, comparisons, sweeps and runs on cores tell alike: of a network, a run, a table."""

from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.cost import Cost, CostTable, grid_of
from hwsim.geometry import output_taps
from hwsim.hardware import Hardware
from hwsim.ledger import DRAM_BYTES, Ledger
from hwsim.network import Network


def lif_memory_bytes(network: Network, hardware: Hardware) -> int:
    """Bytes of the states of the whole network but the readout's, a shared word once, at the chip's width."""
    return -(-network.state_words * hardware.precision.state_bits // 8)


def weight_memory_bytes(network: Network, weight_bits: int) -> int:
    """Bytes of all weights of the network, zeros too, each of ``weight_bits``; biases are not among them."""
    return -(-sum(q.weights.size for q in network.projections if q.weights is not None) * weight_bits // 8)


def prices(table: CostTable, hardware: Hardware) -> dict[str, Any]:
    """What a report says of the table, and the SRAM that it takes for this chip."""
    grid = grid_of(table, hardware.buffers.cell_type)
    told = {"description", "node_nm", "voltage_v", "dram", "includes"}
    return table.model_dump(include=told) | {
        "sram": None if grid is None else {"node_nm": grid.node_nm, "cell_type": grid.cell_type},
        "area_from": table.area_name,
    }


def standing(cost: Cost) -> dict[str, Any]:
    """Power that flows whatever happens (mW), its energy over the run (pJ), and what has no number."""
    return {
        "power_mw": {name: mw for name, mw in cost.standing_mw.items() if mw is not None},
        "energy_pj": cost.standing(),
        "unpriced": list(cost.standing_unpriced()),
    }


def model_facts(network: Network) -> dict[str, Any]:
    """What a report says of the network itself."""
    return {
        "name": network.name,
        "id": network.id,
        "timesteps": network.timesteps,
        "coding": network.coding,
        "input_shape": list(network.input.shape),
        "parameters": network.parameters,
        "neurons": sum(p.size for p in network.populations if p.spikes),
        "arithmetic": "int32" if network.integer else "float32",
        "notes": network.notes,
    }


def accuracy(outputs: NDArray[Any], labels: NDArray[np.int64] | None) -> dict[str, Any] | None:
    """Samples whose largest output, (samples, timesteps, classes), is the label; None without labels."""
    if labels is None:
        return None
    right = outputs.argmax(2) == labels[:, None]
    return {
        "samples": len(right),
        "correct": int(right[:, -1].sum()),
        "accuracy": float(right[:, -1].mean()),
        "by_timestep": right.mean(axis=0).tolist(),
    }


def dense_macs(network: Network, name: str) -> int:
    """Multiply-accumulates of one pass with every input live: weights times the places where each is in
    bounds, of the projections that reach the population within a step."""
    total, end = 0, network.population[name].plane
    for p in network.into(name):
        if p.weights is None or p.delay:
            continue
        if p.kind == "dense":
            total += p.weights.size
            continue
        begin = network.population[p.source].plane
        axes = zip(begin, p.kernel, p.stride, p.padding, end, strict=True)
        rows, columns = (int((output_taps(*axis) >= 0).sum()) for axis in axes)
        total += p.weights.shape[0] * p.weights.shape[1] * rows * columns
    return total


def totals(ledger: Ledger, cost: Cost, hardware: Hardware) -> dict[str, Any]:
    """Headline figures of a run, sums over its samples."""
    return {
        "cycles": ledger.elapsed_cycles,
        "latency_ns": ledger.elapsed_cycles * 1e9 / hardware.clock_hz,
        "ac": ledger.total("ac"),
        "mac": ledger.total("mac"),
        "spikes": ledger.total("lif_spike"),
        "dram_bytes": ledger.total(*DRAM_BYTES),
        "energy_pj": cost.total_pj,
        "dram_standing_pj": cost.dram_standing_pj,
        "standing_pj": cost.standing_pj,
        "area_um2": sum(cost.area_um2.values()),
    }


def ratio(snn: float, ann: float) -> float | None:
    """One inference of the SNN over one of the ANN; None where the ANN's is 0, or nothing beside it."""
    ratio = snn / ann if ann else inf
    return ratio if isfinite(ratio) else None
