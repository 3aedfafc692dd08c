"""``hwsim compare`` of results that were saved of chips of many cores (docs/result.md)."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.cli.running import SAMPLES, Command, told

Rows = list[dict[str, Any]]
Result = Callable[[str], Path]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the estimates of these tests are kept."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def saved(estimate: Command, results: Path) -> Result:
    """The directory of an estimate on a chip."""

    def of(chip: str) -> Path:
        if not (results / chip).exists():
            assert estimate("--hardware", chip, "--samples", SAMPLES, "-o", results / chip).code == 0
        return results / chip

    return of


@pytest.fixture
def old(saved: Result, tmp_path: Path) -> Result:
    """The same as it was written before sensitivities were: without what came with them."""

    def of(chip: str) -> Path:
        copytree(saved(chip), tmp_path / chip)
        change(tmp_path / chip, _aged)
        return tmp_path / chip

    return of


def _aged(values: dict[str, Any]) -> None:
    for name in ("sensitivity", "bounds", "tile_area"):
        del values[name]
    del values["totals"]["spikes"]
    if values["cold_start"]:
        del values["cold_start"]["counts"]
    for layer in values["layers"]:
        del layer["cycles"], layer["cold_bytes"]


def change(directory: Path, by: Callable[[dict[str, Any]], None]) -> None:
    path = directory / "chip.json"
    values = json.loads(path.read_text())
    by(values)
    path.write_text(json.dumps(values))


def run_again(hwsim: Command, files: Path, *options: object) -> Rows:
    rows: Rows = hwsim("compare", *told(files), "--samples", SAMPLES, *options, "--json").json["rows"]
    return rows


def compared(hwsim: Command, *options: object) -> Rows:
    rows: Rows = hwsim("compare", *options, "--json").json["rows"]
    return rows


@pytest.mark.parametrize("chip", ["mesh-sata", "loihi"])
def test_a_saved_row_is_the_row_of_running_it(hwsim: Command, saved: Result, files: Path, chip: str) -> None:
    fresh = run_again(hwsim, files, "--hardware", chip)
    assert compared(hwsim, saved(chip)) == [row | {"saved": chip} for row in fresh]


def test_a_table_prices_the_saved_counts_of_tiles(hwsim: Command, saved: Result, files: Path) -> None:
    asked = ("--table", "horowitz45,sata_kernels")
    fresh = run_again(hwsim, files, "--hardware", "mesh-sata", *asked)
    for row, again in zip(compared(hwsim, saved("mesh-sata"), *asked), fresh, strict=True):
        assert row.keys() == again.keys()
        assert row["totals"] == pytest.approx(again["totals"], rel=1e-12)
        assert row["many_cores"].pop("cold_start_pj") == pytest.approx(
            again["many_cores"].pop("cold_start_pj"), rel=1e-12
        )
        apart = {"saved", "totals", "difference", "sensitivity"}
        assert [row[name] for name in row if name not in apart] == [
            again[name] for name in again if name not in apart
        ]
        assert row["sensitivity"]["energy_pj"] == again["sensitivity"]["energy_pj"]


def test_results_of_every_kind_stand_beside_a_model(
    hwsim: Command, estimate: Command, saved: Result, files: Path, tmp_path: Path
) -> None:
    assert estimate("--samples", SAMPLES, "-o", tmp_path / "one").code == 0
    given = (tmp_path / "one", saved("mesh-sata") / "chip.json", saved("loihi"))
    output = tmp_path / "out"
    found = hwsim("compare", *given, *told(files), "--hardware", "loihi", "--samples", SAMPLES, "-o", output)
    assert found.code == 0, found.error
    rows = json.loads((output / "compare.json").read_text())["rows"]
    assert [(row["saved"], row["hardware"], row["table"]) for row in rows] == [
        ("one", "sata", "sata_kernels"),
        ("mesh-sata", "mesh-sata", "sata_kernels"),
        ("loihi", "loihi", "loihi_davies2018"),
        ("loihi", "loihi", "loihi_sanafe"),
        (None, "loihi", "loihi_davies2018"),
        (None, "loihi", "loihi_sanafe"),
    ]
    # (F6) tiles and one tile are judged by the same tables; prices of event-driven cores judge neither
    assert sum(map(len, rows[1]["sensitivity"]["verdicts"].values())) > 1
    assert sum(map(len, rows[2]["sensitivity"]["verdicts"].values())) == 0
    for row, fresh in zip(rows[2:4], rows[4:], strict=True):
        assert row["totals"] == fresh["totals"]
        assert row["sensitivity"] == fresh["sensitivity"]
    provenance = json.loads((output / "compare.json").read_text())["provenance"]["of"]
    assert [one.get("saved") for one in provenance] == ["one", "mesh-sata", "loihi", None]


def test_tables_are_not_for_saved_event_driven_cores(hwsim: Command, saved: Result) -> None:
    error = hwsim("compare", saved("loihi"), "--table", "horowitz45").error
    assert error.startswith("--table: of chips with arrays; event-driven cores have the prices")
    rows = compared(hwsim, saved("mesh-sata"), saved("loihi"), "--table", "horowitz45")
    assert [row["table"] for row in rows] == ["horowitz45", "loihi_davies2018", "loihi_sanafe"]


def test_an_older_chip_json_has_its_saved_cost_alone(
    hwsim: Command, saved: Result, old: Result, tmp_path: Path
) -> None:
    new = compared(hwsim, saved("mesh-sata"), saved("loihi"))
    output = tmp_path / "out"
    assert hwsim("compare", old("mesh-sata"), old("loihi"), "-o", output).code == 0
    rows = json.loads((output / "compare.json").read_text())["rows"]
    assert [row["sensitivity"] for row in rows] == [None, None, None]
    assert [row["area"] for row in rows] == [None, None, None]
    # (F4) every spike is one of a LIF unit of some tile; of event-driven cores it was not told
    assert [row["totals"]["spikes"] for row in rows] == [new[0]["totals"]["spikes"], None, None]
    assert [row["difference"]["spikes"] for row in rows] == [0.0, None, None]
    for row, whole in zip(rows, new, strict=True):
        assert row["totals"] | {"spikes": 0} == whole["totals"] | {"spikes": 0}
        assert (row["many_cores"], row["cycles"]) == (whole["many_cores"], whole["cycles"])


def test_an_older_chip_json_is_priced_by_its_own_table_alone(hwsim: Command, old: Result) -> None:
    directory = old("mesh-sata")
    assert compared(hwsim, directory, "--table", "sata_kernels") == compared(hwsim, directory)
    error = hwsim("compare", directory, "--table", "horowitz45").error
    assert error.startswith("mesh-sata: --table horowitz45: chip.json of before has not all counts")
    assert "allowed: 'sata_kernels', as it was when it was saved" in error


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (lambda v: v["cold_start"]["counts"].update(no_action=1), "found 'no_action', which nothing counts"),
        (lambda v: v["layers"][0]["causes"]["array"].update(stream=10**9), "units' cycles do not agree"),
        (
            lambda v: v["energy"][0]["unit_energy_pj"].update(lif_update=1e3),
            "total_pj is not the sum of counts times unit_energy_pj",
        ),
        (lambda v: v["totals"].update(hops=-1), "totals.hops: found -1"),
        (lambda v: v["provenance"].update(hardware="0"), "provenance of chip.json tells '0'"),
    ],
    ids=["action", "cycles", "prices", "hops", "chip"],
)
def test_a_damaged_chip_json_is_refused_and_named(
    hwsim: Command, saved: Result, tmp_path: Path, by: Callable[[dict[str, Any]], None], message: str
) -> None:
    copytree(saved("mesh-sata"), tmp_path / "copy")
    change(tmp_path / "copy", by)
    error = hwsim("compare", tmp_path / "copy").error
    assert message in error
    assert str(tmp_path / "copy") in error


def test_a_chip_json_of_another_kind_of_chip_is_refused(
    hwsim: Command, saved: Result, tmp_path: Path
) -> None:
    copytree(saved("mesh-sata"), tmp_path / "copy")
    for name in ("hardware.yaml", "mapping.yaml"):
        (tmp_path / "copy" / name).write_text((saved("loihi") / name).read_text())
    ids = json.loads((saved("loihi") / "chip.json").read_text())["provenance"]
    change(tmp_path / "copy", lambda v: v["provenance"].update({k: ids[k] for k in ("hardware", "mapping")}))
    error = hwsim("compare", tmp_path / "copy").error
    assert "cold_start: is of tiles alone; hardware.yaml has a chip of event-driven cores" in error
