"""Engines: every task comes to an end with a value or a reason, whatever it does to its worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hwsim.errors import HwsimError
from hwsim.explore.engine import Cluster, Here, check_memory
from hwsim.tasks import Done, Shared, Task
from tests.explore import toys

LIMIT_S = 3.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(workers=2, limit_s=LIMIT_S) as found:
        yield found


def numbers(count: int) -> list[Task]:
    return [Task(toys.doubled, {"number": n}) for n in range(count)]


def told(found: Iterator[Done]) -> dict[str, Done]:
    return {one.id: one for one in found}


def test_a_cluster_gives_what_this_process_gives(cluster: Cluster) -> None:
    tasks = numbers(300)
    found = told(cluster.compute(iter(tasks)))
    assert {name: one.value for name, one in found.items()} == {
        name: one.value for name, one in told(Here().compute(tasks)).items()
    }


def test_a_shared_value_reaches_every_task_that_names_it(cluster: Cluster) -> None:
    values = Shared("one to ten", list(range(1, 11)))
    tasks = [Task(toys.summed, {"number": n}, {"values": values}) for n in range(20)]
    assert sorted(one.value for one in cluster.compute(tasks)) == [55 + n for n in range(20)]
    assert sorted(one.value for one in Here().compute(tasks)) == [55 + n for n in range(20)]


def test_what_a_task_raises_is_its_reason_and_the_others_are_done(cluster: Cluster) -> None:
    bad = Task(toys.poison, {"number": 7}), Task(toys.greedy, {"number": 1})
    for engine in (cluster, Here()):
        found = told(engine.compute([*numbers(5), *bad]))
        assert [found[task.id].error for task in bad] == ["RuntimeError: poison 7", "out of memory"]
        assert sorted(one.value for one in found.values() if one.error is None) == [0, 2, 4, 6, 8]


def test_a_task_whose_worker_was_killed_is_begun_again(cluster: Cluster, tmp_path: Path) -> None:
    once = Task(toys.killed_once, {"number": 11}, {"flag": str(tmp_path / "begun")})
    found = told(cluster.compute([*numbers(5), once]))
    assert (found[once.id].value, found[once.id].error, len(found)) == (11, None, 6)


def test_a_task_that_always_ends_its_worker_fails_and_the_others_are_done(cluster: Cluster) -> None:
    deadly = Task(toys.killed, {"number": 1})
    found = told(cluster.compute([deadly, *numbers(5)]))
    assert found[deadly.id].error == (
        "its worker ended while it ran, each time it was begun: killed, or out of memory"
    )
    assert sorted(one.value for one in found.values() if one.error is None) == [0, 2, 4, 6, 8]


def test_a_task_that_takes_more_memory_than_its_worker_may_fails_and_the_others_are_done() -> None:
    with Cluster(1, memory="1GB") as cluster:
        filling = Task(toys.filling, {"number": 1})
        found = told(cluster.compute([filling, *numbers(5)]))
    assert found[filling.id].error == (
        "its worker ended while it ran, each time it was begun: killed, or out of memory"
    )
    assert sorted(one.value for one in found.values() if one.error is None) == [0, 2, 4, 6, 8]


def test_a_task_over_the_time_limit_ends_with_it_and_the_others_are_done(cluster: Cluster) -> None:
    hung = Task(toys.hung, {"number": 1})
    found = told(cluster.compute([hung, *numbers(5)]))
    assert found[hung.id].error == "took longer than the time limit of 3 s, each time it was begun"
    assert sorted(one.value for one in found.values() if one.error is None) == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("memory", ["abc", "", "-2GB", "-0.5", "inf", "1e400"])
def test_a_memory_that_is_no_size_is_named(memory: str) -> None:
    with pytest.raises(
        HwsimError, match=f"--memory '{memory}' is no size; allowed: auto, or a size, e.g. 2GB"
    ):
        Cluster(workers=1, memory=memory)


@pytest.mark.parametrize("memory", ["auto", "2GB", "512MiB", "0.5", "2000000000"])
def test_sizes_of_memory_are_those_of_dask(memory: str) -> None:
    check_memory(memory)


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with pytest.raises(HwsimError, match=r"--scheduler: tcp://127.0.0.1:9 cannot be reached"):
        Cluster(scheduler="tcp://127.0.0.1:9", timeout_s=2)
