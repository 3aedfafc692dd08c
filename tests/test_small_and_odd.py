"""Networks of one neuron and of none, no timesteps, odd paths, directories that take nothing, threads."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

import hwsim as package
from hwsim import hardware, pipeline
from hwsim.cost import load_table
from hwsim.datasets import load_dataset
from hwsim.delivery import output_directory, write_together
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection
from hwsim.result import Result
from hwsim.reuse import ENTRY_BYTES, Reuse
from hwsim.storage import save_value, write_text
from hwsim.task_store import TaskStore
from hwsim.tasks import Done, Task
from tests.datasets.files import write_mnist
from tests.examples import small_network


def one_neuron(timesteps: int = 1) -> Network:
    """An input, a neuron that fires at 1, a readout: weights of 1 and 2."""
    return Network(
        name="one",
        populations=(
            Population("in", (1,), "input"),
            Population("n", (1,), "lif", decay=0.5),
            Population("out", (1,), "readout"),
        ),
        projections=(
            Projection("in>n", "in", "n", "dense", np.ones((1, 1), np.float32)),
            Projection("n>out", "n", "out", "dense", np.full((1, 1), 2, np.float32)),
        ),
        readout="out",
        timesteps=timesteps,
        coding="spikes",
    )


def estimated(network: Network, inputs: np.ndarray, chip: str = "sata") -> Result:
    work = pipeline.workload(network, inputs, network.timesteps)
    return pipeline.estimate(work, hardware.load_hardware(chip), Mapping(), load_table("horowitz45"))


@pytest.mark.parametrize("chip", ["sata", "spinalflow", "ptb", "loas", "systolic-ann"])
def test_a_network_of_one_neuron_costs_its_two_operations_a_step(chip: str) -> None:
    result = estimated(one_neuron(3), np.ones((1, 3, 1), np.float32), chip)
    # in each of 3 steps the input's spike is added once, the neuron reaches 1 and fires, and so is its spike
    counts = result.as_dict()["counts"]
    assert (counts["ac"], counts["lif_spike"]) == (6, 3)
    assert result.run.trace.outputs.ravel().tolist() == [2.0, 4.0, 6.0]


def test_a_network_of_one_neuron_that_is_silent_adds_nothing() -> None:
    result = estimated(one_neuron(2), np.zeros((1, 2, 1), np.float32))
    assert (result.as_dict()["counts"]["ac"], result.run.trace.outputs.any()) == (0, False)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (replace(one_neuron(), timesteps=0), "timesteps is 0; it must be at least 1"),
        (replace(one_neuron(), timesteps=-1), "timesteps is -1; it must be at least 1"),
        (replace(one_neuron(), populations=(), projections=()), "needs one input population, found 0"),
        (replace(one_neuron(), projections=()), "population 'n' (lif) has no incoming projection"),
        (replace(one_neuron(), readout=""), "readout '' is no population"),
        (
            replace(
                one_neuron(), populations=(Population("in", (0,), "input"), *one_neuron().populations[1:])
            ),
            "shape (0,)",
        ),
    ],
    ids=["no step", "less than none", "empty", "unconnected", "no readout", "no neuron"],
)
def test_networks_of_nothing_are_refused(network: Network, message: str) -> None:
    with pytest.raises(HwsimError) as caught:
        network.verify()
    assert message in str(caught.value)


def test_inputs_of_nothing_are_refused() -> None:
    network = one_neuron()
    for inputs in (np.zeros((0, 1, 1), np.float32), np.float32(1), np.zeros((1, 0, 1), np.float32)):
        with pytest.raises(HwsimError, match="inputs"):
            encode(network, np.asarray(inputs))


# --- paths -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "\ud800"])
def test_names_that_no_file_can_have_are_errors_of_ours(tmp_path: Path, name: str) -> None:
    with pytest.raises(HwsimError, match=r"cannot be written|File name too long"):
        write_text(tmp_path / name, "text")
    assert list(tmp_path.iterdir()) == []


# --- directories that take nothing ----------------------------------------------------------------


def task() -> tuple[Task, Done]:
    one = Task(sum, {"number": 1})
    return one, Done(one.id, 1)


def written_together(folder: Path) -> None:
    def make(aside: Path) -> dict[str, Path]:
        write_text(aside / "a", "a")
        return {"a": aside / "a"}

    write_together(folder / "out", make)


WRITES: dict[str, Callable[[Path], object]] = {
    "text": lambda folder: write_text(folder / "t", "text"),
    "value": lambda folder: save_value(folder / "v", "thing", {}, {}),
    "network": lambda folder: small_network().save(folder / "n.safetensors"),
    "store": lambda folder: TaskStore(folder / "t.jsonl").add(*task()),
    "directory": lambda folder: output_directory(str(folder / "out")),
    "together": written_together,
}


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A directory in which nobody but root may write, and into which everybody may look."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def by_nobody(work: Callable[[], object]) -> str:
    """What an HwsimError says in a process without privileges; empty where there is none."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        message = "failed otherwise"
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
            message = ""
        except HwsimError as error:
            message = str(error)
        finally:
            os.write(writing, message.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode()


@pytest.mark.parametrize("kind", WRITES)
def test_a_directory_that_may_only_be_read_is_named_and_stays_as_it_is(read_only: Path, kind: str) -> None:
    message = by_nobody(lambda: WRITES[kind](read_only))
    assert str(read_only) in message
    assert "written" in message
    assert list(read_only.iterdir()) == []


@pytest.mark.parametrize("kind", WRITES)
def test_a_file_in_the_place_of_a_directory_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(HwsimError, match="file"):
        WRITES[kind](tmp_path / "file")
    assert (tmp_path / "file").read_text() == "text"


def test_a_file_that_may_not_be_read_is_named(read_only: Path) -> None:
    read_only.chmod(0o755)
    path = read_only / "chip.yaml"
    path.write_text("name: x\n")
    path.chmod(0o000)
    assert "chip.yaml: cannot be read" in by_nobody(lambda: hardware.load_hardware(str(path)))


# --- who may read what is written ------------------------------------------------------------------


@pytest.fixture(params=[0o022, 0o077, 0o027])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield int(request.param)
    os.umask(before)


def test_every_file_has_the_permissions_that_the_umask_leaves(umask: int, tmp_path: Path) -> None:
    for kind in ("text", "value", "network", "store", "together"):
        WRITES[kind](tmp_path)
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o777 if path.is_dir() else 0o666) & ~umask, path
        assert not mode & stat.S_IWOTH


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    write_text(tmp_path / "t", "old")
    (tmp_path / "t").chmod(0o600)
    write_text(tmp_path / "t", "new")
    assert stat.S_IMODE((tmp_path / "t").stat().st_mode) == 0o600


def test_files_that_are_replaced_together_keep_their_permissions_and_links(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "out" / "a").symlink_to("../real")
    written_together(tmp_path)
    assert (tmp_path / "out" / "a").is_symlink()
    assert (tmp_path / "real").read_text() == "a"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_a_directory_that_may_be_written_is_taken_where_the_one_above_may_not(read_only: Path) -> None:
    read_only.chmod(0o755)
    (read_only / "out").mkdir()
    (read_only / "out").chmod(0o777)
    read_only.chmod(0o555)
    for kind in ("directory", "together"):
        assert by_nobody(lambda kind=kind: WRITES[kind](read_only)) == ""  # type: ignore[misc]
    assert [path.name for path in (read_only / "out").iterdir()] == ["a"]


MOUNT = Path("/dev/shm")  # noqa: S108 - a file system of its own


@pytest.mark.skipif(not MOUNT.is_mount(), reason="no such file system here")
def test_a_mount_point_is_a_directory_as_any_other() -> None:
    path = MOUNT / f"hwsim-{os.getpid()}"

    def make(aside: Path) -> dict[str, Path]:
        write_text(aside / path.name, "a")
        return {"a": aside / path.name}

    try:
        assert output_directory(str(MOUNT)) == MOUNT
        assert write_together(MOUNT, make) == {"a": path}
        assert path.read_text() == "a"
    finally:
        path.unlink(missing_ok=True)
    assert not list(MOUNT.glob(".shm.*"))


# --- a hundred threads --------------------------------------------------------------------------------

THREADS = 100


def at_once(work: Callable[[int], object]) -> list[object]:
    barrier = Barrier(THREADS)

    def begin(number: int) -> object:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def test_a_hundred_threads_that_share_results_find_the_same_and_lose_no_count() -> None:
    reuse = Reuse(kept_bytes=10 * (8 * 4 + ENTRY_BYTES))

    def work(number: int) -> bool:
        return all(
            int(reuse.of("squares", n, lambda n=n: (np.full(4, n * n),))[0][0]) == n * n  # type: ignore[misc]
            for n in (*range(number % 20), *range(20))
        )

    assert all(at_once(work))
    asked = sum(number % 20 + 20 for number in range(THREADS))
    assert reuse.found["squares"] + reuse.made["squares"] == asked
    kept = sum(v[0].nbytes + ENTRY_BYTES for v in reuse._values.values())
    assert reuse._bytes == kept <= reuse.kept_bytes


def test_a_hundred_threads_execute_one_network_as_one_does() -> None:
    network, inputs = small_network(), np.ones((2, 3, 2, 4, 4), np.float32)
    alone = execute(small_network(), encode(network, inputs)).id
    assert set(at_once(lambda _: execute(network, encode(network, inputs)).id)) == {alone}


def test_a_hundred_threads_read_one_data_set(tmp_path: Path) -> None:
    write_mnist(tmp_path, compressed=True)
    found = at_once(lambda _: load_dataset("mnist", tmp_path).train.arrays.tobytes())
    assert len(set(found)) == 1


def test_a_hundred_threads_add_to_one_store(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    shared = TaskStore(path)

    def work(number: int) -> None:
        one = Task(sum, {"number": number})
        (shared if number % 2 else TaskStore(path)).add(one, Done(one.id, number))

    at_once(work)
    assert {one.value for one in TaskStore(path).known.values()} == set(range(THREADS))


COMPILED = """
import numpy as np
from hwsim.lower.bits import ones
print(int(ones(np.uint64(0b10101))))
"""


@pytest.mark.slow
def test_processes_that_begin_with_an_empty_kernel_cache_share_it(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONPATH": str(Path(package.__file__).parents[1]),
    }
    children = [
        subprocess.Popen([sys.executable, "-c", COMPILED], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert set(printed) == {"3\n"}
    assert len(list(tmp_path.rglob("*.nbi"))) == 1
    assert not list(tmp_path.rglob("*.tmp*"))
