"""What result.json must hold for its report, schema version 1 (docs/result.md)."""

from collections.abc import Iterable
from math import fsum
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from hwsim.cost import WHOLE
from hwsim.report.area_schema import Areas
from hwsim.report.schema import Accuracy, Agreement, Amount, Count, Model, Part, Provenance, Share, Text, of
from hwsim.report.series import COMPONENTS

CLOSE = 1e-9
"""Relative difference that sums of rounded numbers may have."""


def check_sum(parts: str, energies: Iterable[float], whole: str, energy: float) -> None:
    """Raises ValueError where energies (pJ), called ``parts``, do not add up to what is told of the whole."""
    if abs((found := fsum(energies)) - energy) > CLOSE * max(found, energy):
        raise ValueError(f"{parts} add up to {found:.12g}, {whole} is {energy:.12g}")


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


class Ann(Totals):
    energy_ratio: Amount | None
    latency_ratio: Amount | None
    samples: Count
    energy_pj_by_component: dict[str, Amount]


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

    @model_validator(mode="after")
    def _sums(self) -> "Priced":
        parts = self.energy_pj_by_component.values()
        check_sum(f"table {self.table!r}: energy_pj_by_component", parts, "energy_pj", self.energy_pj)
        return self


class Standing(Part):
    """What flows over time, beside the dynamic energy."""

    energy_pj: dict[str, Amount]
    unpriced: list[Text]


class Sensitivity(Part):
    rows: Annotated[list[Priced], Field(min_length=1, max_length=1000)]
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
    weight_memory_bytes: Count | None = None
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
    area: Areas | None = None
    standing: Standing | None = None
    over_time: Annotated[list[Shorter], Field(min_length=1)] | None = None

    @field_validator("energy_pj")
    @classmethod
    def _components(cls, found: dict[str, float]) -> dict[str, float]:
        if missing := [name for name in COMPONENTS if name not in found and name != WHOLE]:
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
        check_sum("energy_pj: components", self.energy_pj.values(), "totals.energy_pj", self.totals.energy_pj)
        for action, told in self.counts.items():
            found = sum(layer.counts.get(action, 0) for layer in self.layers)
            if found != told:
                raise ValueError(f"counts.{action}: layers add up to {found}, the whole is {told}")
        for component, spent in self.energy_pj.items():
            parts = (layer.energy_pj.get(component, 0.0) for layer in self.layers)
            check_sum(f"energy_pj.{component}: layers", parts, "the whole", spent)
        for unit in ("array", "lif", "dma"):
            booked = sum(getattr(self.cycles, unit).values())
            if booked != self.totals.cycles:
                raise ValueError(
                    f"cycles.{unit}: causes add up to {booked}, totals.cycles is {self.totals.cycles:g}"
                )
        if self.ann is None and self.ann_missing is None:
            raise ValueError("ann_missing: found None without ann; allowed: a text that says why")
        return self
