"""``hwsim learn``: its card, its errors, and what its directory is to other commands."""

import json
from pathlib import Path

import pytest

from hwsim.network import Network
from hwsim.storage import load_value
from tests.cli.running import Command

SMALL = (
    *("--data", "digits", "--train-samples", "40", "--test-samples", "20", "--neurons", "8"),
    *("--timesteps", "30", "--norm", "20", "--max-rate", "200"),
)


def test_a_learning_prints_its_card_and_is_a_model(hwsim: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, "--rule", "tinysnn", "-o", run, "--json")
    assert ran.code == 0, ran.err
    card = json.loads(ran.out)
    assert card == json.loads((run / "card.json").read_text())
    assert (card["data"], card["method"], card["test_samples"]) == ("digits", "tinysnn", 20)
    assert card["command"].startswith("hwsim learn ")
    assert {path.name for path in run.iterdir()} == {
        "card.json", "inputs.npz", "learned.safetensors", "learning.yaml", "metrics.jsonl",
        "network.safetensors",
    }  # fmt: skip
    shown = json.loads(hwsim("inspect", run, "--json").out)
    assert (shown["name"], shown["timesteps"]) == ("run", 30)
    estimated = json.loads(hwsim("estimate", run, "--samples", "20", "--json").out)
    assert estimated["accuracy"]["accuracy"] == pytest.approx(card["test_accuracy"])


def test_for_people_it_tells_the_accuracy_and_what_is_next(hwsim: Command, tmp_path: Path) -> None:
    ran = hwsim("learn", "tinysnn/baseline", *SMALL, "-o", tmp_path / "run")
    assert "of 20 test samples, after 40 images" in ran.out
    assert f"next: hwsim estimate {tmp_path / 'run'}" in ran.out


def test_formats_are_bits_and_fraction_bits(hwsim: Command, tmp_path: Path) -> None:
    fixed = ("--format", "weights=8.7", "--format", "theta=12.6", "--rounding", "truncate")
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, *fixed, "-o", tmp_path / "run", "--json")
    assert json.loads(ran.out)["formats"] == {
        "weights": {"bits": 8, "fraction": 7, "rounding": "truncate"},
        "theta": {"bits": 12, "fraction": 6, "rounding": "truncate"},
    }


def test_bits_alone_leave_the_fraction_bits_to_the_ranges(hwsim: Command, tmp_path: Path) -> None:
    hwsim("learn", "tinysnn/lateral", *SMALL, "--growth", "2", "-o", tmp_path / "float")
    formats = ("--format", "weights=8", "--format", "theta=12", "--format", "membrane=12")
    ranged = (*SMALL, "--growth", "2", *formats, "--ranges", tmp_path / "float")
    ran = hwsim("learn", "tinysnn/lateral", *ranged, "-o", tmp_path / "run", "--json")
    assert ran.code == 0, ran.err
    theta = float(load_value(tmp_path / "float" / "learned.safetensors", "learning")[1]["theta"].max())
    assert theta > 2
    found = {word: form["fraction"] for word, form in json.loads(ran.out)["formats"].items()}
    # weights up to 1; theta; as far above the rest, to both sides, as -52 + theta
    assert found["weights"] == 8
    assert 2 ** (12 - found["theta"]) / 2 <= theta < 2 ** (12 - found["theta"])
    assert 2 ** (11 - found["membrane"]) / 2 <= 13 + theta < 2 ** (11 - found["membrane"])
    assert Network.load(tmp_path / "run" / "network.safetensors").quantized


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--rule", "hebb"), "rule: found 'hebb'"),
        (("--format", "weights"), "write NAME=BITS.FRACTION, as in weights=8.7"),
        (("--format", "decay=8.7"), "names are weights, membrane, theta"),
        (("--format", "theta=8"), "name its directory with --ranges, or give the fraction bits"),
        (("--format", "theta=8", "--ranges", "nowhere"), "nowhere"),
        (("--format", "weights=0"), "0 bits; allowed are 1 to 32"),
        (("--format", "membrane=8.1"), "membrane needs a format of weights and theta, too"),
        (("--rounding", "nearest"), "--rounding nearest is for fixed point; give --format"),
        (("--data", "nothing_such"), "nothing_such"),
    ],
)
def test_a_wrong_option_is_one_message(
    hwsim: Command, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, *options, "-o", tmp_path / "run")
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert told in ran.err
    assert not (tmp_path / "run").exists()


def test_a_directory_of_something_else_is_left_alone(hwsim: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    ran = hwsim("learn", "tinysnn/lateral", *SMALL, "-o", tmp_path)
    assert "holds files that are of no learning; name a new directory" in ran.err
