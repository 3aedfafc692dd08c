"""``hwsim compare`` with chips of many cores: rows as ``hwsim estimate`` gives them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from hwsim.chip.config import load_chip
from hwsim.comparison import KEYS
from hwsim.configuration import save_yaml
from hwsim.hardware import load_hardware
from tests.cli.running import SAMPLES, STEPS, Command, Ran, told

CHIPS = "loihi,truenorth,mesh-sata,sata"


@pytest.fixture
def compare(hwsim: Command, files: Path) -> Command:
    """Compare the network of the tests on all of its inputs."""
    return lambda *options: hwsim("compare", *told(files), "--samples", SAMPLES, *options)


@pytest.fixture
def compared(compare: Command, tmp_path: Path) -> tuple[Ran, Path]:
    return compare("--hardware", CHIPS, "-o", tmp_path / "out"), tmp_path / "out"


def rows_in(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((directory / "compare.json").read_text())["rows"]
    return found


def test_every_chip_has_a_row_for_each_of_its_own_prices(compared: tuple[Ran, Path]) -> None:
    rows = rows_in(compared[1])
    assert [(row["hardware"], row["schedule"], row["table"]) for row in rows] == [
        ("loihi", "ticks", "loihi_davies2018"),
        ("loihi", "ticks", "loihi_sanafe"),
        ("truenorth", "ticks", "truenorth_all_in"),
        ("truenorth", "ticks", "truenorth_marginal"),
        ("mesh-sata", "ticks", "sata_kernels"),
        ("sata", "layer_major", "sata_kernels"),
    ]
    assert {(row["sharing"], row["batch"], row["samples"]) for row in rows} == {("none", 1, SAMPLES)}
    assert len({tuple(row) for row in rows}) == 1
    assert len({tuple(row["totals"]) for row in rows}) == 1
    # the network is the same, so are its spikes; (F4) useful operations do not depend on the slices
    assert len({row["totals"]["spikes"] for row in rows}) == 1
    assert rows[4]["totals"]["ac"] == rows[5]["totals"]["ac"]


@pytest.mark.parametrize("name", ["loihi", "mesh-sata"])
def test_a_row_is_the_estimate_of_that_chip(compared: tuple[Ran, Path], estimate: Command, name: str) -> None:
    found = estimate("--hardware", name, "--samples", SAMPLES, "--json").json
    rows = [row for row in rows_in(compared[1]) if row["hardware"] == name]
    assert [row["table"] for row in rows] == [energy["prices"] for energy in found["energy"]]
    for row, energy in zip(rows, found["energy"], strict=True):
        totals, many = row["totals"], row["many_cores"]
        assert totals["energy_pj"] == energy["total_pj"]
        assert (totals["cycles"], totals["latency_ns"]) == tuple(
            found["totals"][n] for n in ("cycles", "latency_ns")
        )
        assert totals["area_um2"] == found["area"]["total_um2"]
        assert row["unpriced"] == energy["unpriced"]
        assert (many["packets"], many["hops"]) == (found["totals"]["sent"], found["totals"]["hops"])
        assert many["time"] == found["time"]
        assert many["cores_used"] == found["placement"]["cores_used"]
        cold = found["cold_start"]
        assert many["cold_start_pj"] == (cold and cold["energy_pj"])


def test_utilization_of_tiles_is_of_all_that_the_chip_has(compared: tuple[Ran, Path]) -> None:
    row = next(row for row in rows_in(compared[1]) if row["hardware"] == "mesh-sata")
    array, totals = load_hardware("mesh-sata").pe_array, row["totals"]
    # 16 tiles of 8 x 16 PEs, one operation a cycle each
    whole = totals["cycles"] * 16 * array.rows * array.columns
    assert row["useful"] == pytest.approx((totals["ac"] + totals["mac"]) / whole)
    on_cores = next(row for row in rows_in(compared[1]) if row["hardware"] == "loihi")
    assert on_cores["useful"] is on_cores["utilization"] is on_cores["totals"]["mac"] is None


def test_table_csv_and_pictures_have_all_chips(compared: tuple[Ran, Path]) -> None:
    ran, directory = compared
    assert ran.code == 0
    for text in (
        "loihi_davies2018",
        "truenorth_marginal",
        "mesh-sata",
        "ticks",
        "of loihi with loihi_sanafe",
    ):
        assert text in ran.out
    written = {path.name for path in directory.iterdir()}
    assert written == {"compare.json", "compare.csv", "compare.html", "costs.png", "dram.png"}
    with (directory / "compare.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    for line, row in zip(lines, rows_in(directory), strict=True):
        assert [line[key] for key in KEYS] == [str(row[key]) for key in KEYS]
        assert float(line["energy_pj"]) == row["totals"]["energy_pj"]
        assert line["packets"] == ("" if row["many_cores"] is None else str(row["many_cores"]["packets"]))


def test_event_driven_cores_alone_have_no_picture_of_dram(compare: Command, tmp_path: Path) -> None:
    assert compare("--hardware", "loihi", "--prices", "loihi_sanafe", "-o", tmp_path / "out").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "compare.json",
        "compare.csv",
        "compare.html",
        "costs.png",
    }
    assert [row["table"] for row in rows_in(tmp_path / "out")] == ["loihi_sanafe"]


def test_one_tile_of_a_chip_of_tiles_is_compared_as_one(compare: Command) -> None:
    rows = compare("--hardware", "mesh-sata", "--one-tile", "--schedule", "step_major", "--json").json["rows"]
    assert [(row["schedule"], row["many_cores"]) for row in rows] == [("step_major", None)]


def test_a_chip_that_cannot_hold_the_network_is_left_out_with_a_word_of_it(
    compare: Command, tmp_path: Path
) -> None:
    # (G10) a neuron of the readout listens to the 64 of the pool
    chip = load_chip("truenorth")
    limits = chip.grid.limits.model_copy(update={"axons_in": 50})
    grid = chip.grid.model_copy(update={"limits": limits})
    save_yaml(tmp_path / "narrow.yaml", chip.model_copy(update={"name": "narrow", "grid": grid}))
    ran = compare("--hardware", f"{tmp_path / 'narrow.yaml'},sata", "--json")
    why = "population 'readout': axons_in: found 64 for one neuron alone, allowed 50 a core: 14 too many"
    assert ran.err == f"warning: narrow cannot hold the network: {why}; left out\n"
    values = json.loads(ran.out)
    assert values["left_out"] == {"narrow": why}
    assert [row["hardware"] for row in values["rows"]] == ["sata"]
    assert compare("--hardware", tmp_path / "narrow.yaml").error == f"narrow cannot hold the network: {why}"


@pytest.mark.usefixtures("nothing_long")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--hardware", "loihi,sata", "--schedule", "step_major"),
            "--schedule: of chips of tiles; loihi is one of event-driven cores",
        ),
        (("--hardware", "loihi", "--batch", "1,2"), "--batch: of chips of tiles; loihi is one of"),
        (("--hardware", "mesh-sata,sata", "--batch", "4"), "--batch: of one tile; the 16 of mesh-sata run"),
        (("--hardware", "mesh-sata", "--dram", "commands"), "--dram: of one tile; the 16 of mesh-sata run"),
        (("--hardware", "loihi", "--table", "horowitz45"), "--table: of chips with arrays; event-driven"),
        (("--hardware", "sata", "--prices", "loihi_sanafe"), "--prices: of chips of event-driven cores"),
        (("--hardware", "loihi", "--one-tile"), "--one-tile: of chips of tiles; loihi is one of"),
        (("--hardware", "loihi,sata", "--area", "lif_unit=3"), "--area: of chips of tiles; loihi is one of"),
        (("--hardware", "loihi,sata", "--sharing", "none,C2"), "--sharing C2: shared states would have to"),
        (("--hardware", "mesh-sata", "--table", "horowitz"), "unknown table 'horowitz'. Did you mean"),
        (("--hardware", "loihi", "--prices", "loihi"), "unknown prices 'loihi'."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_a_chip_does_not_take_ends_before_any_work(
    compare: Command, options: tuple[str, ...], message: str
) -> None:
    assert compare(*options).error.startswith(message)


def test_ticks_and_steps_of_a_row_are_those_of_the_network(compare: Command) -> None:
    # (E6) truenorth's ticks take 1 ms each; (E2) STEPS + 3 of them a sample, the last with nothing behind it
    (row,) = compare("--hardware", "truenorth", "--prices", "truenorth_marginal", "--json").json["rows"]
    assert row["totals"]["latency_ns"] == SAMPLES * (STEPS + 3) * 1e6


def test_static_power_is_not_told_beside_prices_that_have_it(compare: Command) -> None:
    # (E10) 104.4 mW of Loihi beside loihi_sanafe alone; mW = pJ / ns
    prices = "loihi_sanafe,truenorth_all_in,truenorth_marginal"
    rows = compare("--hardware", "loihi", "--prices", prices, "--json").json["rows"]
    totals = [row["totals"] for row in rows]
    assert totals[0]["standing_pj"] == pytest.approx(104.4 * totals[0]["latency_ns"])
    assert [one["standing_pj"] for one in totals[1:]] == [0, 0]


def test_tiles_are_judged_by_every_table_beside_one_tile(compare: Command, estimate: Command) -> None:
    first, mesh = compare("--hardware", "sata,mesh-sata", "--json").json["rows"]
    alone = estimate("--hardware", "mesh-sata", "--samples", SAMPLES, "--json").json["sensitivity"]
    by_table = {row["table"]: row["energy_pj"] for row in alone["rows"]}
    found = mesh["sensitivity"]
    assert found["energy_pj"] == by_table
    assert found["span"] == alone["span"]
    for name, energy in by_table.items():
        theirs = first["sensitivity"]["energy_pj"][name]
        how = "equal" if energy == theirs else "cheaper" if energy < theirs else "dearer"
        assert name in found["verdicts"][how]
    both = bool(found["verdicts"]["cheaper"] and found["verdicts"]["dearer"])
    assert found["flips"] == both


def test_event_driven_cores_are_judged_by_the_prices_of_their_chip(compared: tuple[Ran, Path]) -> None:
    rows = rows_in(compared[1])
    of_loihi = {row["table"]: row["totals"]["energy_pj"] for row in rows[:2]}
    for row in rows[:2]:
        assert row["sensitivity"]["energy_pj"] == of_loihi
        assert sorted(row["sensitivity"]["verdicts"]["equal"]) == sorted(of_loihi)
    # no table prices cores and tiles, so none says which costs less
    for row in rows[2:]:
        assert row["sensitivity"]["verdicts"] == {"cheaper": [], "dearer": [], "equal": []}
        assert not row["sensitivity"]["flips"]
        assert row["totals"]["energy_pj"] == row["sensitivity"]["energy_pj"][row["table"]]
        assert (row["table"] in row["sensitivity"]["incomplete"]) == bool(row["unpriced"])


def test_areas_of_ones_own_are_those_of_tiles_too(compare: Command) -> None:
    rows = compare("--hardware", "sata,mesh-sata", "--area", "lif_unit=200", "--json").json["rows"]
    assert [row["area"]["sources"]["own"]["lif_units"] for row in rows] == [128 * 200, 128 * 200]
