"""Files that are not what they say: bombs, links, wrong types, deep nesting."""

import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.frontends.hdf5 import MAX_VALUES
from hwsim.frontends.nir.file import MAX_DEPTH, MAX_NODES
from hwsim.frontends.nir.read import read_nir
from tests.frontends.hdf5_changes import Change, put
from tests.frontends.nir_files import affine, chain, graph, store
from tests.frontends.nir_small import small


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
