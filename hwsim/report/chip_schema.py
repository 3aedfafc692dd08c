"""What chip.json must hold for its report, schema version 1 (docs/result.md)."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from hwsim.cost import WHOLE
from hwsim.report.area_schema import Areas
from hwsim.report.chip_figures import CAUSES, OF_TILES
from hwsim.report.chip_figures import COMPONENTS as OF_CORES
from hwsim.report.result_schema import Bounds, Buffers, Precision, Sensitivity, Standing, check_sum
from hwsim.report.schema import Accuracy, Agreement, Amount, Count, Model, Part, Provenance, Share, Text, of

LAYERS = {component: told for component, told in OF_TILES.items() if component != "hops"}
"""What the energy of a layer on tiles is made of."""

HOPS = ("source_router", "hop_x", "hop_y")
"""Counts of a run on tiles that are of no layer."""


class Tick(Part):
    """Counts of a tick; ``*_cycles`` for every cause of its time."""

    tick: Count
    time_ns: Amount
    fired: Count
    sent: Count
    local: Count
    work_cycles: Count
    imbalance_cycles: Count
    barrier_cycles: Count
    real_time_cycles: Count


class Core(Part):
    core: Count
    x: Count
    y: Count
    populations: list[Text]
    neurons: Count
    updates: Count
    fired: Count
    synapses_dense: Count
    synapses_conv: Count
    synapses_other: Count
    sent: Count
    received: Count
    receive_busy_cycles: Count


class Links(Part):
    """Packets over the links of each router, in four directions."""

    model_config = ConfigDict(populate_by_name=True)

    right: Annotated[list[Count], Field(alias="+x")]
    left: Annotated[list[Count], Field(alias="-x")]
    down: Annotated[list[Count], Field(alias="+y")]
    up: Annotated[list[Count], Field(alias="-y")]


class Network(Part):
    width: Annotated[int, Field(ge=1, le=1024)]
    height: Annotated[int, Field(ge=1, le=1024)]
    cycle_ns: Amount
    links: Links
    injected: list[Count]
    latency: Annotated[list[Count], Field(max_length=10**7)]

    @model_validator(mode="after")
    def _routers(self) -> "Network":
        routers, links = self.width * self.height, self.links
        for counts in (links.right, links.left, links.down, links.up, self.injected):
            if len(counts) != routers:
                raise ValueError(f"links and injected: found {len(counts)} routers; allowed: {routers}")
        return self


class Energy(Part):
    prices: Text
    description: Text
    node_nm: Amount
    voltage_v: Amount | None
    total_pj: Amount
    per_tick_pj: Amount
    energy_pj: dict[str, Amount]
    by_tick_pj: dict[str, list[Amount]] | None = None
    counts: dict[str, Count]
    unit_energy_pj: dict[str, Amount | None]
    sources: dict[str, Any]
    unpriced: list[Text]
    caveats: list[Text]
    standing: Standing | None = None


class ColdStart(Part):
    """``counts``: results of before have none, and then no ``bounds`` either."""

    latency_ns: Amount
    channel_bytes: list[Count]
    energy_pj: Amount
    counts: dict[str, Count] | None = None


class TileLayer(Part):
    """What all tiles do for a layer; results of before have no ``cycles`` and no ``cold_bytes``."""

    name: Text
    counts: dict[str, Count]
    energy_pj: dict[str, Amount]
    cycles: Count | None = None
    cold_bytes: Count | None = None
    causes: dict[Text, dict[Text, Count]] | None = None


class ChipName(Part):
    name: Text
    description: Text
    cores: Count
    barrier: Text
    weight_bits: Count
    buffers: Buffers | None = None
    precision: Precision | None = None
    sources: dict[str, Text]


class Placement(Part):
    algorithm: Text
    cores_used: Count


class ChipTotals(Part):
    """Results of before have no ``spikes``."""

    cycles: Count
    latency_ns: Amount
    updates: Count
    sent: Count
    local: Count
    synapses: Count
    hops: Count
    spikes: Count | None = None


class PerTick(Part):
    time_ns: Amount
    barrier_share: Share
    fired: Amount
    synapses: Amount
    sent: Amount
    local: Amount
    hops: Amount


class ChipArea(Part):
    um2: dict[str, Amount | None]
    total_um2: Amount | None


class StaticPower(Part):
    power_mw: Amount
    energy_pj: Amount


class ChipAnn(Part):
    energy_pj: Amount
    energy_ratio: Amount | None


class ChipJson(Part):
    """chip.json."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    model: Model
    chip: ChipName
    samples: Annotated[int, Field(ge=1, le=10**9)]
    ticks: Annotated[int, Field(ge=1, le=10**6)]
    depth: dict[str, Count]
    placement: Placement
    totals: ChipTotals
    per_tick: PerTick
    time: dict[str, Count]
    units: dict[str, Amount]
    by_tick: list[Tick]
    cores: list[Core]
    network: Network
    energy: Annotated[list[Energy], Field(min_length=1)]
    cold_start: ColdStart | None
    area: ChipArea | None = None
    tile_area: Areas | None = None
    static_power: StaticPower | None = None
    ann: ChipAnn | None = None
    ann_missing: Text | None = None
    layers: Annotated[list[TileLayer], Field(default_factory=list)]
    bounds: Bounds | None = None
    sensitivity: Sensitivity | None = None
    accuracy: Accuracy | None
    agreement: Agreement | None
    provenance: Provenance

    @model_validator(mode="after")
    def _whole(self) -> "ChipJson":
        if [tick.tick for tick in self.by_tick] != list(range(self.ticks)):
            raise ValueError(
                f"by_tick: found {len(self.by_tick)} ticks; allowed: 0 to {self.ticks - 1} in order"
            )
        if missing := [cause for cause in CAUSES if cause not in self.time]:
            raise ValueError(f"time: {missing[0]} is missing")
        known = OF_TILES if self.cold_start else OF_CORES
        for row in self.energy:
            if not set(known) - {WHOLE} <= set(row.energy_pj) <= set(known):
                raise ValueError(
                    f"energy of {row.prices!r}: found {', '.join(row.energy_pj)}; allowed: {', '.join(known)}"
                )
            for name, ticks in (row.by_tick_pj or {}).items():
                if len(ticks) != self.ticks:
                    raise ValueError(f"by_tick_pj of {name}: found {len(ticks)} ticks; allowed: {self.ticks}")
            if row.by_tick_pj is not None and set(row.by_tick_pj) != set(known):
                raise ValueError(f"by_tick_pj of {row.prices!r}: allowed: {', '.join(known)}")
            check_sum(
                f"energy of {row.prices!r}: energy_pj: components",
                row.energy_pj.values(), "total_pj", row.total_pj,
            )  # fmt: skip
        self._check_layers()
        for core in self.cores:
            if core.x >= self.network.width or core.y >= self.network.height:
                raise ValueError(
                    f"core {core.core}: at ({core.x}, {core.y}); allowed: within {self.network.width} x "
                    f"{self.network.height}"
                )
        return self

    def _check_layers(self) -> None:
        """Of tiles: layers add up to the whole, hops aside (F4, F6), and tell what the page shows of them."""
        if self.cold_start is None:
            if self.layers or self.bounds:
                raise ValueError("layers, bounds: of tiles, which have a cold_start")
            return
        if self.bounds and (self.chip.buffers is None or self.chip.precision is None):
            raise ValueError("chip: buffers and precision are missing; bounds are of a tile that has them")
        if self.bounds and self.cold_start.counts is None:
            raise ValueError("cold_start.counts is missing beside bounds")
        for layer in self.layers:
            if self.bounds and (layer.cycles is None or layer.cold_bytes is None):
                raise ValueError(f"layer {layer.name!r}: cycles and cold_bytes are missing beside bounds")
            of(layer.energy_pj, LAYERS)
        for row in self.energy:
            for action, told in row.counts.items():
                found = sum(layer.counts.get(action, 0) for layer in self.layers)
                if action not in HOPS and found != told:
                    raise ValueError(f"counts.{action}: layers add up to {found}, the whole is {told}")
            for component in LAYERS:
                parts = (layer.energy_pj.get(component, 0.0) for layer in self.layers)
                spent = row.energy_pj.get(component, 0.0)
                check_sum(f"energy_pj.{component}: layers", parts, "the whole", spent)
