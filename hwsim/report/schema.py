"""What a saved result must hold for its report: result.json and chip.json, schema version 1.

Fields that these classes do not name are let through: a result may say more than this version shows.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from hwsim.report.chip_figures import CAUSES, OF_TILES
from hwsim.report.chip_figures import COMPONENTS as OF_CORES
from hwsim.report.figures import COMPONENTS

Amount = Annotated[float, Field(ge=0, le=1e30)]
Count = Annotated[int, Field(ge=0, le=10**18)]
Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=100_000)]

CLOSE = 1e-6
"""Relative difference that sums of rounded numbers may have."""


class Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False, strict=True)


class Model(Part):
    name: Text
    id: Text
    timesteps: Annotated[int, Field(ge=1, le=10**6)]
    parameters: Count
    neurons: Count
    arithmetic: Text
    notes: dict[Text, Any]


class Totals(Part):
    """Sums over samples, or means of one: of an ANN's mini-batch they are fractions."""

    cycles: Amount
    latency_ns: Amount
    ac: Amount
    mac: Amount
    spikes: Amount
    dram_bytes: Amount
    energy_pj: Amount
    dram_standing_pj: Amount
    area_um2: Amount


class Spread(Part):
    mean: Amount
    p5: Amount
    median: Amount
    p95: Amount


class PerSample(Part):
    cycles: Spread
    latency_ns: Spread
    energy_pj: Spread
    spikes: Spread
    dram_bytes: Spread


class Cycles(Part):
    array: dict[str, Count]
    lif: dict[str, Count]
    dma: dict[str, Count]


class Choices(Part):
    fold_order: Text
    k_tiles: Count
    inputs_kept: Text
    weights_pinned: bool
    sums_held: bool


class Layer(Part):
    name: Text
    kind: Text
    fed_by: list[Text]
    shape: list[Count]
    neurons: Count
    weights: Count
    dense_macs: Count
    events: Count
    rate: Amount | None
    rate_by_step: list[Amount] | None
    mapping: Choices | None
    cycles: Count
    utilization: Amount
    causes: Cycles
    counts: dict[str, Count]
    dram_bytes: Count
    energy_pj: dict[str, Amount]

    @field_validator("energy_pj")
    @classmethod
    def _components(cls, found: dict[str, float]) -> dict[str, float]:
        return of(found, COMPONENTS)


class Lif(Part):
    units: Count
    state_words: Count
    state_bits: Annotated[int, Field(ge=1, le=4096)]
    memory_bytes: Count


class Accuracy(Part):
    samples: Count
    correct: Count
    accuracy: Share
    by_timestep: list[Share]


class Ann(Totals):
    energy_ratio: Amount | None
    latency_ratio: Amount | None
    samples: Count
    energy_pj_by_component: dict[str, Amount]


class Compared(Part):
    population: Text
    compared: Count
    events: Count
    differences: Count
    differences_on_equal_inputs: Count


class Located(Part):
    population: Text
    sample: Count
    step: Count
    neuron: Count
    membrane: float
    threshold: float
    rounding: Amount
    explained: bool


class Agreement(Part):
    compared: Count
    rate: Share
    same_decision: Count
    samples: Count
    populations: list[Compared]
    located: list[Located]
    sentence: Text


class Provenance(Part):
    hwsim: Text


class ResultProvenance(Provenance):
    """With the hashes that a claim tells."""

    inputs: Text
    hardware: Text
    mapping: Text
    table: Text
    engine: Text


class PEArray(Part):
    rows: Annotated[int, Field(ge=1)]
    columns: Annotated[int, Field(ge=1)]
    skip: Text


class Precision(Part):
    weight_bits: Annotated[int, Field(ge=1, le=64)]
    partial_sum_bits: Annotated[int, Field(ge=1, le=64)]
    state_bits: Annotated[int, Field(ge=1, le=64)]


class Buffer(Part):
    capacity_bytes: Count
    word_bits: Annotated[int, Field(ge=1, le=4096)]


class Buffers(Part):
    weight: Buffer
    input: Buffer
    output: Buffer
    membrane: Buffer | None = None
    partial_sum: Buffer | None = None


class Hardware(Part):
    name: Text
    description: Text
    clock_hz: Annotated[int, Field(ge=1, le=10**12)]
    node_nm: Annotated[int, Field(ge=1)]
    pe_array: PEArray
    precision: Precision
    buffers: Buffers
    sources: dict[str, Text]


class Prices(Part):
    node_nm: Annotated[int, Field(ge=1)]


class Mapping(Part):
    schedule: Text
    batch: Annotated[int, Field(ge=1, le=10**9)]


class Bounds(Part):
    operations_per_cycle: Annotated[float, Field(gt=0, le=1e18)]
    dram_bytes_per_cycle: Annotated[float, Field(gt=0, le=1e18)]
    buffer_bytes_per_cycle: dict[str, Amount]


class OperationPrices(Part):
    table: Text
    ac_pj: Amount | None
    mac_pj: Amount | None
    energy_pj: Amount | None
    ann_energy_pj: Amount | None
    energy_ratio: Amount | None
    break_even_rate: Amount | None


class ComputeOnly(Part):
    ac: Amount
    mac: Amount
    ann_mac: Count
    rate: Amount | None
    by_table: list[OperationPrices]


class Dominating(Part):
    constant: Text
    share: Amount


class Priced(Part):
    table: Text
    energy_pj: Amount
    energy_pj_by_component: dict[str, Amount]
    dominating: Dominating | None
    complete: bool
    unpriced: list[Text]
    ann_energy_pj: Amount | None
    ratio: Amount | None


class Sensitivity(Part):
    rows: Annotated[list[Priced], Field(max_length=1000)]
    refused: dict[Text, Text]
    span: Amount | None
    ann_verdicts: dict[Text, list[Text]]
    flips: bool


class Shorter(Part):
    """A run of fewer timesteps."""

    timesteps: Count
    accuracy: Share | None
    totals: Totals


class ResultJson(Part):
    """result.json."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    model: Model
    hardware: Hardware
    mapping: Mapping
    table: Text
    prices: Prices
    samples: Annotated[int, Field(ge=1, le=10**9)]
    totals: Totals
    per_sample: PerSample
    energy_pj: dict[str, Amount]
    area_um2: dict[str, Amount]
    cycles: Cycles
    lif: Lif
    layers: list[Layer]
    counts: dict[str, Count]
    unit_energy_pj: dict[str, Amount | None]
    unpriced: list[Text]
    caveats: list[Text]
    accuracy: Accuracy | None
    ann: Ann | None
    ann_missing: Text | None
    agreement: Agreement | None
    provenance: ResultProvenance
    bounds: Bounds | None = None
    compute_only: ComputeOnly | None = None
    sensitivity: Sensitivity | None = None
    over_time: list[Shorter] | None = None

    @field_validator("energy_pj")
    @classmethod
    def _components(cls, found: dict[str, float]) -> dict[str, float]:
        if missing := [name for name in COMPONENTS if name not in found]:
            raise ValueError(f"component {missing[0]!r} is missing")
        return of(found, COMPONENTS)

    @field_validator("layers")
    @classmethod
    def _steps(cls, layers: list[Layer], info: ValidationInfo) -> list[Layer]:
        model = info.data.get("model")
        for layer in layers:
            steps = layer.rate_by_step
            if model and steps is not None and len(steps) not in (1, model.timesteps):
                raise ValueError(
                    f"layer {layer.name!r}: rate_by_step has {len(steps)} numbers; allowed: 1 or "
                    f"{model.timesteps}, the timesteps"
                )
        return layers

    @model_validator(mode="after")
    def _sums(self) -> "ResultJson":
        spent, total = sum(self.energy_pj.values()), self.totals.energy_pj
        if abs(spent - total) > CLOSE * max(spent, total):
            raise ValueError(f"energy_pj: components add up to {spent:g}, totals.energy_pj is {total:g}")
        for unit in ("array", "lif", "dma"):
            booked = sum(getattr(self.cycles, unit).values())
            if booked != self.totals.cycles:
                raise ValueError(
                    f"cycles.{unit}: causes add up to {booked}, totals.cycles is {self.totals.cycles:g}"
                )
        if self.ann is None and self.ann_missing is None:
            raise ValueError("ann_missing: found None without ann; allowed: a text that says why")
        return self


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
    unit_energy_pj: dict[str, Amount | None]
    sources: dict[str, Any]
    unpriced: list[Text]
    caveats: list[Text]


class ColdStart(Part):
    latency_ns: Amount
    channel_bytes: list[Count]
    energy_pj: Amount


class ChipName(Part):
    name: Text
    description: Text
    cores: Count
    barrier: Text
    weight_bits: Count
    sources: dict[str, Text]


class Placement(Part):
    algorithm: Text
    cores_used: Count


class ChipTotals(Part):
    cycles: Count
    latency_ns: Amount
    sent: Count
    local: Count


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
    static_power: StaticPower | None = None
    ann: ChipAnn | None = None
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
            if set(row.energy_pj) != set(known):
                raise ValueError(
                    f"energy of {row.prices!r}: found {', '.join(row.energy_pj)}; allowed: {', '.join(known)}"
                )
            for name, ticks in (row.by_tick_pj or {}).items():
                if len(ticks) != self.ticks:
                    raise ValueError(f"by_tick_pj of {name}: found {len(ticks)} ticks; allowed: {self.ticks}")
            if row.by_tick_pj is not None and set(row.by_tick_pj) != set(known):
                raise ValueError(f"by_tick_pj of {row.prices!r}: allowed: {', '.join(known)}")
        for core in self.cores:
            if core.x >= self.network.width or core.y >= self.network.height:
                raise ValueError(
                    f"core {core.core}: at ({core.x}, {core.y}); allowed: within {self.network.width} x "
                    f"{self.network.height}"
                )
        return self


def of(found: dict[str, float], known: dict[str, Any]) -> dict[str, float]:
    """Raises ValueError for a component that no page shows: its part would be missing from the sum."""
    if odd := [name for name in found if name not in known]:
        raise ValueError(f"unknown component {odd[0]!r}; allowed: {', '.join(known)}")
    return found
