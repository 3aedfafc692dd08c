"""Tasks and the file that keeps what came of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hwsim.errors import HwsimError
from hwsim.task_store import TaskStore
from hwsim.tasks import Done, Task, here, in_processes, values


def squared(number: int, log: str | None = None) -> dict[str, Any]:
    if log is not None:
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{number}\n")
    if number < 0:
        raise HwsimError(f"{number} is negative")
    return {"square": number * number}


def of(number: int, **places: Any) -> Task:
    return Task(squared, {"number": number}, places)


def test_what_a_task_is_does_not_depend_on_where_its_inputs_lie() -> None:
    assert of(2).id == of(2, log="/elsewhere").id
    assert of(2).id != of(3).id


def test_processes_give_what_this_process_gives() -> None:
    tasks = [of(n) for n in range(5)]
    with in_processes(2) as compute:
        parts = [{one.id: one.value for one in compute(part)} for part in (tasks[:2], tasks[2:])]
    assert parts[0] | parts[1] == {one.id: one.value for one in here(tasks)}


def test_an_error_of_one_task_is_what_came_of_it_and_the_others_are_done() -> None:
    found = list(here([of(-1), of(3)]))
    assert (found[0].error, found[0].value, found[1].value) == ("-1 is negative", None, {"square": 9})
    with pytest.raises(HwsimError, match="-1 is negative"):
        values(found)


def test_a_store_does_no_task_twice_even_when_opened_again(tmp_path: Path) -> None:
    log, path = tmp_path / "log", tmp_path / "tasks.jsonl"
    tasks = [of(n, log=str(log)) for n in range(4)]
    list(TaskStore(path).compute(tasks[:2], here))
    found = {one.id: one.value for one in TaskStore(path).compute(tasks, here)}
    assert [found[task.id]["square"] for task in tasks] == [0, 1, 4, 9]
    assert log.read_text(encoding="utf-8").split() == ["0", "1", "2", "3"]


def test_a_task_that_failed_is_done_again(tmp_path: Path) -> None:
    path, log = tmp_path / "tasks.jsonl", tmp_path / "log"
    for _ in range(2):
        (found,) = TaskStore(path).compute([of(-1, log=str(log))], here)
        assert found.error == "-1 is negative"
    assert log.read_text(encoding="utf-8").split() == ["-1", "-1"]


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_was_not_finished_is_left_out_and_written_over(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "tasks.jsonl"
    list(TaskStore(path).compute([of(1), of(2)], here))
    path.write_bytes(path.read_bytes()[:-cut])
    store = TaskStore(path)
    assert list(store.known) == [of(1).id]
    list(store.compute([of(1), of(2)], here))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["value"] for line in lines] == [{"square": 1}, {"square": 4}]


def test_two_values_of_one_task_are_refused(tmp_path: Path) -> None:
    store = TaskStore(tmp_path / "tasks.jsonl")
    store.add(of(1), Done(of(1).id, {"square": 1}))
    with pytest.raises(HwsimError, match="has two values"):
        store.add(of(1), Done(of(1).id, {"square": 2}))
    assert TaskStore(store.path).known[of(1).id].value == {"square": 1}


def test_an_error_behind_a_value_does_not_hide_it(tmp_path: Path) -> None:
    store = TaskStore(tmp_path / "tasks.jsonl")
    store.add(of(1), Done(of(1).id, None, "killed"))
    store.add(of(1), Done(of(1).id, {"square": 1}))
    store.add(of(1), Done(of(1).id, None, "killed"))
    for found in (store, TaskStore(store.path)):
        assert found.known[of(1).id].value == {"square": 1}
        assert list(found.compute([of(1)], lambda _: pytest.fail("done again"))) == [found.known[of(1).id]]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(HwsimError, match=r"tasks.jsonl, line 1: is damaged"):
        TaskStore(path)


def killed(number: int) -> None:
    del number
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_told_on_one_line() -> None:
    with pytest.raises(HwsimError, match="killed, or out of memory"), in_processes(1) as compute:
        list(compute([Task(killed, {"number": 1})]))


PARENT = """
import os, sys, time
from hwsim.tasks import Task, in_processes
from tests.test_tasks import waited

if __name__ == "__main__":
    with in_processes(2) as compute:
        list(compute([Task(waited, {"seconds": 60, "file": name}) for name in sys.argv[1:]]))
"""


def waited(seconds: int, file: str) -> None:
    Path(file).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(seconds)


def test_workers_end_with_the_process_that_began_them(tmp_path: Path) -> None:
    script, files = tmp_path / "parent.py", [tmp_path / "a", tmp_path / "b"]
    script.write_text(PARENT, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, str(script), *map(str, files)], env=environment)
    began = time.monotonic()
    while not all(file.is_file() and file.read_text(encoding="utf-8") for file in files):
        assert parent.poll() is None
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    workers = [int(file.read_text(encoding="utf-8")) for file in files]
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() - began < 90
        time.sleep(0.05)
