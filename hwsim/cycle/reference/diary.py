"""What happened when: the times of every job in every unit, and of every transfer (docs/machine.md, S3)."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from hwsim.cycle.reference.array import ArrayPass
from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.work import LifStage


@dataclass(frozen=True, eq=False)
class Transfer:
    """A load or store: the cycle at which the channel took it, the ends of its operands, when it was free."""

    job: Job
    direction: Literal["load", "store"]
    start: int
    ends: list[tuple[str, int]]
    free: int

    @property
    def end(self) -> int:
        return self.ends[-1][1]

    def operand_at(self, cycle: int) -> str:
        """The first operand that has not ended."""
        return next(operand for operand, end in self.ends if cycle < end)


@dataclass(eq=False)
class Diary:
    """One entry a job in each list; ``preload_start`` only of jobs that preload."""

    jobs: list[Job]
    passes: list[ArrayPass]
    stages: list[LifStage]
    transfers: list[Transfer] = field(default_factory=list)
    load_end: list[int] = field(default_factory=list)
    preload_start: dict[int, int] = field(default_factory=dict)
    stream_start: list[int] = field(default_factory=list)
    array_end: list[int] = field(default_factory=list)
    lif_start: list[int] = field(default_factory=list)
    store_end: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The end of the run."""
        return self.store_end[-1]

    @cached_property
    def load_of(self) -> dict[Job, Transfer]:
        """The load of each job that has one; asked for after the run."""
        return {t.job: t for t in self.transfers if t.direction == "load"}
