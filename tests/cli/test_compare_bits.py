"""``hwsim compare --bits``: one float model in several precisions, row by row."""

import json
from pathlib import Path

import pytest

from hwsim.methods.precisions import parse_bits, told
from hwsim.methods.quantization import Precision
from tests.cli.running import SAMPLES, Command
from tests.cli.running import told as model

ASKED = ("--samples", SAMPLES)


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("8/12", Precision(8, 12)),
        ("4", Precision(4, 12)),
        ("8", Precision(8, 16)),
        ("12", Precision(12, 16)),
        ("20", Precision(20, 20)),
        ("float", None),
    ],
)
def test_states_have_8_bits_more_than_weights_and_at_most_16(text: str, precision: Precision | None) -> None:
    assert parse_bits(text) == precision
    assert parse_bits(told(precision)) == precision


def test_every_precision_is_a_row_of_one_model(hwsim: Command, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = hwsim("compare", *model(files), *ASKED, "--bits", "float,4,8/12", "-o", str(out))
    assert ran.code == 0
    assert "same answers" in " ".join(ran.out.split())
    values = json.loads((out / "compare.json").read_text())
    plain, four, eight = values["rows"]
    assert [row["bits"] for row in values["rows"]] == ["float", "4/12", "8/12"]
    assert len({row["model"] for row in values["rows"]}) == 1
    # 4 x 9 + 3 x 64 weights, 4 x 8 x 8 membranes; the float network has the chip's 8 and 16 bits
    assert [row["weight_bytes"] for row in values["rows"]] == [228, 114, 228]
    assert [row["lif"]["memory_bytes"] for row in values["rows"]] == [512, 384, 384]
    assert plain["equal_answers"] == 1.0
    assert all(row["accuracy"] is not None for row in values["rows"])
    assert four["dram_bytes"]["weight"] < eight["dram_bytes"]["weight"] == plain["dram_bytes"]["weight"]
    assert four["totals"]["area_um2"] < plain["totals"]["area_um2"]
    csv = (out / "compare.csv").read_text().splitlines()
    assert csv[0].split(",")[:3] == ["model", "sharing", "bits"]
    assert csv[2].split(",")[2] == "4/12"
    assert "4/12" in (out / "compare.html").read_text()


def test_a_row_is_that_of_the_quantized_network(hwsim: Command, files: Path, tmp_path: Path) -> None:
    """In one command or in two: the ranges are those of the same samples."""
    out = tmp_path / "q"
    arguments = [a.replace("--weights", "--model-weights") if a == "--weights" else a for a in model(files)]
    hwsim("quantize", *arguments, *ASKED, "--weights", "6", "--state", "10", "-o", str(out))
    saved = [str(out / "network.safetensors"), "--inputs", str(out / "inputs.npz")]
    (two,) = hwsim("compare", *saved, *ASKED, "--json").json["rows"]
    (one,) = hwsim("compare", *model(files), *ASKED, "--bits", "6/10", "--json").json["rows"]
    for name in ("bits", "totals", "lif", "weight_bytes", "area", "caveats", "accuracy", "dram_bytes"):
        assert one[name] == two[name], name


def test_chips_of_many_cores_take_the_bits_too(hwsim: Command, files: Path) -> None:
    chips = ("--hardware", "mesh-sata,loihi", "--prices", "loihi_sanafe")
    rows = hwsim("compare", *model(files), "--samples", "1", *chips, "--bits", "4,8", "--json").json["rows"]
    assert [(row["hardware"], row["bits"]) for row in rows] == [
        ("mesh-sata", "4/12"), ("loihi", "4/12"), ("mesh-sata", "8/16"), ("loihi", "8/16"),
    ]  # fmt: skip
    assert [row["weight_bytes"] for row in rows] == [114, 114, 228, 228]
    assert rows[0]["many_cores"]["cold_start_pj"] < rows[2]["many_cores"]["cold_start_pj"]
    assert "have no widths" in rows[1]["caveats"][0]


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        ("0", "weights of 0 bits; allowed are 1 to 32"),
        ("8/1", "states of 1 bits; allowed are 2 to 32"),
        ("40", "weights of 40 bits; allowed are 1 to 32"),
        ("8.5", "write whole numbers"),
        ("-8", "write whole numbers"),
        ("eight", "write whole numbers"),
        ("8,,4", "an empty part"),
        ("8,8/16", "8/16 is there twice"),
        ("8/24", "precision.state_bits = 24"),
    ],
)
def test_bits_that_there_are_not_are_refused(hwsim: Command, files: Path, bits: str, said: str) -> None:
    assert said in " ".join(hwsim("compare", *model(files), f"--bits={bits}").error.split())


def test_a_network_in_integers_is_refused(hwsim: Command, files: Path, tmp_path: Path) -> None:
    arguments = [a.replace("--weights", "--model-weights") if a == "--weights" else a for a in model(files)]
    out = tmp_path / "q"
    hwsim("quantize", *arguments, *ASKED, "-o", str(out))
    saved = [str(out / "network.safetensors"), "--inputs", str(out / "inputs.npz")]
    assert "computes in integers already" in hwsim("compare", *saved, "--bits", "4").error
