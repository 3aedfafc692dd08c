"""What chip.json tells of the energy of a run, by a row of prices or by an energy table (docs/result.md)."""

from collections.abc import Iterable
from typing import Any

from hwsim.caveats import caveats
from hwsim.chip.config import Chip
from hwsim.chip.cost import ChipCost
from hwsim.chip.prices import ChipPrices
from hwsim.chip.run import ChipRun
from hwsim.chip.tile_cost import HOPS, TileCost, TileCounts
from hwsim.cost import CostTable
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, CAUSES, DRAM_BYTES
from hwsim.manycore.silicon import silicon_of
from hwsim.network import Network
from hwsim.result_values import ratio


def energy_of_cores(run: ChipRun, cost: ChipCost, chip: Chip, network: Network) -> dict[str, Any]:
    """Sums over samples by one row, of each component and of each of them in each tick (pJ)."""
    prices = cost.prices.model_dump(exclude={"rows"})
    return {
        "prices": prices["name"],
        **{name: prices[name] for name in ("description", "node_nm", "voltage_v", "chip", "static")},
        **_sums(run, cost.total_pj, cost.by_component()),
        "by_tick_pj": {name: spent.sum(axis=0).tolist() for name, spent in cost.energy_pj.items()},
        "counts": cost.counts,
        "unit_energy_pj": cost.prices.unit_pj,
        "sources": {row.item: f"{row.status}: {row.source}" for row in cost.prices.rows},
        "unpriced": list(cost.unpriced),
        "standing": None,
        "caveats": _caveats_of_cores(cost, chip, network),
    }


def energy_of_tiles(run: ChipRun, cost: TileCost, chip: Hardware) -> dict[str, Any]:
    """Sums over samples by component, ``hops`` among them (pJ); what each action costs (F6)."""
    hops, table = run.grid.hop_energy, cost.table
    counted = TileCounts.of(run)
    actions = [action for actions in cost.tiles.components.values() for action in actions]
    done = {action: n for action in actions if (n := counted.ledger.total(action))}
    unit = {action: cost.tiles.unit_pj.get(action) for action in done}
    return {
        "prices": table.name,
        **{name: getattr(table, name) for name in ("description", "node_nm", "voltage_v")},
        "chip": None,
        "static": None,
        **_sums(run, cost.total_pj, cost.by_component()),
        "counts": done | counted.hops,
        "unit_energy_pj": unit
        | {name: getattr(hops, field) if table.includes is None else 0.0 for name, field in HOPS.items()},
        "sources": _sources(table) | {n: f"{hops.name}: {hops.sources.get(f, '')}" for n, f in HOPS.items()},
        "unpriced": list(dict.fromkeys((*cost.unpriced, *cost.cold.unpriced))),
        "standing": _standing(run, cost),
        "caveats": caveats(
            table, chip.with_dram("bandwidth"), all_on_one=False, multiplied=run.leaks_multiplied
        ),
    }


def cold_start(run: ChipRun, cost: TileCost) -> dict[str, Any]:
    """How the weights come, once, before the first tick (F5)."""
    assert run.cold is not None
    return {
        "cycles": run.cold.cycles,
        "latency_ns": run.cold.cycles * 1e9 / run.chip.clock_hz,
        "channel_bytes": list(run.cold.channel_bytes),
        "counts": {action: n for action in ACTIONS if (n := run.cold.ledger.total(action))},
        "energy_pj": cost.cold.total_pj,
    }


def static_power(run: ChipRun, prices: Iterable[ChipPrices]) -> dict[str, Any] | None:
    """What is published of the power that a chip of event-driven cores takes whatever it does, and what that
    is in the time of all samples (mW = pJ / ns); it is in no row's sum (E10). None where nothing is
    published, or each of the rows has static power of its own, be it 0."""
    assert isinstance(run.chip, Chip)
    row = silicon_of(run.chip)
    if row is None or row.static is None or all(own.static for own in prices):
        return None
    return row.static.model_dump() | {"energy_pj": row.static.power_mw * run.seconds() * 1e9}


def counterpart(run: ChipRun, cost: ChipCost | TileCost, ann: ChipRun, ann_cost: TileCost) -> dict[str, Any]:
    """One inference of the ANN (F7), and the SNN's mean over it; its weights come as the SNN's do (F5)."""
    found = ann.totals()
    spent, taken = cost.total_pj / run.samples, int(run.cycles.sum()) / run.samples
    return {
        "ticks": ann.ticks,
        "cycles": found["cycles"],
        "latency_ns": ann.seconds() * 1e9,
        **{name: ann.ledger.total(name) for name in ("ac", "mac")},
        **{name: found[name] for name in ("sent", "local")},
        "hops": found["links_x"] + found["links_y"],
        "energy_pj": ann_cost.total_pj,
        "energy_pj_by_component": ann_cost.by_component(),
        "unpriced": list(ann_cost.unpriced),
        "energy_ratio": ratio(spent, ann_cost.total_pj),
        "latency_ratio": ratio(taken, found["cycles"]),
    }


def layers(run: ChipRun, cost: TileCost) -> list[dict[str, Any]]:
    """What all tiles together do for each layer, and what it costs, without hops (F4); ``cold_bytes``: of
    its weights, which the DRAM brings once (F5)."""
    assert run.cold is not None
    ledger, spent = run.ledger, cost.tiles.by_layer()
    cycles, brought = ledger.layer_cycles(), run.cold.ledger.per_layer(*DRAM_BYTES)
    return [
        {
            "name": name,
            "cycles": int(cycles[i]),
            "cold_bytes": int(brought[i]),
            "counts": {a: int(n) for a, n in zip(ACTIONS, ledger.counts[i], strict=True) if n},
            "causes": {
                unit: {c: int(ledger.cycles[i, k]) for k, (u, c) in enumerate(CAUSE_COLUMNS) if u == unit}
                for unit in CAUSES
            },
            "energy_pj": spent[name],
        }
        for i, name in enumerate(ledger.layers)
    ]


def _sums(run: ChipRun, total: float, by_component: dict[str, float]) -> dict[str, Any]:
    ticks = run.samples * run.ticks
    return {
        "total_pj": total,
        "per_tick_pj": total / ticks if ticks else 0.0,
        "energy_pj": by_component,
    }


def _standing(run: ChipRun, cost: TileCost) -> dict[str, Any]:
    """What all tiles and routers draw whatever they do: mW, pJ over all samples, and what has no number."""
    latency_ns = int(run.cycles.sum()) * 1e9 / run.chip.clock_hz
    power = {name: mw for name, mw in cost.standing_mw.items() if mw is not None}
    return {
        "power_mw": power,
        "energy_pj": {name: mw * latency_ns for name, mw in power.items()},
        "unpriced": [name for name, mw in cost.standing_mw.items() if mw is None],
    }


def _sources(table: CostTable) -> dict[str, str]:
    """Of each row, by its item and, where it has one, its width."""
    return {
        row.item if row.bits is None else f"{row.item} of {row.bits} bits": f"{row.status}: {row.source}"
        for row in table.rows
    }


def _caveats_of_cores(cost: ChipCost, chip: Chip, network: Network) -> list[str]:
    prices, found = cost.prices, []
    if network.quantized:
        found.append(
            f"prices {prices.name} have no widths: an action costs the same whatever the bits; weights of "
            f"{chip.weight_bits} bits count in the memory of the cores (G4), states in nothing"
        )
    if prices.chip != chip.name:
        found.append(f"prices {prices.name} are those of the chip {prices.chip}")
    if prices.node_nm != chip.node_nm:
        found.append(f"prices {prices.name} are for {prices.node_nm} nm, the chip is of {chip.node_nm} nm")
    return found
