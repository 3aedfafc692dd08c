"""``hwsim compare`` of several models and of saved results."""

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from hwsim.cost import load_table, price
from hwsim.hardware import load_hardware
from hwsim.ledger import Ledger
from hwsim.report import compare_console
from tests.cli.running import NET, SAMPLES, Command, told

ASKED = ("--samples", SAMPLES)


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the estimates of these tests are kept."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def plain(estimate: Command, results: Path) -> Path:
    """A saved estimate of the network as it is."""
    if not (results / "plain").exists():
        assert estimate(*ASKED, "-o", results / "plain").code == 0
    return results / "plain"


@pytest.fixture
def shared(estimate: Command, results: Path) -> Path:
    """A saved estimate of the network with states shared by channels."""
    if not (results / "shared").exists():
        assert estimate(*ASKED, "--sharing", "C2", "-o", results / "shared").code == 0
    return results / "shared"


def result_of(directory: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((directory / "result.json").read_text())
    return values


def test_a_saved_result_is_a_row_as_it_was_saved(hwsim: Command, plain: Path, shared: Path) -> None:
    values = hwsim("compare", plain, shared / "result.json", "--json").json
    for row, directory in zip(values["rows"], (plain, shared), strict=True):
        saved = result_of(directory)
        assert row["totals"] == saved["totals"]
        assert row["saved"] == directory.name
        assert row["table"] == saved["table"] == "sata_kernels"
        assert row["lif"]["memory_bytes"] == saved["lif"]["memory_bytes"]
        assert (row["area"], row["caveats"]) == (saved["area"], saved["caveats"])
    assert [row["sharing"] for row in values["rows"]] == ["none", "C2"]
    assert values["provenance"]["of"][1]["network"] == result_of(shared)["provenance"]["network"]


def test_an_accuracy_is_never_that_of_another_network(hwsim: Command, plain: Path, shared: Path) -> None:
    first, second = hwsim("compare", plain, shared, "--json").json["rows"]
    assert first["accuracy"] == result_of(plain)["accuracy"]["accuracy"]
    assert first["accuracy_unknown"] is None
    assert second["accuracy"] is second["difference"]["accuracy"] is None
    assert second["accuracy_unknown"].startswith("unknown: the weights were not trained")
    printed = " ".join(hwsim("compare", plain, shared).out.split())
    assert "unknown" in printed
    assert "accuracy of build; shared; C2 unknown: the weights were not trained" not in printed
    assert "the weights were not trained with states shared like this" in printed


def test_a_table_prices_the_saved_ledger(hwsim: Command, plain: Path) -> None:
    rows = hwsim("compare", plain, "--table", "horowitz45,sata_kernels", "--json").json["rows"]
    ledger, chip = Ledger.load(plain / "ledger.safetensors"), load_hardware(str(plain / "hardware.yaml"))
    for row, name in zip(rows, ("horowitz45", "sata_kernels"), strict=True):
        assert row["table"] == name
        assert row["totals"]["energy_pj"] == price(ledger, chip, load_table(name)).total_pj
    assert rows[1]["totals"] == result_of(plain)["totals"]


def test_a_saved_result_and_a_run_of_the_same_are_the_same_row(
    hwsim: Command, files: Path, plain: Path
) -> None:
    again, saved = hwsim("compare", *told(files), plain, *ASKED, "--json").json["rows"]
    apart = {name for name in again if again[name] != saved[name]}
    assert apart == {"saved"}
    assert saved["sensitivity"]["flips"] is False
    assert set(saved["difference"].values()) == {0.0}


def test_several_models_are_rows_in_the_order_given(hwsim: Command, files: Path, tmp_path: Path) -> None:
    (tmp_path / "wide.py").write_text(
        NET.replace("build", "wide").replace("1, 4, 3", "1, 8, 3").replace("64", "128")
    )
    both = (f"{tmp_path / 'wide.py'}:wide", f"{files / 'net.py'}:build")
    given = ("--inputs", files / "images.npz", "--timesteps", "2", "--samples", "2")
    ran = hwsim("compare", *both, *given, "-o", tmp_path / "out")
    assert ran.code == 0
    assert "several models" in ran.out
    values = json.loads((tmp_path / "out" / "compare.json").read_text())
    wide, narrow = values["rows"]
    assert (wide["model"], narrow["model"]) == ("wide", "build")
    # 8 x 8 x 8 neurons against 4 x 8 x 8, a state of the same bits each; a readout's is not among them
    assert narrow["difference"]["lif_memory_bytes"] == -0.5
    assert [one["model"] for one in values["provenance"]["of"]] == ["wide.py:wide", "net.py:build"]
    # more accumulates, updates, bytes: dearer by every table that prices any of them
    verdicts = narrow["sensitivity"]["verdicts"]
    assert "sata_kernels" in verdicts["cheaper"]
    assert not verdicts["dearer"]


def test_a_conclusion_that_turns_with_the_table_is_marked() -> None:
    verdicts = {"cheaper": ["a", "b"], "dearer": ["c"], "equal": []}
    row = dict.fromkeys(("saved", "bits", "hardware", "schedule", "batch", "table"), "same") | {
        "model": "net", "sharing": "L", "sensitivity": {"flips": True, "verdicts": verdicts},
    }  # fmt: skip
    first = row | {"sharing": "none"}
    assert compare_console.verdict(row) == "! cheaper by 2, dearer by 1"
    (line,) = compare_console.turning([first, row])
    assert line == "sharing L: cheaper by a, b; dearer by c"


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--batch", "4"), "--batch: of models that are run; a saved result is priced again by --table"),
        (("--sharing", "L", "--samples", "2"), "--sharing, --samples: of models that are run"),
        (("--table", "horowitz"), "unknown table 'horowitz'. Did you mean"),
    ],
    ids=str,
)
def test_what_saved_results_do_not_take_is_refused(
    hwsim: Command, plain: Path, options: tuple[str, ...], message: str
) -> None:
    assert hwsim("compare", plain, *options).error.startswith(message)


def test_the_same_result_twice_is_refused(hwsim: Command, plain: Path) -> None:
    assert hwsim("compare", plain, plain).error == f"'{plain}' is there twice"


def damaged(plain: Path, tmp_path: Path) -> Path:
    copytree(plain, tmp_path / "copy")
    return tmp_path / "copy"


def test_files_that_are_no_result_are_named(
    hwsim: Command, plain: Path, shared: Path, tmp_path: Path
) -> None:
    copy = damaged(plain, tmp_path)
    (tmp_path / "empty").mkdir()
    assert "empty: holds no result.json" in hwsim("compare", tmp_path / "empty").error
    assert "no.json: no such file" in hwsim("compare", tmp_path / "no.json").error
    values = result_of(copy)
    for change, message in (
        ({"schema": 2}, "result.json: schema: found 2"),
        ({"samples": 0}, "result.json: samples: found 0."),
        ({"table": "other"}, "cost.json: is of table 'sata_kernels', result.json of 'other'"),
    ):
        (copy / "result.json").write_text(json.dumps(values | change))
        assert message in hwsim("compare", copy).error
    (copy / "result.json").write_text('{"rows": []}')
    assert "result.json: " in hwsim("compare", copy).error
    (copy / "result.json").write_text("{")
    assert "result.json: not readable as JSON" in hwsim("compare", copy).error


def test_values_of_another_run_are_refused(hwsim: Command, plain: Path, shared: Path, tmp_path: Path) -> None:
    copy = damaged(plain, tmp_path)
    (copy / "ledger.safetensors").write_bytes((shared / "ledger.safetensors").read_bytes())
    assert "ledger.safetensors: found " in hwsim("compare", copy).error
    (copy / "ledger.safetensors").unlink()
    assert "ledger.safetensors: no such file" in hwsim("compare", copy).error
    (copy / "ledger.safetensors").write_bytes((plain / "ledger.safetensors").read_bytes())
    cost = json.loads((copy / "cost.json").read_text())
    doubled = [[2 * energy for energy in layer] for layer in cost["energy_pj"]]
    nothing = [[0.0 for _ in layer] for layer in cost["energy_pj"]]
    for energies in (doubled, nothing):
        (copy / "cost.json").write_text(json.dumps(cost | {"energy_pj": energies}))
        message = "cost.json: its energies are not counts of the ledger times unit energies"
        assert message in hwsim("compare", copy).error


def test_a_chip_or_mapping_of_another_run_is_refused(hwsim: Command, plain: Path, tmp_path: Path) -> None:
    copy = damaged(plain, tmp_path)
    for name, before, after in (
        ("hardware.yaml", "clock_hz: 400000000", "clock_hz: 800000000"),
        ("mapping.yaml", "schedule: layer_major", "schedule: step_major"),
    ):
        text = (copy / name).read_text()
        assert before in text
        (copy / name).write_text(text.replace(before, after))
        error = hwsim("compare", copy).error
        assert f"{name}: found {name.removesuffix('.yaml')} " in error
        assert "both must be of one run" in error
        (copy / name).write_text(text)


def test_a_directorys_name_is_no_formula_in_a_spreadsheet(
    hwsim: Command, plain: Path, tmp_path: Path
) -> None:
    copytree(plain, tmp_path / "=1+1")
    assert hwsim("compare", tmp_path / "=1+1", "-o", tmp_path / "out").code == 0
    head, line = (tmp_path / "out" / "compare.csv").read_text().splitlines()
    assert line.split(",")[head.split(",").index("saved")] == "'=1+1"


def test_results_on_different_chips_and_sharings_are_drawn(
    hwsim: Command, estimate: Command, plain: Path, tmp_path: Path
) -> None:
    asked = (*ASKED, "--sharing", "C2", "--hardware", "spinalflow", "-o", tmp_path / "other")
    assert estimate(*asked).code == 0
    assert hwsim("compare", plain, tmp_path / "other", "-o", tmp_path / "both").code == 0
    assert (tmp_path / "both" / "costs.png").exists()
    assert not (tmp_path / "both" / "saving.png").exists()
