"""``hwsim select``: candidates that learn, rows of a comparison, limits, winners and errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from hwsim.methods.stdp.learn import finished
from tests.cli.running import Command

SMALL = (
    *("select", "tinysnn/lateral", "--data", "digits", "--neurons", "8,12", "--bits", "6,float"),
    *("--parts", "qW", "--timesteps", "20", "--train-samples", "40", "--test-samples", "20"),
)
NAMES = ["n8-float", "n8-ptq-qW-6-nearest", "n8-itq-qW-6-nearest"]
NAMES += [name.replace("n8", "n12") for name in NAMES]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("selected") / "run"


def test_candidates_learn_once_and_are_judged_by_memory_and_accuracy(hwsim: Command, done: Path) -> None:
    found = hwsim(*SMALL, "--json", "-o", done).json
    assert [one["name"] for one in found["candidates"]] == NAMES
    costs = {one["name"]: one["costs"] for one in found["candidates"]}
    # 64 inputs of 8 neurons: 512 weights of 32 or 6 bits, and 2 parameters of 32 bits a neuron
    assert costs["n8-float"]["memory_bytes"] == (512 * 32 + 8 * 64) / 8
    assert costs["n8-ptq-qW-6-nearest"]["memory_bytes"] == (512 * 6 + 8 * 64) / 8
    assert costs["n8-ptq-qW-6-nearest"]["learning_energy_pj"] == costs["n8-float"]["learning_energy_pj"]
    assert found["reference"]["name"] == "n12-float"
    best = max(found["candidates"], key=lambda one: one["accuracy"])["accuracy"]
    assert found["winners"][0]["reward"] == best
    assert {"selection.json", "selection.csv", "selection.png", "selection.yaml"} <= {
        path.name for path in done.iterdir()
    }
    assert json.loads((done / "selection.json").read_text()) == found
    before = {name: finished(done / name).card for name in NAMES}
    again = hwsim(*SMALL, "--mu", "0.3", "--cost", "energy_pj", "--json", "-o", done).json
    assert {name: finished(done / name).card for name in NAMES} == before
    assert [one["mu"] for one in again["winners"]] == [0.3]
    dearest = max(again["candidates"], key=lambda one: one["costs"]["energy_pj"])
    assert again["reference"]["name"] == dearest["name"]


def test_a_limit_leaves_out_what_is_dearer(hwsim: Command, done: Path) -> None:
    found = hwsim(*SMALL, "--limit", "memory_bytes<=1000", "--json", "-o", done).json
    kept = {one["name"] for one in found["candidates"] if not one["refused"]}
    assert kept == {name for name in NAMES if name.endswith("6-nearest")}
    assert {one["name"] for one in found["ranges"]} <= kept
    ran = hwsim(*SMALL, "--limit", "memory_bytes<=1", "-o", done)
    assert "no candidate keeps all limits" in ran.error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bits", "1"), "bits 1: allowed are 2 to 32"),
        (("--bits", "8,x"), "--bits 'x': whole numbers"),
        (("--bits", "8,8"), "--bits '8,8': '8' is there twice"),
        (("--scheme", "qat"), "scheme.0: found 'qat'"),
        (("--parts", "qN"), "parts.0: found 'qN'"),
        (("--mu", "-1"), "--mu '-1': numbers from 0 on"),
        (("--limit", "energy_pj=3"), "write COST<=NUMBER"),
        (("--limit", "joules<=3"), "--limit: 'joules' is no cost"),
        (("--cost", "joules"), "--cost: 'joules' is no cost"),
        (("--table", "sata_kernels"), "it must price the float candidates"),
        (("--hardware", "nothing"), "nothing"),
    ],
)
def test_wrong_options_are_named_before_anything_learns(
    hwsim: Command, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    assert message in hwsim(*SMALL, *options, "-o", tmp_path / "run").error
    assert not (tmp_path / "run").exists()


def test_a_reference_that_no_candidate_is_is_named(hwsim: Command, done: Path) -> None:
    hwsim(*SMALL, "-o", done)
    assert "they are n8-float" in hwsim(*SMALL, "--reference", "n9", "-o", done).error


def test_candidates_of_few_bits_have_the_area_of_their_words(hwsim: Command, tmp_path: Path) -> None:
    """A LIF unit of 8-bit states is smaller than one of 16; of float32 the table has no areas."""
    asked = (*SMALL, "--neurons", "8", "--bits", "16,8", "--parts", "qWN", "--scheme", "ptq")
    found = hwsim(*asked, "--json", "-o", tmp_path / "run").json["candidates"]
    costs = {one["name"]: one["costs"] for one in found}
    assert "area_um2" not in costs["n8-float"]
    few, many = (costs[f"n8-ptq-qWN-{bits}-nearest"] for bits in (8, 16))
    assert few["area_um2"] < many["area_um2"]
    assert few["energy_pj"] < many["energy_pj"]


def test_a_directory_of_another_selection_is_refused(hwsim: Command, done: Path) -> None:
    hwsim(*SMALL, "-o", done)
    assert (
        "of another selection (seed: 0 there, 3 asked for)" in hwsim(*SMALL, "--seed", "3", "-o", done).error
    )


def rows() -> list[dict[str, Any]]:
    """A comparison of two precisions: 2 samples, 100 and 50 bytes of weights, 10 of states."""
    keys = {
        "model": "m",
        "sharing": "none",
        "hardware": "sata",
        "schedule": "layer_major",
        "batch": 1,
        "table": "t",
    }
    return [
        keys | {
            "bits": bits, "accuracy": accuracy, "samples": 2,
            "weight_bytes": weights, "lif": {"memory_bytes": 10},
            "totals": {"energy_pj": energy, "dram_bytes": 8, "latency_ns": 4.0, "area_um2": 5.0},
        }
        for bits, accuracy, weights, energy in (("8/16", 0.9, 100, 40.0), ("4/12", 0.8, 50, 20.0))
    ]  # fmt: skip


def test_rows_of_a_comparison_are_candidates(hwsim: Command, tmp_path: Path) -> None:
    (tmp_path / "compare.json").write_text(json.dumps({"rows": rows()}))
    found = hwsim("select", tmp_path, "--mu", "0,1", "--json").json
    assert {one["name"]: one["costs"]["memory_bytes"] for one in found["candidates"]} == {
        "8/16": 110,
        "4/12": 60,
    }
    assert found["candidates"][0]["costs"]["energy_pj"] == 20.0
    # R at mu 1: .9 - 1 against .8 - 60 / 110
    assert [one["name"] for one in found["winners"]] == ["8/16", "4/12"]
    assert found["winners"][1]["reward"] == pytest.approx(0.8 - 60 / 110)
    assert found["ranges"][0]["to_mu"] == pytest.approx(0.1 * 110 / 50)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": 0}, "no compare.json of this version"),
        ({"accuracy": float("nan")}, "NaN is not a number of JSON"),
        ({"weight_bytes": -200}, "memory_bytes is -190"), ({"lif": 3}, "no compare.json of this version"),
    ],
)  # fmt: skip
def test_rows_that_mean_nothing_are_refused(
    hwsim: Command, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    (tmp_path / "compare.json").write_text(json.dumps({"rows": [row | change for row in rows()]}))
    assert message in hwsim("select", tmp_path).error


def test_costs_of_nothing_are_no_reference(hwsim: Command, tmp_path: Path) -> None:
    free = [row | {"totals": row["totals"] | {"energy_pj": 0}} for row in rows()]
    (tmp_path / "compare.json").write_text(json.dumps({"rows": free}))
    assert (
        "none of the candidates with a known energy_pj above 0"
        in hwsim("select", tmp_path, "--cost", "energy_pj").error
    )


def test_rows_of_one_name_are_told_apart(hwsim: Command, tmp_path: Path) -> None:
    same = [row | {"bits": "8/16"} for row in rows()]
    (tmp_path / "compare.json").write_text(json.dumps({"rows": same}))
    found = hwsim("select", tmp_path, "--limit", "memory_bytes<=100", "--json").json["candidates"]
    assert [one["name"] for one in found] == ["m (1)", "m (2)"]
    assert [bool(one["refused"]) for one in found] == [True, False]


def test_a_file_that_is_no_comparison_and_options_of_learning_are_refused(
    hwsim: Command, tmp_path: Path
) -> None:
    path = tmp_path / "compare.json"
    path.write_text("{}")
    assert "no compare.json of this version" in hwsim("select", path).error
    path.write_text(json.dumps({"rows": rows()}))
    assert "--neurons: of candidates that learn" in hwsim("select", path, "--neurons", "100").error
    path.write_text(json.dumps({"rows": [row | {"accuracy": None} for row in rows()]}))
    assert "no row knows its accuracy" in hwsim("select", path).error


def test_candidates_need_a_directory_and_data(hwsim: Command, tmp_path: Path) -> None:
    assert "-o DIRECTORY" in hwsim(*SMALL).error
    assert "data" in hwsim("select", "tinysnn/lateral", "-o", tmp_path / "x").error
    assert (
        "model: found 'fashion'" in hwsim("select", "fashion", "--data", "digits", "-o", tmp_path / "x").error
    )
