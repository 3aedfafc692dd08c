"""Damaged bytes of .nir and .net files: a network, or an error of ours, in little time and memory."""

import io
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.frontends.nir.read import read_nir
from tests.frontends.nir_files import affine, chain, integrate, write
from tests.frontends.nir_small import small
from tests.frontends.test_netx import write_small
from tests.volume import parts

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
@pytest.mark.parametrize("seed", parts(4))
@pytest.mark.parametrize("kind", ["nir", "net"])
def test_thousands_of_damaged_files_give_networks_or_errors_of_ours(
    tmp_path: Path, kind: str, seed: int
) -> None:
    mutate(damaged(kind, tmp_path), 2000, 1 + seed)
