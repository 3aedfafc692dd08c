"""``hwsim explore`` and ``hwsim combine``: files, a second run, wrong options, stores of two machines."""

import csv
import json
import shlex
from pathlib import Path

import pytest

from tests.cli.running import Command
from tests.explore.small import EVALUATED, SIZE, SPACE, written

HERE = ("--workers", "0")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("space"))


def test_a_sweep_leaves_its_points_its_front_and_a_page(
    hwsim: Command, space: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    told = hwsim("explore", space, *HERE, "--json", "-o", output).json
    assert told["counts"]["asked"] == SIZE
    assert told["run"] | {"sampler": "grid", "known_before": 0} == told["run"]
    found = json.loads((output / "explore.json").read_text(encoding="utf-8"))
    with (output / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == SIZE
    assert [i for i, row in enumerate(rows) if row["front"] == "True"] == sorted(found["front"])
    cheapest = min(found["front"], key=lambda i: found["points"][i]["values"]["energy_pj"])
    assert found["front"][0] == cheapest
    assert float(rows[cheapest]["energy_pj"]) == found["points"][cheapest]["values"]["energy_pj"]
    page = (output / "explore.html").read_text(encoding="utf-8")
    assert page.count("<polyline") > told["counts"]["within_constraints"]
    assert "hardware.pe_array.rows" in page
    # what it says gives a point of the front again does so
    monkeypatch.chdir(output)
    for i in (found["front"][0], found["front"][-1]):
        command = shlex.split(found["commands"][str(i)])
        again = hwsim(*command[1:], "--json").json
        assert again["totals"]["energy_pj"] / 4 == found["points"][i]["values"]["energy_pj"]
        assert again["totals"]["area_um2"] == found["points"][i]["values"]["area_um2"]


def test_a_second_run_finds_everything_known(hwsim: Command, space: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    first = hwsim("explore", space, *HERE, "--json", "-o", output).json
    again = hwsim("explore", space, *HERE, "--resume", "--json", "-o", output).json
    assert again["run"]["known_before"] == EVALUATED
    assert (again["front"], again["counts"]) == (first["front"], first["counts"])
    ran = hwsim("explore", space, *HERE, "--objectives", "accuracy,dram_bytes", "-o", output)
    assert (ran.code, "accuracy" in ran.out) == (0, True)


def test_columns_are_those_of_the_table(hwsim: Command, space: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    hwsim("explore", space, *HERE, "--json", "-o", tmp_path / "out")
    columns = parquet.read_table(tmp_path / "out" / "points.parquet").to_pydict()
    with (tmp_path / "out" / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(columns) == list(rows[0])
    assert columns["id"] == [row["id"] for row in rows]
    assert [v for v in columns["energy_pj"] if v is not None] == [
        float(row["energy_pj"]) for row in rows if row["energy_pj"]
    ]


def test_stores_of_two_machines_become_one(hwsim: Command, space: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        options = ("--sampler", "random", "--budget", "12", "--seed", str(seed))
        hwsim("explore", space, *HERE, *options, "--json", "-o", tmp_path / f"m{seed}")
    one, two = (
        {json.loads(line)["id"] for line in (tmp_path / name / "points.jsonl").read_text().splitlines()}
        for name in ("m0", "m1")
    )
    told = hwsim("combine", tmp_path / "m0", tmp_path / "m1", "--json", "-o", tmp_path / "all").json
    assert (told["designs"], told["known_twice"]) == (len(one | two), len(one & two))
    found = hwsim("explore", space, *HERE, "--json", "-o", tmp_path / "all").json
    assert found["run"]["known_before"] == len(one | two)


def test_two_values_of_one_point_are_no_combination(hwsim: Command, space: Path, tmp_path: Path) -> None:
    for name in ("m0", "m1"):
        options = ("--sampler", "random", "--budget", "4")
        hwsim("explore", space, *HERE, *options, "--json", "-o", tmp_path / name)
    store = tmp_path / "m1" / "points.jsonl"
    lines = [json.loads(line) for line in store.read_text(encoding="utf-8").splitlines()]
    lines[0]["value"] = {"energy_pj": -1}
    store.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    ran = hwsim("combine", tmp_path / "m0", tmp_path / "m1", "-o", tmp_path / "all")
    assert f"task {lines[0]['id']} has two values" in ran.error
    assert str(store) in ran.error
    assert not (tmp_path / "all" / "points.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objectives", "energy"), "'energy' is no objective; known: energy_pj"),
        (("--sampler", "grids"), "--sampler 'grids'. Did you mean 'grid'"),
        (("--workers", "1", "--scheduler", "tcp://127.0.0.1:1"), "leave one out"),
        (("--sampler", "grid", "--budget", "3"), "the grid has up to 36 points"),
        (("--resume",), "--resume"),
        (("--seed", "4294967296", "--sampler", "tpe"), "--seed 4294967296; allowed: 0 to 4294967295"),
        (("--memory", "abc"), "--memory 'abc' is no size; allowed: auto, or a size, e.g. 2GB"),
    ],
)
def test_what_is_wrong_with_options_is_said_before_anything_runs(
    hwsim: Command, space: Path, tmp_path: Path, options: tuple[str, ...], message: str, nothing_long: None
) -> None:
    ran = hwsim("explore", space, *options, "-o", tmp_path / "out")
    assert message in ran.error


def test_a_directory_of_another_space_or_of_other_files_is_refused(
    hwsim: Command, space: Path, tmp_path: Path
) -> None:
    hwsim("explore", space, *HERE, "--sampler", "random", "--budget", "2", "--json", "-o", tmp_path / "out")
    (tmp_path / "other").mkdir()
    other = written(tmp_path / "other", SPACE.replace("[1, 4]", "[1, 2]"))
    assert "is of another space (" in hwsim("explore", other, *HERE, "-o", tmp_path / "out").error
    ran = hwsim("explore", other, *HERE, "-o", tmp_path / "other")
    assert "holds files that are of no exploration" in ran.error
    ran = hwsim("combine", tmp_path / "other", "-o", tmp_path / "all")
    assert "no directory of hwsim explore" in ran.error
