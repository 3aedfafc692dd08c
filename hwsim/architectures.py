"""Candidates of an architecture search as tasks: how right a path of a supernet is, and what it costs."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hwsim.costing import OnChip
from hwsim.errors import HwsimError
from hwsim.methods.spike_aware.captured import network_of
from hwsim.methods.spike_aware.evolution import Architecture
from hwsim.methods.spike_aware.inherited import Inherited
from hwsim.methods.spike_aware.spec import ArchitectureSearch
from hwsim.methods.spike_aware.supernet import Supernet
from hwsim.reuse import Reuse
from hwsim.tasks import Task, whole_path

REUSE = Reuse()
"""Of this process: layers of candidates that were costed here."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The tasks of a search: of what they are is decided by content, not by where it lies."""

    spec: ArchitectureSearch
    supernet: Supernet
    on: OnChip

    @staticmethod
    def of(spec: ArchitectureSearch) -> "Candidates":
        """Raises HwsimError for a supernet, chip, table or cost that is none, and for too few images."""
        on = OnChip.of(spec.hardware, spec.table, spec.one_tile)
        on.check(spec.cost)
        supernet = Supernet.of(Path(spec.supernet))
        supernet.validation(spec.validation)
        supernet.check_calibration(spec.calibration)
        return Candidates(spec, supernet, on)

    @property
    def origin(self) -> dict[str, str]:
        """What a search is made of besides its spec."""
        return {"the supernet": self.supernet.id, "the chip": self.on.id}

    def accuracy(self, path: Architecture) -> Task:
        of = {"validation": self.spec.validation} | self._common(path)
        return Task(accuracy_of, of, {"directory": self._directory})

    def costs(self, path: Architecture) -> Task:
        of = {"samples": self.spec.samples, "chip": self.on.id} | self._common(path)
        named = {"hardware": whole_path(self.spec.hardware), "table": whole_path(self.spec.table)}
        places = {"directory": self._directory, "one_tile": self.spec.one_tile} | named
        return Task(costs_of, of, places)

    @property
    def _directory(self) -> str:
        return str(Path(self.spec.supernet).resolve())

    def _common(self, path: Architecture) -> dict[str, Any]:
        return {
            "supernet": self.supernet.id,
            "path": list(path),
            "calibration": self.spec.calibration,
        }


def accuracy_of(
    validation: int, supernet: str, path: list[str], calibration: int, *, directory: str
) -> dict[str, Any]:
    """Accuracy of a path on so many validation images, and the parameters of its network."""
    found = Inherited(_supernet(directory, supernet), tuple(path), calibration, REUSE)
    images = found.supernet.validation(validation)
    return {"accuracy": found.accuracy(images), "parameters": found.parameters}


def costs_of(
    samples: int,
    chip: str,
    supernet: str,
    path: list[str],
    calibration: int,
    *,
    directory: str,
    hardware: str,
    table: str | None,
    one_tile: bool,
) -> dict[str, Any]:
    """``costs`` of a path on the first validation images, each the mean of one: those of a full estimate of
    its network on these; or why it is ``refused`` by the chip.

    Raises HwsimError for another supernet or chip than the task is of, and where the network that is costed
    does not compute what PyTorch does.
    """
    of, on = _supernet(directory, supernet), _chip(hardware, table, one_tile, chip)
    images = of.validation(samples)
    network = network_of(Inherited(of, tuple(path), calibration, REUSE), images)
    try:
        return {"costs": on.of_network(network, of.inputs(images), REUSE), "refused": None}
    except HwsimError as error:
        return {"costs": None, "refused": str(error)}


@lru_cache(2)
def _supernet(directory: str, supernet: str) -> Supernet:
    """Raises HwsimError where it is not the one of this id."""
    found = Supernet.of(Path(directory))
    if found.id != supernet:
        raise HwsimError(f"{directory} changed since the search began; begin in another directory")
    return found


@lru_cache(8)
def _chip(hardware: str, table: str | None, one_tile: bool, chip: str) -> OnChip:
    """Raises HwsimError where it is not the one of this id."""
    found = OnChip.of(hardware, table, one_tile)
    if found.id != chip:
        raise HwsimError(f"{hardware} changed since the search began; begin in another directory")
    return found
