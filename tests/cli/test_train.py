"""``hwsim train``: its card, its files, its errors, and what its directory is to other commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from hwsim import training
from tests.cli.running import Command

NET = """
from torch import nn
from hwsim.nn import LIF

def build(classes: int = 10) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), LIF(), nn.Conv2d(4, 4, 3, padding=1), LIF(), nn.AvgPool2d(4),
        nn.Flatten(), nn.Linear(16, classes),
    )
"""
SMALL = (
    *("--data", "digits", "--epochs", "1", "--train-samples", "100", "--test-samples", "40"),
    *("--timesteps", "2", "--device", "cpu"),
)


@pytest.fixture
def net(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text(NET)
    return f"{tmp_path / 'net.py'}:build"


def test_a_training_prints_its_card_and_is_a_model(hwsim: Command, net: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    ran = hwsim("train", net, *SMALL, "--sharing", "C2", "-o", run, "--json")
    assert ran.code == 0, ran.err
    card = json.loads(ran.out)
    assert card == json.loads((run / "card.json").read_text())
    assert (card["data"], card["sharing"], card["test_samples"]) == ("digits", "C2", 40)
    assert card["command"].startswith("hwsim train ")
    assert {path.name for path in run.iterdir()} == {
        "card.json", "checkpoints", "curve.png", "inputs.npz", "metrics.jsonl", "training.yaml",
        "weights.safetensors",
    }  # fmt: skip
    shown = json.loads(hwsim("inspect", run, "--json").out)
    assert (shown["name"], shown["timesteps"]) == ("run", 2)
    assert shown["layers"][1]["channel_groups"] == 2
    estimated = json.loads(hwsim("estimate", run, "--samples", "4", "--json").out)
    assert estimated["agreement"]["trusted"]
    compared = hwsim("compare", run)
    assert "note: accuracy of run: on 40 test samples, by its card" in compared.out


def test_for_people_it_tells_the_accuracy_and_what_is_next(hwsim: Command, net: str, tmp_path: Path) -> None:
    ran = hwsim("train", net, *SMALL, "-o", tmp_path / "run")
    assert "of 40 test samples, after 1 epochs" in ran.out
    assert f"next: hwsim estimate {tmp_path / 'run'}" in ran.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rate", "-1"), "train: rate: found -1.0"),
        (("--method", "asgl", "--milestones", "1,x"), "milestones.1: found 'x'"),
        (("--augment", "spin"), "augment.0: found 'spin'"),
        (("--from", "nowhere"), "nowhere/training.yaml: no such file"),
        (("--data", "digitz"), "unknown data set 'digitz'. Did you mean 'digits'?"),
    ],
)
def test_wrong_options_are_named(
    hwsim: Command, net: str, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    ran = hwsim("train", net, *SMALL, *options, "-o", tmp_path / "run")
    assert (ran.code, message in ran.err) == (2, True), ran.err
    assert not (tmp_path / "run").exists()


def test_a_directory_of_other_files_is_left_alone(hwsim: Command, net: str, tmp_path: Path) -> None:
    ran = hwsim("train", net, *SMALL, "-o", tmp_path)
    assert ran.code == 2
    assert "holds files that are of no training" in ran.err


def test_ctrl_c_says_how_to_go_on(
    hwsim: Command, net: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("hwsim.report.training_curve.draw", interrupted)
        ran = hwsim("train", net, *SMALL, "-o", tmp_path / "run")
    assert ran.code == 130
    assert "the same command goes on from the last whole epoch" in ran.err
    again = hwsim("train", net, *SMALL, "-o", tmp_path / "run")
    assert again.code == 0, again.err
    assert (tmp_path / "run" / training.CURVE).exists()
