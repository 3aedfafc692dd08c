"""Results that ``hwsim estimate -o`` wrote, read back to be compared: nothing is simulated again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwsim.comparison import NO_LABELS, Row, Subject
from hwsim.configuration import describe, shown
from hwsim.cost import Cost, CostTable
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware, load_hardware
from hwsim.ledger import ACTIONS, Ledger
from hwsim.mapping import Mapping, load_mapping
from hwsim.methods.lif_sharing import sharing_of
from hwsim.network import Network
from hwsim.result import Result
from hwsim.storage import check_file, is_dir, is_file

RESULT = "result.json"
MAX_BYTES = 2**28


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class _Model(_Told):
    name: str
    id: str
    notes: dict[str, Any]


class _Lif(_Told):
    area_share: dict[str, float]


class _Accuracy(_Told):
    accuracy: float = Field(ge=0, le=1)


class _Told1(_Told):
    """What is read of result.json, schema version 1."""

    version: Literal[1] = Field(alias="schema")
    model: _Model
    table: str
    samples: int = Field(ge=1)
    counts: dict[str, int]
    lif: _Lif
    accuracy: _Accuracy | None
    caveats: list[str]
    provenance: dict[str, Any]
    area: dict[str, Any] | None = None

    def of_row(self) -> dict[str, Any]:
        """What a row takes over."""
        return {"lif_area_share": self.lif.area_share, "area": self.area, "caveats": self.caveats}


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
        values, name = result.as_dict(), result.run.network.name
        told = _Told1.model_validate(values)
        subject = _subject(result.run.network, told, None)
        run = result.run
        return Saved(
            name, subject, result.hardware, result.mapping, run.ledger, run.cost, told.of_row(),
            told.provenance,
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
    """Whether an argument of the command line names a saved result: a directory or a .json file."""
    return Path(argument).suffix == ".json" or is_dir(Path(argument))


def load_saved(given: Path) -> Saved:
    """Read a directory that ``hwsim estimate -o`` wrote, or its result.json.

    Raises HwsimError that names the file, what was found in it and what is allowed: no result, one of
    another schema version, a value that is missing, damaged, or of another run.
    """
    path = _file(given)
    folder, told = path.parent, _read(path)
    hardware = load_hardware(str(folder / "hardware.yaml"))
    mapping = load_mapping(folder / "mapping.yaml")
    network = Network.load(folder / "network.safetensors")
    ledger, cost = Ledger.load(folder / "ledger.safetensors"), Cost.load(folder / "cost.json")
    if network.name != told.model.name or not set(ledger.layers) <= set(network.population):
        raise HwsimError(
            f"{folder / 'network.safetensors'}: found {shown(network.name)} of {len(network.population)} "
            f"populations; {RESULT} is of {shown(told.model.name)}, its ledger of {shown(ledger.layers)}"
        )
    for action in ACTIONS:
        if (found := ledger.total(action)) != told.counts.get(action):
            raise HwsimError(
                f"{folder / 'ledger.safetensors'}: found {action} {found}, {RESULT} tells "
                f"{shown(told.counts.get(action))}; both must be of one run"
            )
    _check_cost(folder / "cost.json", cost, ledger, told.table)
    name = folder.resolve().name
    subject = _subject(network, told, name)
    return Saved(name, subject, hardware, mapping, ledger, cost, told.of_row(), told.provenance)


def _subject(network: Network, told: _Told1, saved: str | None) -> Subject:
    accuracy = told.accuracy.accuracy if told.accuracy else None
    notes = told.model.notes
    why = notes.get("accuracy") or (f"unknown: {c}" if (c := notes.get("calibration")) else NO_LABELS)
    unknown = str(why) if accuracy is None else None
    return Subject(network, str(sharing_of(network)), told.samples, accuracy, unknown, saved)


def _file(given: Path) -> Path:
    path = given / RESULT if is_dir(given) else given
    if is_dir(given) and not is_file(path):
        chip = (
            "; it holds chip.json, of many cores, which is not priced again"
            if is_file(given / "chip.json")
            else ""
        )
        raise HwsimError(f"{given}: holds no {RESULT}, as hwsim estimate -o writes on one tile{chip}")
    check_file(path)
    return path


def _read(path: Path) -> _Told1:
    if path.stat().st_size > MAX_BYTES:
        raise HwsimError(f"{path}: larger than {MAX_BYTES} bytes, not a result")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise HwsimError(f"{path}: not readable as JSON: {error}") from None
    if not isinstance(values, dict) or not {"hardware", "per_sample"} <= set(values):
        found = shown(list(values)[:6]) if isinstance(values, dict) else type(values).__name__
        raise HwsimError(f"{path}: found {found}; allowed: the {RESULT} of hwsim estimate on one tile")
    try:
        return _Told1.model_validate(values)
    except ValidationError as error:
        raise HwsimError(describe(error, _Told1, str(path))) from None


def _check_cost(path: Path, cost: Cost, ledger: Ledger, table: str) -> None:
    """Raises HwsimError for a cost that is not the ledger's at its own unit energies."""
    if cost.table != table or cost.layers != ledger.layers:
        raise HwsimError(
            f"{path}: is of table {shown(cost.table)}, {RESULT} of {shown(table)}; or of another run"
        )
    units = np.array([cost.unit_pj.get(action) or 0.0 for action in ACTIONS])
    charged = cost.energy_pj.any(axis=0)
    if not np.allclose(cost.energy_pj[:, charged], (ledger.counts * units)[:, charged]):
        raise HwsimError(f"{path}: its energies are not counts of the ledger times unit energies")
