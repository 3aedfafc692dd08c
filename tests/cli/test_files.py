"""Files of ``hwsim estimate``: whole, with the numbers printed; none where it is interrupted."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim import hardware, pipeline
from hwsim.cost import COMPONENTS, Cost
from hwsim.dram.table import TABLES as DRAMS
from hwsim.events import EventTrace
from hwsim.hardware import load_hardware
from hwsim.ledger import ACTIONS, Ledger
from hwsim.mapping import load_mapping
from hwsim.network import Network
from tests.cli.running import Command, numbers
from tests.examples import small_network

WRITTEN = {
    "result.json", "layers.csv", "report.html", "network.safetensors", "ledger.safetensors", "cost.json",
    "hardware.yaml", "mapping.yaml",
}  # fmt: skip


def test_a_directory_gets_every_file_and_no_other(estimate: Command, tmp_path: Path) -> None:
    ran = estimate("-o", tmp_path / "deep" / "out")
    assert ran.code == 0
    assert {p.name for p in (tmp_path / "deep" / "out").iterdir()} == WRITTEN
    assert all(str(tmp_path / "deep" / "out" / name) in ran.out.replace("\n", "") for name in WRITTEN)


def test_the_files_hold_what_was_printed(estimate: Command, tmp_path: Path) -> None:
    values = estimate("--json", "-o", tmp_path).json
    assert json.loads((tmp_path / "result.json").read_text()) == values
    ledger = Ledger.load(tmp_path / "ledger.safetensors")
    assert ledger.elapsed_cycles == values["totals"]["cycles"]
    assert {a: ledger.total(a) for a in ACTIONS} == values["counts"]
    assert Cost.load(tmp_path / "cost.json").total_pj == values["totals"]["energy_pj"]
    assert Network.load(tmp_path / "network.safetensors").id == values["provenance"]["network"]
    assert load_hardware(str(tmp_path / "hardware.yaml")).id == values["provenance"]["hardware"]
    assert load_mapping(tmp_path / "mapping.yaml").id == values["provenance"]["mapping"]


def test_the_spreadsheet_has_a_row_a_layer_with_its_numbers(estimate: Command, tmp_path: Path) -> None:
    values = estimate("--json", "-o", tmp_path).json
    with (tmp_path / "layers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [layer["name"] for layer in values["layers"]]
    for row, layer in zip(rows, values["layers"], strict=True):
        assert int(row["cycles"]) == layer["cycles"]
        assert row["shape"] == "x".join(map(str, layer["shape"]))
        assert {a: int(row[a]) for a in ACTIONS if int(row[a])} == layer["counts"]
        assert {c: float(row[f"{c}_pj"]) for c in COMPONENTS} == layer["energy_pj"]


def test_the_report_is_one_page_about_the_model(estimate: Command, tmp_path: Path) -> None:
    estimate("-o", tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "build" in page


def test_a_saved_network_is_estimated_again_with_the_same_totals(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    first = estimate("--json", "-o", tmp_path).json
    again = hwsim(
        "estimate", tmp_path / "network.safetensors", "--inputs", files / "images.npz", "--json",
        "--hardware", tmp_path / "hardware.yaml", "--mapping", tmp_path / "mapping.yaml",
    ).json  # fmt: skip
    assert numbers(again) == numbers(first)
    assert again["agreement"] is None


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.bool_])
def test_a_network_of_spikes_takes_them_in_any_type(
    hwsim: Command, tmp_path: Path, dtype: type[np.generic]
) -> None:
    saved, inputs = tmp_path / "net.safetensors", tmp_path / "spikes.npz"
    small_network("spikes").save(saved)
    spikes = np.random.default_rng(0).random((2, 3, 2, 4, 4)) < 0.5
    np.savez(inputs, inputs=spikes.astype(dtype))
    values = hwsim("estimate", saved, "--inputs", inputs, "--json").json
    # every spike of the input is delivered to the first layer once
    assert values["layers"][0]["counts"]["events_in"] == int(spikes.sum())


def test_a_drams_own_file_is_saved_beside_the_chip_without_its_path(
    estimate: Command, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text((DRAMS / "ddr4_2400.yaml").read_text())
    text = (hardware.TABLES / "sata.yaml").read_text().replace("table: ddr4_2400", "table: my.yaml")
    (tmp_path / "own.yaml").write_text(text)
    out, moved = tmp_path / "out", tmp_path / "moved"
    assert estimate("--hardware", tmp_path / "own.yaml", "-o", out).code == 0
    assert str(tmp_path) not in (out / "result.json").read_text()
    assert json.loads((out / "result.json").read_text())["hardware"]["dram"]["table"] == "my.yaml"
    assert str(tmp_path) not in (out / "hardware.yaml").read_text()
    (tmp_path / "my.yaml").unlink()
    out.rename(moved)
    assert load_hardware(str(moved / "hardware.yaml")).id == load_hardware("sata").id


def interrupt(*_arguments: Any, **_named: Any) -> Any:
    raise KeyboardInterrupt


def test_an_interrupted_run_ends_with_130_and_writes_nothing(
    estimate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "estimate", interrupt)
    ran = estimate("-o", tmp_path / "out")
    assert ran.code == 130
    assert ran.out == ""
    assert ran.err == "interrupted; nothing half-written\n"
    assert not (tmp_path / "out").exists()


def test_an_interrupted_save_leaves_whole_files_alone(
    estimate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = estimate("--json", "-o", tmp_path).json
    monkeypatch.setattr(Cost, "save", interrupt)
    assert estimate("-o", tmp_path, "--samples", "1").code == 130
    assert {p.name for p in tmp_path.iterdir()} == WRITTEN
    assert json.loads((tmp_path / "result.json").read_text()) == values
    assert Network.load(tmp_path / "network.safetensors").id == values["provenance"]["network"]
    assert not list(tmp_path.parent.glob(f".{tmp_path.name}.*"))
    Ledger.load(tmp_path / "ledger.safetensors").verify()


def test_an_interrupted_execution_ends_with_130(estimate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventTrace, "join", interrupt)
    assert estimate("--json").code == 130
