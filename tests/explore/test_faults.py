"""Kill -9 of a worker and of the driver, a lost scheduler, a full disk: nothing finished is lost."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwsim.errors import HwsimError
from hwsim.explore import engine
from hwsim.explore.engine import Cluster, Here
from hwsim.explore.sample import sampler
from hwsim.task_store import TaskStore
from tests.explore.small import EVALUATED, sweep_of, written


def values(store: Path) -> dict[str, Any]:
    """What a store knows, by task."""
    return {name: one.value for name, one in TaskStore(store).known.items() if one.error is None}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The space file, and what a sweep that nothing happens to knows in the end."""
    directory = tmp_path_factory.mktemp("undisturbed")
    path = written(directory)
    sweep = sweep_of(path, directory / "points.jsonl")
    sweep.run(sampler(sweep.space, sweep.objectives, "grid"), Here(), 1000, lambda _d, _n: None)
    found = values(directory / "points.jsonl")
    assert len(found) == EVALUATED
    return path, found


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles of one task, so that a fast machine has not the whole rest of the sweep in one that is done."""
    monkeypatch.setattr(engine, "MOST_TOGETHER", 1)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_worker_killed_in_mid_sweep_changes_nothing(
    undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    path, expected = undisturbed
    sweep = sweep_of(path, tmp_path / "points.jsonl")
    with Cluster(workers=1) as cluster:

        def kill(done: int, _of: int) -> None:
            if done == 5:
                (pid,) = cluster.everywhere(os.getpid)
                os.kill(pid, signal.SIGKILL)

        sweep.run(sampler(sweep.space, sweep.objectives, "grid"), cluster, 1000, kill)
    assert values(tmp_path / "points.jsonl") == expected


def test_a_driver_killed_in_mid_sweep_is_gone_on_with(
    undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    path, expected = undisturbed
    output = tmp_path / "out"
    command = [sys.executable, "-m", "hwsim", "explore", str(path), "--workers", "1", "-o", str(output)]
    driver = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    store = output / "points.jsonl"
    until = time.monotonic() + 120
    while driver.poll() is None and time.monotonic() < until:
        if store.is_file() and store.read_bytes().count(b"\n") >= 3:
            break
        time.sleep(0.002)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    before = values(store)
    assert 3 <= len(before) <= EVALUATED
    again = [*command, "--workers", "0", "--resume", "--json"]
    done = subprocess.run(again, capture_output=True, text=True, check=True)
    assert values(store) == expected
    assert before.items() <= expected.items()
    assert json.loads(done.stdout)["run"]["known_before"] == len(before)


def test_a_disk_that_is_full_ends_the_sweep_with_its_name_and_keeps_what_was_done(
    undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    path, expected = undisturbed
    store = tmp_path / "points.jsonl"
    sweep = sweep_of(path, store)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(HwsimError, match=r"points.jsonl: cannot be written: File too large"):
            sweep.run(sampler(sweep.space, sweep.objectives, "grid"), Here(), 1000, lambda _d, _n: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept = values(store)
    assert 0 < len(kept) < len(expected)
    again = sweep_of(path, store)
    again.run(sampler(again.space, again.objectives, "grid"), Here(), 1000, lambda _d, _n: None)
    assert again.known == len(kept)
    assert values(store) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_file_system_ends_the_sweep_and_with_room_again_it_goes_on(
    undisturbed: tuple[Path, dict[str, Any]], small_disk: Path
) -> None:
    path, expected = undisturbed
    store, other = small_disk / "points.jsonl", small_disk / "other"
    other.write_bytes(b"x" * (64 * 1024 - 3 * 4096))
    sweep = sweep_of(path, store)
    with pytest.raises(HwsimError, match=r"points.jsonl: cannot be written: No space left"):
        sweep.run(sampler(sweep.space, sweep.objectives, "grid"), Here(), 1000, lambda _d, _n: None)
    kept = values(store)
    assert 0 < len(kept) < len(expected)
    other.unlink()
    again = sweep_of(path, store)
    again.run(sampler(again.space, again.objectives, "grid"), Here(), 1000, lambda _d, _n: None)
    assert again.known == len(kept)
    assert values(store) == expected


@pytest.mark.usefixtures("one_at_a_time")
def test_a_cluster_of_another_process_does_the_same_and_one_that_is_lost_is_told(
    undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    path, expected = undisturbed
    scheduler, address = _scheduler(tmp_path)
    worker = _dask("worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path))
    try:
        sweep = sweep_of(path, tmp_path / "points.jsonl")
        with Cluster(scheduler=address) as cluster:
            sweep.run(sampler(sweep.space, sweep.objectives, "grid"), cluster, 10, lambda _d, _n: None)
            assert len(values(tmp_path / "points.jsonl")) == 10

            def lose(done: int, _of: int) -> None:
                if done == 11:
                    scheduler.kill()
                    scheduler.wait()

            lost = sweep_of(path, tmp_path / "points.jsonl")
            with pytest.raises(HwsimError, match="the Dask scheduler is lost"):
                lost.run(sampler(lost.space, lost.objectives, "grid"), cluster, 1000, lose)
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
    kept = values(tmp_path / "points.jsonl")
    assert len(kept) >= 11
    assert kept.items() <= expected.items()


def _scheduler(directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    told = directory / "scheduler.json"
    process = _dask(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)
    )
    until = time.monotonic() + 60
    while not told.is_file() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    return process, str(json.loads(told.read_text(encoding="utf-8"))["address"])


def _dask(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
