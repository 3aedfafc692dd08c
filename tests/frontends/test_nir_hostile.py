"""Files that are not what they say: damage, bombs, links, wrong types, deep nesting, and random ones."""

import io
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.frontends.hdf5 import MAX_VALUES
from hwsim.frontends.nir.file import MAX_DEPTH, MAX_NODES
from hwsim.frontends.nir.read import read_nir
from tests.frontends.hdf5_changes import Change, put
from tests.frontends.nir_files import affine, chain, conv2d, end, graph, integrate, lif, store, write
from tests.frontends.test_netx import write_small


def small(path: Path) -> Path:
    """Every way of storing something: convolution, pool, flatten, sub-graph with a loop, delay."""
    inner = chain(lif((3,))) | {"rec": affine(np.eye(3), [0, 0, 0])}
    loop = [("input", "n0"), ("n0", "rec"), ("rec", "n0"), ("n0", "output")]
    pool = {"type": "SumPool2d", "kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    flatten = {"type": "Flatten", "start_dim": 0, "end_dim": -1, "input_type": (2, 2, 2)}
    late = {"type": "Delay", "delay": np.full(3, 2.0)}
    nodes = (
        conv2d(np.ones((2, 1, 3, 3)), padding="same"), integrate((2, 4, 4)), pool, flatten,
        affine(np.ones((3, 8)), np.zeros(3)), late, graph(inner, loop),
    )  # fmt: skip
    return write(path, chain(*nodes, inputs=(1, 4, 4), outputs=(3,)))


def test_the_small_file_is_whole(tmp_path: Path) -> None:
    network = read_nir(small(tmp_path / "net.nir"), 4, "nir", 1.0)
    assert [p.name for p in network.populations] == ["input", "n1", "n2", "n5.in", "n6.n0"]


def declare(shape: tuple[int, ...], **options: Any) -> Change:
    def change(file: Any) -> None:
        del file["node/nodes/n4/weight"]
        file.create_dataset("node/nodes/n4/weight", shape=shape, dtype="f4", **options)

    return change


def bomb(file: Any) -> None:
    """Half a gigabyte of zeros in half a megabyte."""
    del file["node/nodes/n4/weight"]
    side, rows = 1 << 13, 1 << 10
    data = file.create_dataset("node/nodes/n4/weight", (side, side), "f8", chunks=(rows, side), compression=1)
    packed = zlib.compress(bytes(rows * side * 8), 1)
    for row in range(0, side, rows):
        data.id.write_direct_chunk((row, 0), packed)


def virtual(file: Any) -> None:
    del file["node/nodes/n4/weight"]
    layout = h5py.VirtualLayout((3, 8), "f4")
    layout[:] = h5py.VirtualSource("/nowhere.h5", "x", (3, 8))
    file.create_virtual_dataset("node/nodes/n4/weight", layout)


def nested(depth: int) -> Change:
    def change(file: Any) -> None:
        inner = affine(np.eye(3))
        for _ in range(depth):
            inner = graph(chain(inner), [("input", "n0"), ("n0", "output")])
        store(file.create_group("node/nodes/deep"), inner)

    return change


def own_parent(file: Any) -> None:
    """A graph that contains itself, twice."""
    for name in ("again", "more"):
        file[f"node/nodes/n6/nodes/{name}"] = file["node/nodes/n6"]


def crowd(file: Any) -> None:
    for i in range(MAX_NODES + 1):
        file.create_group(f"node/nodes/x{i}")


def long_names(file: Any) -> None:
    """Many edges that all point to one long text of the file."""
    del file["node/edges"]
    kind = h5py.string_dtype()
    file.create_dataset("node/edges", data=np.array([["x" * 100_000, "y"]] * 50, dtype=kind))


HUGE = 1 << 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("node", None), "'node' is missing"),
        (put("node", np.ones(3)), "'node' is no group"),
        (put("node/type", "Affine"), "holds a node of type 'Affine'; expected a NIRGraph"),
        (put("node/type", np.ones(3)), "'type' is float64"),
        (put("node/type", "x" * 1000), "'type' is 1000 characters long"),
        (put("node/nodes", None), "'nodes' is missing"),
        (put("node/nodes/n4", np.ones(3)), "'n4' is no group"),
        (put("node/edges", None), "'edges' is missing"),
        (put("node/edges", np.ones((3, 2))), "'edges' is float64 of shape .3, 2.; expected pairs of words"),
        (put("node/edges", np.array([b"a", b"b"])), "expected pairs of words"),
        (put("node/nodes/n4/weight", "text"), "weight is object; expected numbers"),
        (put("node/nodes/n4/weight", np.full((3, 8), b"x")), "expected numbers"),
        (put("node/nodes/n4/weight", np.ones((3, 8), np.complex64)), "weight is complex64; expected numbers"),
        (put("node/nodes/n4/weight", np.zeros((3, 0))), r"'weight' declares shape \(3, 0\)"),
        (put("node/nodes/n4/weight", h5py.Empty("f4")), "'weight' holds no values"),
        (put("node/nodes/n4/weight", np.full((3, 8), np.inf)), "24 of 24 values of weight are NaN"),
        (put("node/nodes/n4/weight", h5py.SoftLink("/node/nodes/n0/weight")), "is a link to another place"),
        (put("node/nodes/n4/weight", h5py.ExternalLink("/dev/stdin", "/x")), "is a link to another place"),
        (put("node/nodes/n4", h5py.ExternalLink("/dev/stdin", "/x")), "is a link to another place"),
        (put("node/nodes/n0/stride", np.full(2, HUGE)), "stride .*; allowed: 1.."),
        (put("node/nodes/n0/groups", 0), "groups .*; allowed: 1.."),
        (put("node/nodes/n0/padding", "everywhere"), "padding 'everywhere'; allowed: 'same'"),
        (put("node/nodes/n2/kernel_size", np.array([2.5, 2])), "kernel_size .* expected 2 integers"),
        (put("node/nodes/n5/delay", np.full(3, 1e30)), "it must be a whole number up to"),
        (put("node/nodes/n1/r", np.ones((1,) * 9)), "expected 8 dimensions at most"),
        (virtual, "'weight' lies in another file"),
        (declare((3, 8)), "nothing is stored"),
        (declare((HUGE, HUGE), chunks=(9, 9)), f"1 to {MAX_VALUES}"),
        (declare((50_000, 50_000), chunks=(9, 9)), f"1 to {MAX_VALUES}"),
        (bomb, "stored bytes inflate to 536870912"),
        (nested(MAX_DEPTH + 1), f"graphs are nested deeper than {MAX_DEPTH}"),
        (own_parent, f"nested deeper than {MAX_DEPTH}|more than {MAX_NODES} nodes"),
        (crowd, f"{MAX_NODES + 10} members; {MAX_NODES} at most"),
        (long_names, "holds a name of 100000 letters"),
        (put("node/metadata/dt", "soon"), "its note dt is 'soon'; expected a positive number"),
        (put("node/metadata/producer", "nobody"), "unknown producer 'nobody'"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(tmp_path: Path, change: Change, message: str) -> None:
    path = small(tmp_path / "hostile.nir")
    with h5py.File(path, "a") as file:
        change(file)
    noted = "dt" in message or "producer" in message
    with pytest.raises(HwsimError, match=message) as caught:
        read_nir(path, 4) if noted else read_nir(path, 4, "nir", 1.0)
    assert str(path) in str(caught.value)


def test_truncated_files_and_texts_are_refused(tmp_path: Path) -> None:
    whole = small(tmp_path / "whole.nir").read_bytes()
    part = tmp_path / "part.nir"
    for content in (b"", b"a text", *(whole[:n] for n in range(8, len(whole), len(whole) // 40))):
        part.write_bytes(content)
        with pytest.raises(HwsimError, match=r"part\.nir"):
            read_nir(part, 4, "nir", 1.0)
    with pytest.raises(HwsimError, match="no such file"):
        read_nir(tmp_path / "absent.nir", 4)


# --- random graphs -------------------------------------------------------------------------------

SHAPES = st.sampled_from([(2,), (3,), (1,), (), (2, 2), (1, 4, 4), (2, 3, 3), (0,), (1, 1, 1, 1, 2)])
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0, 1e-4, 1e30, float("nan"), float("inf")])
ODD = st.sampled_from(
    [None, "text", "same", np.array([b"x"]), np.ones((2, 2), bool), np.array(-5), {"a": np.ones(1)}]
)
KINDS = st.sampled_from([
    "Input", "Output", "Affine", "Linear", "Scale", "Conv1d", "Conv2d", "Delay", "Flatten", "SumPool2d",
    "AvgPool2d", "Threshold", "I", "IF", "LI", "LIF", "CubaLI", "CubaLIF", "NIRGraph", "Unknown",
])  # fmt: skip
FIELDS = (
    "weight", "bias", "scale", "stride", "padding", "dilation", "groups", "input_shape", "delay", "start_dim",
    "end_dim", "input_type", "kernel_size", "threshold", "r", "tau", "tau_mem", "tau_syn", "v_leak",
    "v_threshold", "v_reset", "w_in", "shape",
)  # fmt: skip


@st.composite
def values(draw: Any) -> Any:
    shape, number = draw(SHAPES), draw(NUMBERS)
    whole = draw(st.booleans()) and abs(number) < 1e9
    return (
        draw(ODD)
        if draw(st.integers(0, 9)) == 0
        else np.full(shape, number, np.int64 if whole else np.float64)
    )


@st.composite
def plausible(draw: Any) -> dict[str, Any]:
    """A node that mostly fits into a chain of 2 or (1, 4, 4) values."""
    size = draw(st.sampled_from([(2,), (1, 4, 4), ()]))
    return draw(
        st.sampled_from([
            affine(np.eye(2)), affine(np.ones((2, 16)), [0, 1]), affine(np.ones((16, 2))), integrate(size),
            lif(size), conv2d(np.ones((1, 1, 3, 3)), padding="same"), conv2d(np.ones((2, 1, 2, 2)), stride=2),
            {"type": "Flatten", "start_dim": 0}, {"type": "Scale", "scale": np.full(size, 2.0)},
            {"type": "Delay", "delay": np.full(size, 1.0)}, {"type": "AvgPool2d", "kernel_size": (2, 2)},
            {"type": "Threshold", "threshold": np.ones(size)}, {"type": "I", "r": np.ones(size)},
        ])
    )  # fmt: skip


@st.composite
def nodes(draw: Any, depth: int = 0) -> dict[str, Any]:
    if draw(st.booleans()):
        return draw(plausible())
    kind = draw(KINDS)
    if kind == "NIRGraph":
        return draw(graphs(depth + 1)) if depth < 2 else {"type": kind}
    names = draw(st.lists(st.sampled_from(FIELDS), max_size=8, unique=True))
    return {"type": kind} | {name: draw(values()) for name in names}


@st.composite
def graphs(draw: Any, depth: int = 0) -> dict[str, Any]:
    inner = {f"n{i}": draw(nodes(depth)) for i in range(draw(st.integers(0, 4)))}
    shape = draw(st.sampled_from([(2,), (1, 4, 4), None, (0,)]))
    found = {"input": end("Input", shape), **inner, "output": end("Output", (2,))}
    names = [*found, "absent"]
    edges = [*zip(found, [*found][1:], strict=False)]
    ends = st.sampled_from(names) if draw(st.integers(0, 5)) == 0 else st.sampled_from([*found])
    edges += draw(st.lists(st.tuples(ends, ends), max_size=4))
    if edges and draw(st.integers(0, 3)) == 0:
        edges.pop(draw(st.integers(0, len(edges) - 1)))
    return graph(found, edges)


def read_any(path: Path, made: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        store(file.create_group("node"), made)
    with suppress(HwsimError):
        read_nir(path, 2, "nir", 1.0).verify()


EXAMPLES = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(made=graphs())
@settings(max_examples=200, **EXAMPLES)
def test_any_graph_is_a_network_or_an_error_of_ours(tmp_path: Path, made: dict[str, Any]) -> None:
    read_any(tmp_path / "any.nir", made)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("part", range(4))
def test_thousands_of_graphs_are_networks_or_errors_of_ours(tmp_path: Path, part: int) -> None:
    """A quarter of 4,000 each, so that several processes share the work."""

    @seed(part)
    @settings(max_examples=1000, **EXAMPLES)
    @given(made=graphs())
    def every(made: dict[str, Any]) -> None:
        read_any(tmp_path / "any.nir", made)

    every()


# --- damaged bytes -------------------------------------------------------------------------------

MUTATE = """
import sys, time, warnings
from pathlib import Path
import numpy as np
from hwsim.errors import HwsimError
from hwsim.frontends.netx import read_netx
from hwsim.frontends.nir.read import read_nir
warnings.simplefilter("ignore")
path, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
whole = np.frombuffer(path.read_bytes(), np.uint8)
broken = path.with_name("broken" + path.suffix)
rng = np.random.default_rng(seed)
resident = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = None
for case in range(count):
    data = whole.copy()
    for _ in range(int(rng.integers(1, 5))):
        at, kind = int(rng.integers(len(data))), rng.integers(5)
        if kind == 0:
            data[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            data[at : at + 8] = rng.integers(256)
        elif kind == 2:
            source = int(rng.integers(len(data)))
            part = data[source : source + 16].copy()
            data[at : at + len(part)] = part[: len(data) - at]
        elif kind == 3:
            data[at // 4 * 4 : at // 4 * 4 + 4] = 255
        else:
            data[at] = rng.integers(256)
    broken.write_bytes(data.tobytes())
    print(case, flush=True)
    started = time.process_time()
    try:
        if path.suffix == ".nir":
            read_nir(broken, 2, "nir", 1.0)
        else:
            read_netx(broken, 2)
    except HwsimError:
        pass
    took, before = time.process_time() - started, before or resident()
    grown = (resident() - before) >> 10
    assert took < 5, f"{took:.1f} s"
    assert grown < 300, f"{grown} MB more than after the first"
print("done")
"""


def mutate(path: Path, count: int, seed: int) -> None:
    """Read so many damaged copies, in a process of its own: a crash of the HDF5 library is a failure too."""
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", MUTATE, str(path), str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + count / 10, check=False)
    last = done.stdout.split()[-1:] or ["start"]
    assert last == ["done"], f"case {last[0]} of seed {seed}: exit {done.returncode}\n{done.stderr[-3000:]}"


def damaged(kind: str, directory: Path) -> Path:
    path = directory / f"whole.{kind}"
    if kind == "nir":
        return small(path)
    write_small(path)
    return path


@pytest.mark.parametrize("kind", ["nir", "net"])
def test_damaged_bytes_give_a_network_or_an_error_of_ours(tmp_path: Path, kind: str) -> None:
    mutate(damaged(kind, tmp_path), 300, 0)


def test_heaps_that_libhdf5_never_leaves_are_refused(tmp_path: Path) -> None:
    """Free space of size 0 in the heap of texts; a list of free names that comes back to itself."""
    path = small(tmp_path / "net.nir")
    whole = path.read_bytes()
    texts, names = whole.index(b"GCOL"), whole.index(b"HEAP")
    first = bytearray(whole)
    first[texts + 16 : texts + 32] = bytes(16)
    address = int.from_bytes(whole[names + 24 : names + 32], "little")
    block = int.from_bytes(whole[names + 16 : names + 24], "little")
    second = bytearray(whole)
    second[address + block : address + block + 8] = block.to_bytes(8, "little")
    for damaged_bytes, kind in ((first, "texts"), (second, "names")):
        path.write_bytes(bytes(damaged_bytes))
        with pytest.raises(HwsimError, match=rf"net\.nir: a heap of {kind} at byte \d+ is damaged"):
            read_nir(path, 2, "nir", 1.0)


READ_IN_2_GB = """
import resource, sys
from pathlib import Path
from hwsim.errors import HwsimError
from hwsim.frontends.netx import read_netx
from hwsim.frontends.nir.read import read_nir
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
for path in map(Path, sys.argv[1:]):
    try:
        read_nir(path, 2, "nir", 1.0) if path.suffix == ".nir" else read_netx(path, 2)
    except HwsimError as error:
        print(error, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) >> 10)
"""
"""VmHWM is this process's own peak; ru_maxrss starts from the peak of the process that started it."""


def endless_text(path: Path, name: str) -> Path:
    """The length of the text of variable length at ``name`` (the first of several) becomes 2^32 - 1."""
    with h5py.File(path) as file:
        data = file[name]
        at = data.id.get_offset() if data.chunks is None else data.id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[at : at + 4] = b"\xff" * 4
    path.write_bytes(content)
    return path


def in_chunks(path: Path, **options: Any) -> Path:
    """The edges in chunks of three rows."""
    with h5py.File(path, "a") as file:
        rows = file["node/edges"][()]
        del file["node/edges"]
        file.create_dataset("node/edges", data=rows, dtype=h5py.string_dtype(), chunks=(3, 2), **options)
    return path


def test_texts_of_endless_length_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    netx = tmp_path / "text.net"
    write_small(netx)
    with h5py.File(netx, "a") as file:
        del file["layer/1/type"]
        file.create_dataset("layer/1/type", data="dense", dtype=h5py.string_dtype())
    files = {
        small(tmp_path / "word.nir"): "node/nodes/n4/type",
        small(tmp_path / "edges.nir"): "node/edges",
        in_chunks(small(tmp_path / "chunks.nir")): "node/edges",
        netx: "layer/1/type",
    }
    paths = [str(endless_text(path, name)) for path, name in files.items()]
    command = [sys.executable, "-c", READ_IN_2_GB, *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    told = done.stdout.splitlines()
    assert len(told) == 4
    for path, line in zip(paths, told, strict=True):
        assert path in line
        assert "declares a text of 4294967295 bytes; the whole file has" in line
        assert int(line.split()[-1]) < 1000


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "gzip"},
        {"compression": "gzip", "shuffle": True},
        {"shuffle": True},
    ],
)
def test_packed_texts_are_checked_and_read(tmp_path: Path, options: dict[str, Any]) -> None:
    path = in_chunks(small(tmp_path / "net.nir"), **options)
    assert len(read_nir(path, 2, "nir", 1.0).populations) == 5
    with h5py.File(path, "a") as file:
        data = file["node/edges"].id
        raw = np.full((6, 4), 0xFFFFFFFF, np.uint32).tobytes()
        mask = (1 << data.get_create_plist().get_nfilters()) - 1
        packed = zlib.compress(raw) if options == {"compression": "gzip"} else raw
        data.write_direct_chunk((0, 0), packed, 0 if packed is not raw else mask)
    with pytest.raises(HwsimError, match=r"net\.nir: 'edges' declares a text of 4294967295 bytes"):
        read_nir(path, 2, "nir", 1.0)


def test_texts_packed_by_other_filters_are_refused(tmp_path: Path) -> None:
    path = in_chunks(small(tmp_path / "net.nir"), compression="lzf")
    with pytest.raises(
        HwsimError, match="'edges' is packed by HDF5 filter 32000; texts may be packed by gzip"
    ):
        read_nir(path, 2, "nir", 1.0)


def behind_user_block(path: Path) -> Path:
    content = path.read_bytes()
    with h5py.File(path, "w", userblock_size=1024) as file, h5py.File(io.BytesIO(content)) as source:
        source.copy("node", file)
    return path


def test_files_behind_a_user_block_are_read_and_their_heaps_checked(tmp_path: Path) -> None:
    path = behind_user_block(small(tmp_path / "net.nir"))
    assert len(read_nir(path, 2, "nir", 1.0).populations) == 5
    content = bytearray(path.read_bytes())
    names = content.index(b"HEAP")
    address = 1024 + int.from_bytes(content[names + 24 : names + 32], "little")
    block = int.from_bytes(content[names + 16 : names + 24], "little")
    content[address + block : address + block + 8] = block.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(HwsimError, match=rf"a heap of names at byte {names} is damaged"):
        read_nir(path, 2, "nir", 1.0)
    with pytest.raises(HwsimError, match="'edges' declares a text of 4294967295 bytes"):
        read_nir(endless_text(behind_user_block(small(tmp_path / "net.nir")), "node/edges"), 2, "nir", 1.0)


@pytest.mark.parametrize(
    "spelled",
    [
        b"GCOL",
        b"GCOL\0\0\0\0" + np.ones(4, np.float32).tobytes(),
        b"GCOL\1\0\0\0" + np.ones(4, np.float32).tobytes(),
        b"HEAP",
        # the list of free blocks of a heap at address 0 would come back to itself
        b"HEAP" + np.array([0, 4096, 0, 16, 0, 0, 0], np.uint32).tobytes(),
    ],
)
def test_weights_may_spell_the_signature_of_a_heap(tmp_path: Path, spelled: bytes) -> None:
    raw = bytearray(2 * 50 * 4)
    raw[: len(spelled)] = spelled
    weight = np.frombuffer(bytes(raw), np.float32).reshape(2, 50)
    path = write(tmp_path / "net.nir", chain(affine(weight), integrate(), inputs=(50,)))
    found = read_nir(path, 2, "nir", 1.0).projections[0].weights
    assert found is not None
    assert found.tobytes() == bytes(raw)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["nir", "net"])
def test_thousands_of_damaged_files_give_networks_or_errors_of_ours(
    tmp_path: Path, kind: str, seed: int
) -> None:
    mutate(damaged(kind, tmp_path), 2000, 1 + seed)
