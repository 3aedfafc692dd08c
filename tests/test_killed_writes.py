"""A process killed while it writes: the old file or the new one, never half of it."""

import errno
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.aside import aside, remove_left
from hwsim.configuration import load_yaml, save_yaml
from hwsim.delivery import output_directory, write_together
from hwsim.errors import HwsimError
from hwsim.mapping import Mapping, load_mapping
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.train_state import State, load_state, save_state
from hwsim.network import Network
from hwsim.storage import load_value, save_value, write_text
from hwsim.task_store import TaskStore, merged
from hwsim.tasks import Done, Task
from tests.examples import small_network

OPERATIONS = ("open", "os.", "shutil.", "fcntl.", "tempfile.")
"""Audited events of the system that change files, among others."""


def killed_at(operation: int, write: Callable[[], object]) -> bool:
    """Run ``write`` in a process that dies, without any clean-up, before its Nth file operation; whether it
    came to its end."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL)
        return status == 0
    seen, status = 0, 1

    def die(event: str, _arguments: object) -> None:
        nonlocal seen
        if event.startswith(OPERATIONS) and event != "os.kill":
            if seen == operation:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    sys.addaudithook(die)
    try:
        write()
        status = 0
    finally:
        os._exit(status)


def task(number: int) -> tuple[Task, Done]:
    one = Task(sum, {"number": number})
    return one, Done(one.id, {"number": number})


def state(epoch: int) -> State:
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(epoch)
    return State(epoch, dict(model.state_dict()), {}, {}, [{"epoch": epoch}], 1, {})


def write_value(folder: Path, version: int) -> None:
    save_value(folder / "v", "thing", {"version": version}, {"a": np.full(1000, version)})


def read_value(folder: Path) -> int:
    meta, arrays = load_value(folder / "v", "thing")
    assert (arrays["a"] == meta["version"]).all()
    return int(meta["version"])


def write_spec(folder: Path, version: int) -> None:
    save_yaml(folder / "spec.yaml", TrainSpec(model="m", data="d", epochs=version))


def write_network(folder: Path, version: int) -> None:
    small_network(timesteps=version).save(folder / "net.safetensors")


def write_state(folder: Path, version: int) -> None:
    save_state(folder, state(version))


def read_state(folder: Path) -> int:
    found = load_state(folder)
    assert found is not None
    assert (found.model["weight"] == found.epoch).all()
    return found.epoch


def write_tasks(folder: Path, version: int) -> None:
    store = TaskStore(folder / "tasks.jsonl")
    for number in range(len(store.known), version):
        store.add(*task(number))


def read_tasks(folder: Path) -> int:
    known = TaskStore(folder / "tasks.jsonl").known
    assert {one.value["number"] for one in known.values()} == set(range(len(known)))
    return len(known)


def write_merged(folder: Path, version: int) -> None:
    write_tasks(folder / "other", version)
    merged([folder / "other" / "tasks.jsonl"], folder / "tasks.jsonl")


WRITERS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], int]]] = {
    "value": (write_value, read_value),
    "text": (lambda f, v: write_text(f / "t", str(v) * 5000), lambda f: int((f / "t").read_text()[0])),
    "spec": (write_spec, lambda f: load_yaml(f / "spec.yaml", TrainSpec).epochs),
    "network": (write_network, lambda f: Network.load(f / "net.safetensors").timesteps),
    "checkpoint": (write_state, read_state),
    "tasks": (write_tasks, read_tasks),
    "merged": (write_merged, read_tasks),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_kill_before_any_file_operation_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, kind: str
) -> None:
    write, read = WRITERS[kind]
    found = []
    for operation in range(200):
        folder = tmp_path / str(operation)
        folder.mkdir()
        write(folder, 1)
        ended = killed_at(operation, lambda folder=folder: write(folder, 2))  # type: ignore[misc]
        found.append(read(folder))
        if ended:
            break
    # the old one at first, the new one at last, and never back
    assert found[0] == 1
    assert found[-1] == 2
    assert found == sorted(found)
    assert set(found) == {1, 2}


def test_a_kill_at_any_time_leaves_a_whole_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write_value(tmp_path, 0)
    for _ in range(25):
        before = read_value(tmp_path)
        child = os.fork()
        if not child:
            version = before
            while True:
                version += 1
                write_value(tmp_path, version)
        time.sleep(float(rng.uniform(0.001, 0.02)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert read_value(tmp_path) >= before


def test_what_a_killed_process_left_aside_is_hidden_and_the_next_write_removes_it(tmp_path: Path) -> None:
    write_value(tmp_path, 1)
    left = set()
    for operation in range(40):
        if killed_at(operation, lambda: write_value(tmp_path, 2)):
            break
        left |= {path.name for path in tmp_path.iterdir() if path.name != "v"}
    assert left == {".v.hwsim-tmp-0"}
    write_value(tmp_path, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["v"]
    assert read_value(tmp_path) == 3


def write_two(output: Path, version: int) -> None:
    """As a command does: the directory is tried, then all files appear in it."""

    def make(aside: Path) -> dict[str, Path]:
        for name in ("a", "b"):
            write_text(aside / name, str(version))
        return {name: aside / name for name in ("a", "b")}

    assert output_directory(str(output)) == output
    write_together(output, make)


def test_a_command_leaves_nothing_of_killed_ones_in_its_output_nor_beside_it(tmp_path: Path) -> None:
    hidden = set()
    for operation in range(200):
        folder = tmp_path / str(operation)
        folder.mkdir()
        ended = killed_at(operation, lambda folder=folder: write_two(folder / "out", 1))  # type: ignore[misc]
        hidden |= {path.name for path in folder.rglob(".*")}
        write_two(folder / "out", 2)
        # the same files whether one was killed before or not
        assert sorted(path.name for path in folder.rglob("*")) == ["a", "b", "out"]
        assert {path.read_text() for path in (folder / "out").iterdir()} == {"2"}
        if ended:
            break
    assert ended
    assert hidden == {".out.hwsim-tmp-0", ".a.hwsim-tmp-0", ".b.hwsim-tmp-0"}


def test_what_a_living_process_writes_aside_stays(tmp_path: Path) -> None:
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        with aside(tmp_path, "out") as hidden:
            (hidden / "part").write_text("half")
            os.write(tell, b"1")
            time.sleep(600)
    try:
        assert os.read(told, 1) == b"1"
        remove_left(tmp_path)
        write_two(tmp_path / "out", 1)
        with aside(tmp_path, "out") as other:
            assert other.name == ".out.hwsim-tmp-1"
        assert (tmp_path / ".out.hwsim-tmp-0" / "part").read_text() == "half"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    write_two(tmp_path / "out", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_hidden_files_and_links_of_the_user_stay(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").touch()
    (tmp_path / ".v.hwsim-tmp-0").write_text("a file")
    (tmp_path / ".v.hwsim-tmp-1").symlink_to(other)
    for name in (".v", ".v.0", ".v.hwsim-tmp-", ".v.hwsim-tmp-0.old", "v.hwsim-tmp-0"):
        (tmp_path / name).mkdir()
    before = sorted(tmp_path.rglob("*"))
    write_value(tmp_path, 1)
    remove_left(tmp_path)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "v"])


def test_nothing_is_removed_where_the_file_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_file: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    left = tmp_path / ".v.hwsim-tmp-0"
    left.mkdir()
    write_value(tmp_path, 1)
    remove_left(tmp_path)
    assert read_value(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [left.name, "v"]


def test_files_that_appear_together_are_each_whole_after_a_kill(tmp_path: Path) -> None:
    names = ("a", "b", "c")

    def write(folder: Path, version: int) -> None:
        def make(aside: Path) -> dict[str, Path]:
            for name in names:
                write_text(aside / name, str(version) * 1000)
            return {name: aside / name for name in names}

        write_together(folder / "out", make)

    for operation in range(200):
        folder = tmp_path / str(operation)
        write(folder, 1)
        ended = killed_at(operation, lambda folder=folder: write(folder, 2))  # type: ignore[misc]
        texts = [(folder / "out" / name).read_text() for name in names]
        assert all(text in ("1" * 1000, "2" * 1000) for text in texts)
        if ended:
            break
    assert texts == ["2" * 1000] * 3


def test_a_store_cut_anywhere_in_its_last_line_knows_the_lines_before_and_goes_on(tmp_path: Path) -> None:
    write_tasks(tmp_path, 3)
    path = tmp_path / "tasks.jsonl"
    whole = path.read_bytes()
    second = whole.rindex(b"\n", 0, len(whole) - 1) + 1
    for length in range(second, len(whole)):
        path.write_bytes(whole[:length])
        store = TaskStore(path)
        assert len(store.known) == 2
        store.add(*task(2))
        assert path.read_bytes() == whole


def test_a_mapping_is_read_while_another_process_replaces_it(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    save_yaml(path, Mapping(batch=1))
    child = os.fork()
    if not child:
        batch = 1
        while True:
            batch = batch % 100 + 1
            save_yaml(path, Mapping(batch=batch))
    try:
        assert all(1 <= load_mapping(path).batch <= 100 for _ in range(60))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def in_processes(count: int, work: Callable[[int], object]) -> None:
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            status = 1
            try:
                work(number)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * count


def test_processes_that_share_a_store_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"

    def work(process: int) -> None:
        store = TaskStore(path)
        for number in range(20):
            store.add(*task(20 * process + number))

    in_processes(5, work)
    found = TaskStore(path)
    assert {one.value["number"] for one in found.known.values()} == set(range(100))
    assert path.read_bytes().count(b"\n") == 100


def test_processes_that_share_a_store_are_told_of_two_values(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    first, second = TaskStore(path), TaskStore(path)
    one, done = task(1)
    first.add(one, done)
    with pytest.raises(HwsimError, match="has two values"):
        second.add(one, Done(done.id, {"number": 2}))
    assert [json.loads(line)["value"] for line in path.read_bytes().splitlines()] == [{"number": 1}]


def test_a_store_that_another_process_cut_is_not_written(tmp_path: Path) -> None:
    write_tasks(tmp_path, 3)
    store = TaskStore(tmp_path / "tasks.jsonl")
    store.path.write_bytes(b"")
    with pytest.raises(HwsimError, match=r"tasks\.jsonl: became shorter while it was in use"):
        store.add(*task(3))


def test_processes_that_write_one_file_leave_it_as_one_of_them_wrote_it(tmp_path: Path) -> None:
    def work(process: int) -> Any:
        for _ in range(30):
            write_value(tmp_path, process)

    in_processes(4, work)
    assert read_value(tmp_path) in range(4)
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_a_directory_that_is_always_taken_away_is_an_error_and_no_endless_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def taken(file: int, operation: int) -> None:
        flock(file, operation)
        (tmp_path / ".t.hwsim-tmp-0").rmdir()

    monkeypatch.setattr(fcntl, "flock", taken)
    with pytest.raises(HwsimError, match="t: cannot be written: the directory to write in is taken away"):
        write_text(tmp_path / "t", "text")


def test_runs_that_begin_together_below_one_new_directory_all_write(tmp_path: Path) -> None:
    together, rounds = Barrier(4), 25

    def run(number: int) -> None:
        for i in range(rounds):
            together.wait()
            output = output_directory(str(tmp_path / f"new{i}" / f"shared{i % 2}" / "out"))
            assert output is not None

            def make(directory: Path, number: int = number) -> dict[str, Path]:
                (directory / f"{number}.txt").write_text("found", encoding="utf-8")
                return {"text": directory / f"{number}.txt"}

            write_together(output, make)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert len(list(tmp_path.rglob("*.txt"))) == 4 * rounds
    assert not list(tmp_path.rglob(".*"))
