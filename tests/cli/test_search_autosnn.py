"""``hwsim search autosnn``: what it prints and writes, kill and resume, and errors on one line."""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from hwsim.report import search_page
from hwsim.report.search_console import noise
from tests.cli.running import Command
from tests.methods.small_supernet import SUPERNET

SMALL = (
    "--rounds", "2", "--pool", "3", "--mutations", "1", "--crossovers", "1", "--top", "2",
    "--validation", "60", "--calibration", "100", "--samples", "2", "--averaged", "3",
)  # fmt: skip
STARTED_S = 120


@pytest.fixture(scope="module")
def supernet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("supernet") / "net"
    train(TrainSpec.of(SUPERNET), made)
    return made


def test_the_best_the_front_the_files_and_how_to_train_the_best_are_told(
    hwsim: Command, supernet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "found"
    run = hwsim("search", "autosnn", supernet, *SMALL, "--cost", "latency_ns", "-o", out)
    assert run.code == 0
    found = json.loads((out / "search.json").read_text(encoding="utf-8"))
    best = found["candidates"][found["best"]]
    assert " ".join(best["path"]) in run.out
    assert f"front of accuracy and latency_ns: {len(found['front'])} path" in run.out
    assert f"--path {','.join(best['path'])}" in run.out
    command = shlex.split(run.out.partition("next: hwsim ")[2])
    alone = hwsim(*command, "--epochs", "1", "--train-samples", "60")
    assert alone.code == 0
    with (out / "search.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [" ".join(row["path"]) for row in found["candidates"]]
    assert [float(row["latency_ns"]) for row in rows] == [
        row["costs"]["latency_ns"] for row in found["candidates"]
    ]
    page = (out / "search.html").read_text(encoding="utf-8")
    assert page.count("<circle") == 2 * len(rows)
    assert not re.search(r'(?:src|href)="https?:', page)
    again = hwsim("search", "autosnn", supernet, *SMALL, "--cost", "latency_ns", "-o", out, "--json")
    assert again.json == found | {"winner": None}


@pytest.mark.parametrize("path", ["skip,scb3,skip,srb3,skip", "srb3, srb3,srb3,srb3,srb3"])
def test_a_path_may_take_the_same_option_at_several_places(hwsim: Command, tmp_path: Path, path: str) -> None:
    of = ("--set", "channels=4", "--set", "options=skip,scb3,srb3", "--data", "digits", "--timesteps", "2")
    small = ("--train-samples", "50", "--test-samples", "20", "--epochs", "1", "--batch", "25")
    run = hwsim("train", "autosnn/supernet", *of, *small, "--path", path, "-o", tmp_path / "alone")
    assert run.code == 0


def test_the_winner_is_trained_from_scratch_if_asked(hwsim: Command, supernet: Path, tmp_path: Path) -> None:
    found = hwsim("search", "autosnn", supernet, *SMALL, "--retrain", "--json", "-o", tmp_path / "found").json
    assert found["winner"]["epochs"] == SUPERNET["epochs"]
    estimated = hwsim("estimate", tmp_path / "found" / "winner", "--samples", "2", "--json").json
    assert estimated["agreement"]["trusted"]
    again = hwsim("search", "autosnn", supernet, *SMALL, "--json", "-o", tmp_path / "found").json
    assert again["winner"] == found["winner"]


@pytest.mark.parametrize(
    ("accuracies", "told"), [((0.1, 0.1), True), ((0.4, 0.6), True), ((0.2, 0.7), False)]
)
def test_accuracies_that_differ_by_noise_alone_are_said_to(accuracies: tuple[float, ...], told: bool) -> None:
    """40 images: two standard errors of .6 - .4 are .219, of .7 - .2 .193."""
    rows = [{"accuracy": one, "refused": None} for one in accuracies]
    doubt = noise({"spec": {"validation": 40}, "candidates": rows})
    assert (doubt is not None) == told


def test_a_search_killed_at_its_work_ends_as_one_that_was_not(supernet: Path, tmp_path: Path) -> None:
    def command(output: Path) -> list[str]:
        return [sys.executable, "-m", "hwsim", "search", "autosnn", str(supernet), *SMALL, "-o", str(output)]

    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen(command(killed), start_new_session=True, stdout=subprocess.DEVNULL)
    tasks, began = killed / "tasks.jsonl", time.monotonic()
    while not tasks.is_file() or tasks.read_bytes().count(b"\n") < 4:
        assert process.poll() is None
        assert time.monotonic() - began < STARTED_S
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = tasks.read_bytes()
    assert not (killed / "search.json").exists()
    for output in (killed, whole):
        subprocess.run(command(output), check=True, stdout=subprocess.DEVNULL)
    assert (killed / "search.json").read_bytes() == (whole / "search.json").read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    assert tasks.read_bytes().startswith(kept)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cost", "joules"), "cost 'joules' on sata"),
        (("--hardware", "nothing"), "unknown hardware preset 'nothing'"),
        (("--fitness", "cubic"), "fitness: found 'cubic'"),
        (("--workers", "1", "--scheduler", "tcp://127.0.0.1:1"), "--workers: of this machine"),
        (("--validation", "5000"), "5,000 others are asked for"),
        (("--known", "nowhere"), "nowhere"),
    ],
)
def test_wrong_options_are_named(
    hwsim: Command, supernet: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    assert message in hwsim("search", "autosnn", supernet, *SMALL, *options, "-o", tmp_path / "x").error


def test_what_is_no_supernet_is_named(hwsim: Command, tmp_path: Path) -> None:
    assert "training.yaml" in hwsim("search", "autosnn", tmp_path, "-o", tmp_path / "x").error


def test_a_page_shows_names_of_options_as_text(supernet: Path, hwsim: Command, tmp_path: Path) -> None:
    found = hwsim("search", "autosnn", supernet, *SMALL, "--json", "-o", tmp_path / "found").json
    hostile = "<script>alert(1)</script>"
    for row in found["candidates"]:
        row["path"][0] = hostile
    found["supernet"]["model"] = hostile
    assert hostile not in search_page.render(found)
