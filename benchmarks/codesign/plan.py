"""What reports/codesign searches for and trains: one supernet, weighed by spikes and by simulated costs."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from hwsim.methods.spike_aware.spec import ArchitectureSearch

SUPERNET = Path("out/autosnn/supernet_base_0")
"""Trained by ``make autosnn``: 24 epochs of 3,000 images of Fashion-MNIST at 16 x 16."""

CHIPS = ("sata", "loihi")
SEEDS = (0, 1, 2)
TRAINED_SEEDS = (0, 1)
FACTOR = -0.16
SAMPLES = 16
"""Images of a cost."""

SEARCH: dict[str, Any] = {
    "factor": FACTOR, "rounds": 10, "pool": 10, "mutations": 5, "crossovers": 5, "top": 5,
    "validation": 600, "calibration": 300, "samples": SAMPLES,
}  # fmt: skip


@dataclass(frozen=True)
class Objective:
    """A cost on a chip; spikes are those of the network, whatever the chip."""

    chip: str
    cost: str

    @property
    def name(self) -> str:
        return "spikes" if self.cost == "spikes" else f"{self.cost.rpartition('_')[0]} on {self.chip}"


OBJECTIVES = (
    Objective("sata", "spikes"),
    *(Objective(chip, cost) for chip in CHIPS for cost in ("energy_pj", "latency_ns")),
)


@dataclass(frozen=True)
class Search:
    """A search for an objective with a seed."""

    objective: Objective
    seed: int

    @property
    def name(self) -> str:
        return f"search_{self.objective.chip}_{self.objective.cost}_{self.seed}"

    def spec(self, supernet: Path) -> ArchitectureSearch:
        of = {"supernet": str(supernet), "hardware": self.objective.chip, "cost": self.objective.cost}
        return ArchitectureSearch.of(of | {"seed": self.seed} | SEARCH)


def searches() -> list[Search]:
    return [Search(objective, seed) for seed, objective in product(SEEDS, OBJECTIVES)]


TRAINING: dict[str, Any] = {"epochs": 4}
"""Of a winner from scratch; otherwise it is trained as the supernet was."""
