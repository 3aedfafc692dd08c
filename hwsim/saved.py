"""Results that ``hwsim estimate -o`` wrote, read back to be compared: nothing is simulated again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsim import zoo
from hwsim.chip.config import Chip
from hwsim.comparison import NO_LABELS, Row, Subject, untrusted
from hwsim.configuration import shown
from hwsim.cost import STANDING, Cost, CostTable
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, Ledger
from hwsim.manycore.chips import open_chip
from hwsim.manycore.result import ChipResult
from hwsim.manycore.saved import SavedCores
from hwsim.mapping import Mapping, load_mapping
from hwsim.methods.lif_sharing import sharing_of
from hwsim.methods.trained import training_named
from hwsim.network import Network
from hwsim.report.saved import load
from hwsim.result import Result
from hwsim.storage import is_dir

RESULT = "result.json"


@dataclass(frozen=True, eq=False)
class Saved:
    """A result on one tile and the values that it came from; ``name`` is its directory's."""

    name: str
    subject: Subject
    hardware: Hardware
    mapping: Mapping
    ledger: Ledger
    cost: Cost
    told: dict[str, Any]
    provenance: dict[str, Any]

    @staticmethod
    def of(result: Result) -> "Saved":
        """A result that is still at hand, as it would be read back."""
        values, run = result.as_dict(), result.run
        name, subject = run.network.name, _subject(run.network, values, None)
        return Saved(
            name, subject, result.hardware, result.mapping, run.ledger, run.cost, _of_row(values),
            values["provenance"],
        )  # fmt: skip

    def rows(self, tables: list[CostTable] | None) -> list[Row]:
        """A row for each table; None: one, at the cost that was saved with it.

        Raises HwsimError, naming the result, where a table cannot price its chip.
        """
        if tables is None:
            return [
                Row.priced(
                    self.subject, self.hardware, self.mapping, self.ledger, self.cost, self.told
                )
            ]  # fmt: skip
        try:
            return [Row.of(self.subject, self.hardware, self.mapping, self.ledger, t) for t in tables]
        except HwsimError as error:
            raise HwsimError(f"{self.name}: {error}") from None


def is_saved(argument: str) -> bool:
    """Whether a name stands for a saved result, a directory or a .json file, and for no model: neither of
    the zoo nor a training."""
    if argument in zoo.entries() or training_named(argument) is not None:
        return False
    return Path(argument).suffix == ".json" or is_dir(Path(argument))


def load_saved(given: Path) -> Saved | SavedCores:
    """Read a directory that ``hwsim estimate -o`` wrote, or its result.json or chip.json.

    Raises HwsimError that names the file, what was found in it and what is allowed: no result, one of
    another schema version, a value that is missing, damaged, or of another run.
    """
    read = load(given)
    folder, values, file = read.path.parent, read.values, read.path.name
    chip = open_chip(str(folder / "hardware.yaml"))
    mapping = load_mapping(folder / "mapping.yaml")
    network = Network.load(folder / "network.safetensors")
    of_run: dict[str, Hardware | Chip | Mapping | Network] = {
        "hardware.yaml": chip, "mapping.yaml": mapping, "network.safetensors": network,
    }  # fmt: skip
    name = folder.resolve().name
    if read.kind == "chip":
        _check_ids(read.path, of_run, values)
        try:
            return SavedCores.of(name, _subject(network, values, name), chip, values)
        except HwsimError as error:
            raise HwsimError(f"{read.path}: {error}") from None
    if not isinstance(chip, Hardware):
        raise HwsimError(f"{folder / 'hardware.yaml'}: of event-driven cores; {file} is of one tile")
    ledger, cost = Ledger.load(folder / "ledger.safetensors"), Cost.load(folder / "cost.json")
    if network.name != values["model"]["name"] or not set(ledger.layers) <= set(network.population):
        raise HwsimError(
            f"{folder / 'network.safetensors'}: found {shown(network.name)} of {len(network.population)} "
            f"populations; {RESULT} is of {shown(values['model']['name'])}, of layers {shown(ledger.layers)}"
        )
    _check_ids(read.path, of_run, values)
    for action in ACTIONS:
        if (found := ledger.total(action)) != values["counts"].get(action):
            raise HwsimError(
                f"{folder / 'ledger.safetensors'}: found {action} {found}, {RESULT} tells "
                f"{shown(values['counts'].get(action))}; both must be of one run"
            )
    _check_cost(folder / "cost.json", cost, ledger, values["table"])
    subject = _subject(network, values, name)
    return Saved(name, subject, chip, mapping, ledger, cost, _of_row(values), values["provenance"])


def of_cores(result: ChipResult) -> SavedCores:
    """A result of many cores that is still at hand, as it would be read back."""
    values, network = result.as_dict(), result.network
    return SavedCores.of(network.name, _subject(network, values, None), result.run.chip, values)


def _check_ids(
    path: Path, of_run: dict[str, Hardware | Chip | Mapping | Network], values: dict[str, Any]
) -> None:
    """Raises HwsimError for a file beside the result that is not of its run."""
    for file, value in of_run.items():
        kind = file.partition(".")[0]
        if value.id != (told := values["provenance"].get(kind)):
            raise HwsimError(
                f"{path.parent / file}: found {kind} {value.id}, provenance of {path.name} tells "
                f"{shown(told)}; both must be of one run"
            )


def _of_row(values: dict[str, Any]) -> dict[str, Any]:
    """What a row takes over from the JSON of a result."""
    shares, area = values["lif"]["area_share"], values.get("area")
    return {"lif_area_share": shares, "area": area, "caveats": values["caveats"]}


def _subject(network: Network, values: dict[str, Any], saved: str | None) -> Subject:
    right, notes = values["accuracy"], values["model"]["notes"]
    share = right["accuracy"] if right else None
    why = notes.get("accuracy") or (f"unknown: {c}" if (c := notes.get("calibration")) else NO_LABELS)
    unknown = str(why) if share is None else None
    agreed = values["agreement"]
    doubts = () if agreed is None or agreed.get("trusted", True) else (untrusted(agreed["sentence"]),)
    return Subject(network, str(sharing_of(network)), values["samples"], share, unknown, saved, doubts)


def _check_cost(path: Path, cost: Cost, ledger: Ledger, table: str) -> None:
    """Raises HwsimError for a cost that is not the ledger's at its own unit energies."""
    if cost.table != table or cost.layers != ledger.layers:
        raise HwsimError(
            f"{path}: is of table {shown(cost.table)}, {RESULT} of {shown(table)}; or of another run"
        )
    units = np.array([cost.unit_pj.get(action) or 0.0 for action in ACTIONS])
    known = {action for actions in (*cost.components.values(), STANDING) for action in actions}
    charged = np.array([action in known for action in ACTIONS])
    if not np.allclose(cost.energy_pj[:, charged], (ledger.counts * units)[:, charged]):
        raise HwsimError(f"{path}: its energies are not counts of the ledger times unit energies")
