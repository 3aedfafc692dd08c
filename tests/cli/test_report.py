"""``hwsim report``: what it writes, and what it refuses of a file that anybody may have made."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hwsim.report import csv_files, figures, page
from hwsim.report.contents import contents
from hwsim.report.saved import load
from tests.cli.running import Command
from tests.report import chip_example
from tests.report.example import HOSTILE, empty, example, with_layers


def saved(path: Path, values: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return saved(tmp_path / "in" / "result.json", example())


def test_the_page_of_a_saved_estimate_is_the_page_that_the_estimate_wrote(
    estimate: Command, hwsim: Command, tmp_path: Path
) -> None:
    assert estimate("--samples", "2", "-o", tmp_path / "out").code == 0
    assert hwsim("report", tmp_path / "out", "-o", tmp_path / "again", "--format", "none").code == 0
    for name in ("report.html", "layers.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_report_has_its_page_its_tables_and_its_figures(
    hwsim: Command, result: Path, tmp_path: Path
) -> None:
    ran = hwsim("report", result, "-o", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert f"report: {tmp_path / 'out' / 'report.html'}" in ran.out
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == {
        "report.html", "report.md", "report.json", "layers.csv", "components.csv", "figures",
    }  # fmt: skip
    names = {*figures.all_figures(example()), "memory", "roofline", "spread", "tables"}
    assert {p.name for p in (out / "figures").iterdir()} == {
        f"{name}.{form}" for name in names for form in ("png", "svg", "pdf")
    }
    for path in (out / "figures").glob("*.png"):
        with Image.open(path) as picture:
            assert picture.width > 1000
            assert len(picture.convert("L").getcolors() or [0] * 9) > 2  # not blank
    assert all(p.read_bytes().startswith(b"%PDF") for p in (out / "figures").glob("*.pdf"))


def test_a_report_of_a_chip_of_many_cores_is_made_of_its_own_json(hwsim: Command, tmp_path: Path) -> None:
    path = saved(tmp_path / "in" / "chip.json", chip_example.example())
    assert hwsim("report", path.parent, "-o", tmp_path / "out", "--format", "svg").code == 0
    assert (tmp_path / "out" / "figures" / "links.svg").is_file()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "cores.csv").read_text())))
    assert [int(row["core"]) for row in rows] == [core["core"] for core in chip_example.example()["cores"]]


def test_several_results_have_a_folder_each_and_an_index_that_compares_them(
    hwsim: Command, result: Path, tmp_path: Path
) -> None:
    chip = saved(tmp_path / "in" / "chip.json", chip_example.example())
    ran = hwsim("report", result, chip, "-o", tmp_path / "out", "--format", "none")
    assert f"index: {tmp_path / 'out' / 'index.html'}" in ran.out
    folders = ["1-tiny-sata", "2-small-loihi"]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {*folders, "index.html", "index.csv"}
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "index.csv").read_text())))
    assert [row["report"] for row in rows] == folders
    assert float(rows[0]["energy_pj"]) == example()["per_sample"]["energy_pj"]["mean"]
    assert (
        float(rows[1]["energy_pj"]) == chip_example.example()["energy"][0]["total_pj"] / chip_example.SAMPLES
    )
    for folder in folders:
        assert f'href="{folder}/report.html"' in text
        assert (tmp_path / "out" / folder / "report.html").is_file()


def test_the_json_has_the_numbers_of_the_page_with_their_units(
    hwsim: Command, result: Path, tmp_path: Path
) -> None:
    hwsim("report", result, "-o", tmp_path / "out", "--format", "svg")
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    values = example()
    assert (found["schema"], found["of"]["kind"], found["of"]["schema"]) == (1, "result", 1)
    head = {h["name"]: (h["value"], h["unit"]) for h in found["headline"]}
    assert head["energy"] == (values["per_sample"]["energy_pj"]["mean"], "pJ")
    assert head["chip area"] == (values["totals"]["area_um2"], "um2")
    layers = found["tables"]["layers"]
    cycles = [c["name"] for c in layers["columns"]].index("cycles")
    assert [row[cycles]["value"] for row in layers["rows"]] == [
        layer["cycles"] / values["samples"] for layer in values["layers"]
    ]
    assert found["figures"]["energy"]["files"] == ["figures/energy.svg"]


def changed(**fields: Any) -> dict[str, Any]:
    return example() | fields


def within(name: str, **fields: Any) -> dict[str, Any]:
    values = example()
    values[name] |= fields
    return values


def first_layer(**fields: Any) -> dict[str, Any]:
    values = example()
    values["layers"][0] |= fields
    return values


WRONG: list[tuple[Callable[[], Any], tuple[str, ...]]] = [
    (lambda: changed(schema=2), ("schema: found 2", "reads 1")),
    (lambda: changed(schema=True), ("schema: found True", "reads 1")),
    (lambda: {k: v for k, v in example().items() if k != "totals"}, ("field 'totals' is missing",)),
    (lambda: within("totals", cycles=-1), ("totals.cycles: found -1", "greater than or equal to 0")),
    (lambda: within("totals", energy_pj="many"), ("totals.energy_pj: found 'many'", "number")),
    (
        lambda: within("totals", energy_pj=1e99),
        ("totals.energy_pj: found 1e+99", "less than or equal to 1"),
    ),
    (lambda: within("totals", cycles=7), ("cycles.array: causes add up to", "totals.cycles is 7")),
    (lambda: within("totals", energy_pj=7.0), ("components add up to", "totals.energy_pj is 7")),
    (lambda: changed(layers=[]), ("counts.", "layers add up to 0, the whole is")),
    (lambda: within("energy_pj", gold=1.0), ("unknown component 'gold'", "allowed: pe_array")),
    (lambda: within("model", timesteps=0), ("model.timesteps: found 0", "greater than or equal to 1")),
    (lambda: first_layer(rate_by_step=[0.1, 0.2]), ("rate_by_step has 2 numbers; allowed: 1 or 3",)),
    (lambda: first_layer(cycles=1.5), ("layers.0.cycles: found 1.5", "integer")),
    (lambda: changed(layers={}), ("layers: found {}", "list")),
    (lambda: changed(sensitivity={"rows": [{"table": [1]}]}), ("sensitivity.rows.0.table: found [1]",)),
    (lambda: changed(ann=None), ("ann_missing: found None",)),
    (lambda: [1, 2], ("expected a JSON object, found list",)),
    (lambda: {"rows": []}, ("is a comparison",)),
    (lambda: {"a": 1}, ("neither a result nor a chip's result: found 'a'",)),
    (lambda: chip_example.example() | {"ticks": 9}, ("by_tick: found 6 ticks; allowed: 0 to 8 in order",)),
    (lambda: chip_example.example() | {"energy": []}, ("energy: found []",)),
]


@pytest.mark.parametrize(("make", "told"), WRONG, ids=[told[0] for _, told in WRONG])
def test_a_wrong_field_is_named_with_what_was_found_and_what_is_allowed(
    hwsim: Command, tmp_path: Path, make: Callable[[], Any], told: tuple[str, ...]
) -> None:
    path = saved(tmp_path / "result.json", make())
    error = hwsim("report", path, "-o", tmp_path / "out").error
    assert str(path) in error
    assert all(part in error for part in told), error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not readable as JSON"),
        ('{"schema": NaN}', "NaN is not a number of JSON"),
        ('{"schema": 1e999}', "larger than any number"),
        ('{"schema": 1, "schema": 1}', "'schema' is there twice"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "more than 24 deep"),
        ("\udcff", "not readable as JSON"),
    ],
)
def test_what_is_no_json_is_refused(hwsim: Command, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    error = hwsim("report", path, "-o", tmp_path / "out").error
    assert str(path) in error
    assert told in error


def test_a_directory_without_a_result_and_one_with_two_are_refused(hwsim: Command, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "holds no result.json" in hwsim("report", tmp_path / "none", "-o", tmp_path / "out").error
    for name in ("result.json", "chip.json"):
        saved(tmp_path / "two" / name, {})
    assert "name the file" in hwsim("report", tmp_path / "two", "-o", tmp_path / "out").error
    assert "no such file" in hwsim("report", tmp_path / "absent", "-o", tmp_path / "out").error


def test_a_file_that_is_read_is_never_replaced(hwsim: Command, tmp_path: Path) -> None:
    path = saved(tmp_path / "out" / "report.json", example())
    before = path.read_bytes()
    error = hwsim("report", path, "-o", tmp_path / "out", "--format", "none").error
    assert f"{path}: is read, and would be replaced" in error
    assert path.read_bytes() == before
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.json"]


def test_a_report_may_stand_beside_its_result(hwsim: Command, result: Path) -> None:
    before = result.read_bytes()
    assert hwsim("report", result.parent, "-o", result.parent, "--format", "none").code == 0
    assert result.read_bytes() == before
    assert (result.parent / "report.html").is_file()


def test_an_unknown_format_is_named(hwsim: Command, result: Path, tmp_path: Path) -> None:
    error = hwsim("report", result, "-o", tmp_path / "out", "--format", "png,jpg").error
    assert "--format 'jpg'" in error
    assert "png" in error


@pytest.mark.parametrize("name", [*HOSTILE, "\u0634\u0628\u0643\u0629", "=1+1", "a|b`c\n# d"])
def test_hostile_names_make_every_file_and_break_none(hwsim: Command, tmp_path: Path, name: str) -> None:
    values = with_layers([name, f"{name} 2"])
    values["model"] |= {"name": name, "notes": {name: name}}
    values["hardware"] |= {"name": name}
    path = saved(tmp_path / f"in{len(name)}" / "result.json", values)
    assert hwsim("report", path, path, "-o", tmp_path / "out", "--format", "svg").code == 0
    folders = [p for p in (tmp_path / "out").iterdir() if p.is_dir()]
    assert len(folders) == 2
    assert all(p.name.isascii() and "<" not in p.name for p in folders)
    text = (folders[0] / "report.md").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<img" not in text
    table = text[text.index("## Every layer") :].split("##")[1].strip().splitlines()
    assert len(table[2:]) == 4  # head, rule and two layers: no name has made a line or a column of its own
    rows = list(csv.reader(io.StringIO((folders[0] / "layers.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 3
    assert not any(cell.startswith(csv_files.FORMULA) for row in rows for cell in row)


def test_a_result_of_nothing_has_its_report(hwsim: Command, tmp_path: Path) -> None:
    path = saved(tmp_path / "result.json", empty())
    assert hwsim("report", path, "-o", tmp_path / "out", "--format", "svg").code == 0
    assert "No energy is priced." in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_result_without_bounds_and_operations_alone_has_its_report(tmp_path: Path) -> None:
    # as of the version before they were there
    values = {
        k: v for k, v in example().items() if k not in ("bounds", "compute_only", "sensitivity", "over_time")
    }
    found = contents(load(saved(tmp_path / "result.json", values)))
    assert "operations_alone" not in found.tables
    assert "no bounds are drawn" in found.pictures["roofline"].caption
    assert "does not tell the energy of operations alone" in found.html()


def test_a_sensitivity_has_its_table_and_its_section(tmp_path: Path) -> None:
    values = example()
    found = contents(load(saved(tmp_path / "result.json", values)))
    rows = found.tables["sensitivity"].rows
    assert [row[1].value for row in rows] == [
        row["energy_pj"] / values["samples"] for row in values["sensitivity"]["rows"]
    ]
    text = found.html()
    assert 'id="sensitivity"' in text
    assert ("turns with the table" in text) == values["sensitivity"]["flips"]
    assert "To cite" in text
    without = {k: v for k, v in values.items() if k != "sensitivity"}
    assert 'id="sensitivity"' not in page.render(without)


def test_answers_after_fewer_steps_have_their_table(tmp_path: Path) -> None:
    values = example()
    values["over_time"] = [{"timesteps": t, "accuracy": 0.5, "totals": values["totals"]} for t in (1, 2, 3)]
    found = contents(load(saved(tmp_path / "result.json", values)))
    rows = found.tables["over_time"].rows
    assert [row[0].text for row in rows] == ["1", "2", "3"]
    assert rows[0][2].value == values["totals"]["energy_pj"] / values["samples"]
    assert "Read out after fewer timesteps" in found.html()
