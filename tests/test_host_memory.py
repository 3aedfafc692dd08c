"""A run that would not fit the machine's memory says so before it starts, with the estimate."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim import hardware, host_memory, pipeline
from hwsim.cost import load_table
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.host_memory import Sizes, available_bytes, check
from hwsim.mapping import Mapping
from tests.examples import all_silent, small_network

INPUTS = np.ones((4, 3, 2, 4, 4), np.float32)


def sizes(**parts: Any) -> Sizes:
    return Sizes(small_network(), INPUTS, **parts)


def unasked() -> EventTrace:
    raise AssertionError("a sample was executed")


def left(monkeypatch: pytest.MonkeyPatch, size: int | None) -> None:
    monkeypatch.setattr(host_memory, "available_bytes", lambda: size)


def test_the_most_events_are_all_neurons_at_every_step() -> None:
    # 2 x 4 x 4 inputs, 3 x 4 x 4 neurons and 3 x 2 x 2 of the pool, in 3 steps
    assert sizes().most_events == {"in": 96.0, "a": 144.0, "pool": 36.0}


def test_bytes_of_each_stage_are_those_of_the_formula() -> None:
    # 4 * 384 values and 24 a place; weights 54 + 60 = 114 of 4 bytes; events of 4 bytes, answers 3 * 5 of 4
    found = sizes(jobs=10, threads=2, chunk=2).needed({"in": 96.0, "a": 100.0, "pool": 4.0})
    trace = 4 * 200 + 4 * 15
    assert found.encode == 4 * 384 + 24 * 4 * 96
    assert found.execute == 4 * 114 + 4 * 4 * 96 + 2 * 8 * 200 + 2 * 4 * trace
    fixed, flowing = host_memory.FIXED_JOB_BYTES, host_memory.FLOWING_JOB_BYTES
    assert found.simulate == 4 * 114 + 4 * trace + 10 * (fixed + 2 * flowing)
    assert found.peak == max(found.encode, found.execute, found.simulate)


def test_what_fits_if_every_neuron_fires_is_not_executed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, sizes().needed(sizes().most_events).peak)
    check(sizes(), unasked)


def test_nothing_is_refused_where_nothing_tells_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, None)
    check(sizes(), unasked)


def test_what_does_not_fit_without_an_event_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, 1000)
    with pytest.raises(
        HwsimError, match=r"'small' with 4 samples of 3 timesteps would take about .* MiB of memory"
    ):
        check(sizes(), unasked)


def test_between_the_two_the_events_of_one_sample_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small_network()
    silent = sizes().needed(dict.fromkeys(sizes().most_events, 0.0)).peak
    left(monkeypatch, silent)
    check(sizes(), lambda: all_silent(network))
    with pytest.raises(HwsimError, match=r"276 events a sample.*fewer samples \(--samples\)"):
        check(sizes(), lambda: EventTrace.all_live(network))


def test_a_known_trace_tells_the_events_without_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, sizes().needed(dict.fromkeys(sizes().most_events, 0.0)).peak)
    check(sizes(), unasked, all_silent(small_network(), 4))


def test_jobs_that_do_not_fit_ask_for_a_smaller_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    left(monkeypatch, 1 << 20)
    with pytest.raises(HwsimError, match=r"\(simulate, .*or a smaller mini-batch \(--batch\)"):
        check(sizes(jobs=1 << 20), unasked)


def test_an_estimate_that_would_not_fit_executes_and_simulates_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = replace(small_network(), timesteps=3)
    work = pipeline.workload(network, INPUTS, 3)
    left(monkeypatch, 1000)
    for name in ("encode", "execute", "simulate"):
        monkeypatch.setattr(pipeline, name, unasked)
    with pytest.raises(HwsimError, match="4 samples of 3 timesteps would take about"):
        pipeline.estimate(work, hardware.load_hardware("sata"), Mapping(), load_table("horowitz45"))


FILES = {
    "/proc/meminfo": "MemTotal: 100 kB\nMemAvailable:   50 kB\n",
    "/sys/fs/cgroup/memory.max": "40000\n",
    "/sys/fs/cgroup/memory.current": "30000\n",
    "/sys/fs/cgroup/memory.stat": "anon 20000\ninactive_file 5000\n",
}
OWN = {
    "/proc/self/cgroup": "0::/a/b\n",
    "/sys/fs/cgroup/a/b/memory.max": "max\n",
    "/sys/fs/cgroup/a/b/memory.current": "1000\n",
    "/sys/fs/cgroup/a/memory.max": "max\n",
    "/sys/fs/cgroup/a/memory.current": "2000\n",
}
FIRST = {
    "/proc/meminfo": FILES["/proc/meminfo"],
    "/proc/self/cgroup": "5:cpu,cpuacct:/c\n4:memory:/a/b\n0::/\n",
    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9000\n",
    "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "5000\n",
    "/sys/fs/cgroup/memory/a/memory.stat": "inactive_file 100\ntotal_inactive_file 500\n",
}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (FILES, 15000),
        (FILES | {"/sys/fs/cgroup/memory.max": "max\n"}, 50 << 10),
        (FILES | {"/sys/fs/cgroup/memory.max": "60000\n"}, 35000),
        (FILES | {"/sys/fs/cgroup/memory.max": "10000\n"}, 0),
        (FILES | OWN | {"/sys/fs/cgroup/a/b/memory.max": "9000\n"}, 8000),
        (FILES | OWN | {"/sys/fs/cgroup/a/memory.max": "9000\n"}, 7000),
        (FILES | OWN, 15000),
        (FIRST, 4500),
        (FIRST | {"/proc/self/cgroup": ""}, 50 << 10),
        ({"/proc/meminfo": FILES["/proc/meminfo"]}, 50 << 10),
        ({}, None),
    ],
    ids=[
        *("group", "no limit", "more", "over", "own", "above", "root", "version 1", "unnamed"),
        *("no group", "nothing"),
    ],
)
def test_the_least_of_machine_and_control_groups_is_left(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], found: int | None
) -> None:
    monkeypatch.setattr(host_memory, "_read", lambda path: files.get(path, ""))
    assert available_bytes() == found


LIMITED = """
import resource, sys
import numpy as np
from hwsim import host_memory
from hwsim.errors import HwsimError
from hwsim.host_memory import Sizes
from hwsim.network import Network, Population, Projection
from pathlib import Path
shape = (1000,)
weights = np.ones((1000, 1000), np.float32)
network = Network(
    "small", (Population("in", shape, "input"), Population("out", shape, "readout")),
    (Projection("p", "in", "out", "dense", weights),), "out", 3, "spikes",
)
size = int(Path("/proc/self/statm").read_text().split()[0]) * 4096 + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (size, size))
assert host_memory.available_bytes() <= 64 << 20
try:
    inputs = np.broadcast_to(np.float32(1), (1 << 20, 3, 1000))
    host_memory.check(Sizes(network, inputs, chunk=16), None)
except HwsimError as error:
    print(error)
"""


def test_a_limit_of_the_process_is_heeded() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    # 4 bytes of each of 2^20 * 3000 values
    assert "1048576 samples of 3 timesteps would take about" in done.stdout
    assert "MiB are left" in done.stdout
