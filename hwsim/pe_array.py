"""The PE array of a tile: its dataflow, how it fills, and what it does with dead inputs."""

from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from hwsim.configuration import Configured

Skip = Literal["dense", "gate", "event"]
Dataflow = Literal["os", "ws", "is"]
Dimension = Literal["M", "N", "K", "T"]

LONGEST_WINDOW = 64
"""The most timesteps that a pass can serve."""

HOLDS: dict[Dataflow, tuple[Dimension, Dimension]] = {"os": ("M", "N"), "ws": ("K", "N"), "is": ("K", "M")}
"""What lies on rows and columns unless the chip says otherwise; only ``os`` may (docs/machine.md, W3)."""


class Decode(Configured):
    """Turns lists of spikes into a stream: merges ``merge_lanes`` of them at ``events_per_cycle`` (P2).

    At most ``max_inputs`` inputs take part in a pass (W6).
    """

    events_per_cycle: PositiveInt = Field(le=2**20)
    merge_lanes: int = Field(ge=2, le=2**20)
    max_inputs: PositiveInt | None = Field(default=None, le=2**31)


class PEArray(Configured):
    """R rows by C columns of processing elements (docs/machine.md, W3, W4, P1 to P5).

    ``dataflow``: what stays in the PEs, outputs, weights or inputs; ``rows_hold`` and ``columns_hold``: which
    dimension of the loop nest lies where. ``fill``: skewed, a PE a cycle, or all at once. ``streams``: one
    for all rows or one a row. ``skip``: ``dense`` streams and executes every input; ``gate`` streams every
    input and executes live ones; ``event`` streams live inputs only. ``window``: timesteps of a pass, served
    in ``parallel`` or ``serial`` lanes. ``overlap``: passes follow without a gap. ``weight_sparsity``: zero
    weights are neither stored nor streamed. ``multipliers``: each PE has one; without them graded inputs are
    priced as multiplications too, but take no area.
    """

    rows: PositiveInt = Field(le=1024)
    columns: PositiveInt = Field(le=1024)
    skip: Skip
    partial_sum_banks: PositiveInt = Field(le=8)
    dataflow: Dataflow = "os"
    rows_hold: Dimension | None = None
    columns_hold: Dimension | None = None
    fill: Literal["systolic", "broadcast"] = "systolic"
    streams: Literal["shared", "own"] = "shared"
    window: int | Literal["all"] = 1
    time_lanes: Literal["parallel", "serial"] = "parallel"
    overlap: bool = False
    weight_sparsity: bool = False
    multipliers: bool = False
    decode: Decode | None = None

    @property
    def holds(self) -> tuple[Dimension, Dimension]:
        """The dimensions on rows and columns."""
        rows, columns = HOLDS[self.dataflow]
        return self.rows_hold or rows, self.columns_hold or columns

    def extent(self, dimension: Dimension) -> int:
        """How much of a dimension lies on the array at once: R, C, or 1 where it does not lie there."""
        return dict(zip(self.holds, (self.rows, self.columns), strict=True)).get(dimension, 1)

    @property
    def lanes(self) -> int:
        """Accumulators of a PE: one for each step of a window in parallel lanes, else one."""
        if self.time_lanes == "serial":
            return 1
        return LONGEST_WINDOW if self.window == "all" else self.window

    @field_validator("window", mode="before")
    @classmethod
    def _window(cls, value: Any) -> Any:
        if value != "all" and (type(value) is not int or not 1 <= value <= LONGEST_WINDOW):
            raise ValueError(f"it must be 1 to {LONGEST_WINDOW}, or all")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        rows, columns = self.holds
        if rows == columns:
            raise ValueError(f"rows and columns both hold {rows}")
        if self.dataflow == "os" and "K" in self.holds:
            raise ValueError("dataflow os streams K: rows and columns hold two of M, N, T")
        if self.dataflow != "os" and self.holds != HOLDS[self.dataflow]:
            raise ValueError(
                f"dataflow {self.dataflow} holds {' and '.join(HOLDS[self.dataflow])} on rows and columns, "
                f"not {rows} and {columns}"
            )
        if self.dataflow == "is" and self.skip == "event":
            raise ValueError(
                "dataflow is with skip event: the inputs stay, and one that is dead is dead for every "
                "streamed channel; take gate"
            )
        if self.streams == "own":
            if self.dataflow != "os" or self.holds != ("M", "N"):
                raise ValueError("streams own: only with dataflow os, M on the rows and N on the columns")
            if self.fill != "broadcast":
                raise ValueError("streams own: a skewed fill has one order for all rows; take fill broadcast")
        if self.weight_sparsity and (self.streams != "own" or self.skip != "event"):
            raise ValueError("weight_sparsity: only with streams own and skip event")
        if self.decode and (self.dataflow != "os" or "T" in self.holds or self.skip != "event"):
            raise ValueError("decode: only with dataflow os, skip event, and no T on the array")
        return self
