"""A training that is killed goes on; damaged files, other specs and other processes are told."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import hwsim
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.methods.run_directory import alone
from hwsim.methods.train import CARD, INPUTS, METRICS, SPEC, finished, train
from hwsim.methods.train_model import WEIGHTS
from hwsim.methods.train_state import FOLDER, digest_of
from hwsim.methods.trained import open_training
from tests.methods.training import assert_same, spec, stopped, weights

KILLED = """
import os, signal, sys
from pathlib import Path
from hwsim.configuration import load_yaml
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec

def progress(stage, done, of):
    if stage == "epoch 2" and done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

train(load_yaml(Path(sys.argv[1]), TrainSpec), Path(sys.argv[2]), progress)
"""


def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(net: str, tmp_path: Path) -> None:
    # random order, shifts, dropout and ASGL's masks: all that an epoch draws
    asked = spec(net, epochs=3, method="asgl", augment=["shift"])
    whole = train(asked, tmp_path / "whole")
    given, killed = str(tmp_path / "whole" / SPEC), tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", KILLED, given, str(killed)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (killed / CARD).exists()
    with pytest.raises(HwsimError, match="this training has done 1 of 3 epochs"):
        hwsim.estimate(killed)
    again = train(asked, killed)
    assert_same(weights(again), weights(whole))
    timeless = [
        [{k: v for k, v in row.items() if "seconds" not in k} for row in t.history] for t in (again, whole)
    ]
    assert timeless[0] == timeless[1]
    assert [row["epoch"] for row in again.history] == [1, 2, 3]
    assert [json.loads(line) for line in (killed / METRICS).read_text().splitlines()] == again.history


def test_a_finished_training_is_not_trained_again(net: str, tmp_path: Path) -> None:
    first = train(spec(net, epochs=1), tmp_path)
    card = (tmp_path / CARD).read_bytes()
    assert train(spec(net, epochs=1), tmp_path).history == first.history
    assert (tmp_path / CARD).read_bytes() == card


def test_another_seed_gives_other_weights_and_the_same_seed_the_same(net: str, tmp_path: Path) -> None:
    runs = [train(spec(net, epochs=1, seed=s), tmp_path / str(i)) for i, s in enumerate((1, 1, 2))]
    assert_same(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(weights(runs[0])["0.weight"], weights(runs[2])["0.weight"])


def test_a_directory_of_another_spec_is_refused_with_the_difference(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path)
    with pytest.raises(
        HwsimError, match=r"another training \(epochs: 1 there, 2 asked for; seed: 0 there, 7"
    ):
        train(spec(net, seed=7), tmp_path)


def test_what_failed_in_its_first_epoch_may_be_begun_with_a_lower_rate(net: str, tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match="a lower rate"):
        train(spec(net, optimizer="sgd", rate=1e30, warmup=0), tmp_path)
    assert train(spec(net, optimizer="sgd", rate=0.01, warmup=0), tmp_path).spec.rate == 0.01


def with_an_import(net: str, directory: Path) -> str:
    """The same network in a file that imports another one beside it."""
    text = Path(net.rpartition(":")[0]).read_text()
    (directory / "net.py").write_text(f"import imported_by_net\n{text}")
    (directory / "imported_by_net.py").touch()
    return f"{directory / 'net.py'}:build"


FILES = pytest.mark.parametrize("file", ["net.py", "imported_by_net.py"])


@FILES
def test_a_training_does_not_go_on_with_another_model_file(net: str, tmp_path: Path, file: str) -> None:
    of_file = spec(with_an_import(net, tmp_path))
    stopped(of_file, tmp_path / "run", 1)
    (tmp_path / file).write_text((tmp_path / file).read_text() + "\n")
    with pytest.raises(HwsimError, match=rf"{file} changed since this run began"):
        train(of_file, tmp_path / "run")


@FILES
def test_a_training_is_no_model_with_another_model_file(net: str, tmp_path: Path, file: str) -> None:
    train(spec(with_an_import(net, tmp_path), epochs=1), tmp_path / "run")
    (tmp_path / file).write_text((tmp_path / file).read_text() + "\n")
    with pytest.raises(HwsimError, match=rf"{file}: is not the file that .*run was trained with"):
        finished(tmp_path / "run")


def test_a_process_that_is_refused_leaves_the_spec_of_the_one_that_trains(net: str, tmp_path: Path) -> None:
    asked = spec(net)

    other = spec(net, seed=9)
    (tmp_path / "other").mkdir()
    with alone(tmp_path / "other"):
        with pytest.raises(HwsimError, match="another process is working in it"):
            train(asked, tmp_path / "other")
        assert not (tmp_path / "other" / SPEC).exists()
    assert train(other, tmp_path / "other").spec == other


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("test_accuracy", "abc"),
        ("test_accuracy", 7.5),
        ("timesteps", "x"),
        ("fit", 3),
        ("input_shape", [1, "x"]),
    ],
)
def test_a_card_that_means_nothing_is_damaged(net: str, tmp_path: Path, name: str, change: object) -> None:
    train(spec(net, epochs=1), tmp_path)
    card = json.loads((tmp_path / CARD).read_text())
    (tmp_path / CARD).write_text(json.dumps(card | {name: change}))
    with pytest.raises(HwsimError, match=r"card\.json: this card is damaged"):
        open_training(tmp_path)
    (tmp_path / CARD).write_text(json.dumps({"sha256": {}}))
    with pytest.raises(HwsimError, match=r"card\.json: this card is damaged: it has no model"):
        finished(tmp_path)


@pytest.mark.parametrize("text", ["[]\n", "{}\n"])
def test_metrics_that_are_no_rows_are_damaged(net: str, tmp_path: Path, text: str) -> None:
    train(spec(net, epochs=1), tmp_path)
    (tmp_path / METRICS).write_text(text)
    with pytest.raises(HwsimError, match=r"metrics\.jsonl: is damaged"):
        finished(tmp_path)


def test_samples_that_lack_classes_are_told(net: str, tmp_path: Path) -> None:
    arrays = {f"x_{s}": np.zeros((80, 1, 8, 8), np.float32) for s in ("train", "test")}
    arrays |= {f"y_{s}": np.arange(80) // 8 for s in ("train", "test")}
    np.savez(tmp_path / "sorted.npz", **arrays)
    asked = spec(net, data=str(tmp_path / "sorted.npz"), train_samples=40, test_samples=None, epochs=1)
    with pytest.warns(HwsimWarning, match="first 40 train samples of sorted are of 5 of its 10 classes"):
        train(asked, tmp_path / "run")


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_training_does_not_go_on_with_other_data(net: str, tmp_path: Path, split: str) -> None:
    rng = np.random.default_rng(0)
    arrays = {f"x_{s}": rng.random((80, 1, 8, 8), np.float32) for s in ("train", "test")}
    arrays |= {f"y_{s}": rng.integers(10, size=80) for s in ("train", "test")}
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    asked = spec(net, data=str(path), train_samples=None)
    stopped(asked, tmp_path / "run", 1)
    arrays[f"x_{split}"][3, 0, 2, 2] += 0.5
    np.savez(path, **arrays)
    kind = {"train": "training", "test": "test"}[split]
    with pytest.raises(HwsimError, match=rf"data\.npz \({kind} split\) changed since this run began"):
        train(asked, tmp_path / "run")


def test_what_fails_before_the_first_epoch_leaves_no_directory(net: str, tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match="no option 'chanels'"):
        train(spec(net, settings=["chanels=2"]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".json"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_goes_on(
    net: str, tmp_path: Path, suffix: str
) -> None:
    asked = spec(net, epochs=3)
    stopped(asked, tmp_path / "run", 2)
    folder = tmp_path / "run" / FOLDER
    (folder / f"epoch-0002{suffix}").write_bytes(b"{}")
    with pytest.raises(
        HwsimError, match=rf"epoch-0002{suffix}: .* delete .*epoch-0002\.\* to go on from epoch-0001"
    ):
        train(asked, tmp_path / "run")
    for path in folder.glob("epoch-0002.*"):
        path.unlink()
    assert_same(weights(train(asked, tmp_path / "run")), weights(train(asked, tmp_path / "whole")))


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_checkpoint_that_is_damaged_under_a_right_digest_is_named(
    net: str, tmp_path: Path, suffix: str
) -> None:
    asked = spec(net, epochs=2)
    stopped(asked, tmp_path / "run", 1)
    stem = tmp_path / "run" / FOLDER / "epoch-0001"
    stem.with_suffix(suffix).write_bytes(b"no tensors")
    header = json.loads(stem.with_suffix(".json").read_text())
    header["sha256"][suffix] = digest_of(stem.with_suffix(suffix))
    stem.with_suffix(".json").write_text(json.dumps(header))
    with pytest.raises(HwsimError, match="this checkpoint is missing or damaged; begin in a new directory"):
        train(asked, tmp_path / "run")


def test_only_the_newest_two_checkpoints_are_kept(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=4), tmp_path)
    kept = {path.stem for path in (tmp_path / FOLDER).iterdir()}
    assert kept == {"epoch-0003", "epoch-0004"}


def test_a_training_goes_on_with_the_threads_of_its_beginning(net: str, tmp_path: Path) -> None:
    asked = spec(net)
    stopped(asked, tmp_path, 1)
    torch.set_num_threads(2)
    seen: list[int] = []
    train(asked, tmp_path, lambda *_: seen.append(torch.get_num_threads()))
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


def test_one_directory_is_trained_into_by_one_process(net: str, tmp_path: Path) -> None:
    said: list[str] = []

    def progress(stage: str, done: int, _of: int) -> None:
        if stage == "epoch 1" and done == 1:
            with pytest.raises(HwsimError) as found:
                train(spec(net, epochs=1), tmp_path / "run")
            said.append(str(found.value))

    train(spec(net, epochs=1), tmp_path / "run", progress)
    assert said == [f"{tmp_path / 'run'}: another process is working in it"]


def test_a_training_goes_on_without_the_one_that_it_began_from(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path / "first")
    asked = spec(net, epochs=1, initial=str(tmp_path / "first"))
    whole = train(asked, tmp_path / "second")
    shutil.rmtree(tmp_path / "first")
    (tmp_path / "second" / CARD).unlink()
    assert_same(weights(train(asked, tmp_path / "second")), weights(whole))


def test_checkpoints_without_their_spec_are_refused(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path / "run")
    (tmp_path / "run" / SPEC).unlink()
    with pytest.raises(HwsimError, match="has checkpoints and no training"):
        train(spec(net, epochs=1), tmp_path / "run")


@pytest.mark.parametrize("name", [CARD, METRICS, WEIGHTS, INPUTS])
def test_a_damaged_file_of_a_training_is_named(net: str, tmp_path: Path, name: str) -> None:
    train(spec(net, epochs=1), tmp_path / "run")
    path = tmp_path / "run" / name
    content = path.read_bytes()
    for damage in (content[: len(content) // 2], b"{"):
        path.write_bytes(damage)
        with pytest.raises(HwsimError, match=name):
            hwsim.load(tmp_path / "run")
    path.unlink()
    with pytest.raises(HwsimError, match=name if name != CARD else "has done 1 of 1 epochs"):
        hwsim.load(tmp_path / "run")
