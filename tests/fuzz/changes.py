"""Changes of a valid file, drawn by hypothesis: of its bytes, and of the values that its format holds.

Every change is a function of the file's bytes and of some :class:`Edit`, three numbers each, so that a case
that fails shrinks to few and small ones.
"""

import copy
import csv
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
import yaml
from hypothesis import strategies as st


@dataclass(frozen=True)
class Edit:
    """Where (modulo the number of places), how, and with which value."""

    at: int
    how: int
    value: int


EDITS = st.lists(
    st.builds(Edit, st.integers(0, 1 << 20), st.integers(0, 63), st.integers(0, 1 << 16)),
    min_size=1,
    max_size=3,
)

Change = Callable[[bytes, Sequence[Edit]], bytes]

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3, 7, 0.5, -0.5, 1e-320, 1e308, -1e308, 2**31 - 1, 2**31, 2**53, 2**62,
    2**63, 2**64, -(2**63) - 1, 10**30, 10**400, float("nan"), float("inf"), float("-inf"), "", " ", "x",
    "name", "é☃", "\x00", "\x1b[31m", "../../etc/passwd", "/dev/zero", "x" * 5000, "1e999", "0x10", "nan", [],
    {}, [[]], [None], {"": None}, {"x": 1}, [1, 2], [0] * 100, 1 + 2**-30,
)  # fmt: skip
"""What stands where something else should."""

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x20, 0x0A, 0x22, 0x2C, 0x7B, 0x5B, 0x3A, 0x2D)


def of_bytes(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Bits, bytes and pieces changed, taken out, put in, copied; the end cut off."""
    data = bytearray(content)
    for edit in edits:
        at, count = edit.at % (len(data) + 1), 1 + edit.value % 16
        match edit.how % 9:
            case 0 if data:
                data[at % len(data)] ^= 1 << edit.value % 8
            case 1 if data:
                data[at % len(data)] = INTERESTING[edit.value % len(INTERESTING)]
            case 2:
                del data[at : at + count]
            case 3:
                data[at:at] = bytes([edit.value % 256]) * count
            case 4:
                data[at:at] = data[: 1 + edit.value % (len(data) + 1)][:64]
            case 5:
                del data[at:]
            case 6:
                data[at : at + 4] = b"\xff" * len(data[at : at + 4])
            case 7:
                data[at : at + 8] = struct.pack("<q", edit.value - (1 << 15))[: len(data[at : at + 8])]
            case _:
                data += bytes(data[-count:])
    return bytes(data)


# --- trees of values: YAML, JSON -----------------------------------------------------------------


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree of lists and dictionaries, in order."""
    found, level = [], [tree]
    while level:
        following = []
        for one in level:
            keys = list(one) if isinstance(one, dict) else range(len(one))
            for key in keys:
                found.append((one, key))
                if isinstance(one[key], dict | list):
                    following.append(one[key])
        level = following
    return found


def of_tree(tree: Any, edits: Sequence[Edit]) -> Any:
    """Values replaced, taken away, renamed, copied to other places, wrapped, scaled, written as texts."""
    root = [copy.deepcopy(tree)]
    for edit in edits:
        places = _places(root)
        container, key = places[edit.at % len(places)]
        value = container[key]
        other, place = places[edit.value % len(places)]
        match edit.how % 12:
            case 0 | 1 | 2:
                container[key] = copy.deepcopy(ODD[edit.value % len(ODD)])
            case 3:
                if container is not root:
                    del container[key]
            case 4:
                if isinstance(container, dict):
                    container[str(ODD[edit.value % len(ODD)])[:50]] = container.pop(key)
            case 5:
                container[key] = copy.deepcopy(other[place])
            case 6:
                container[key] = [value]
            case 7:
                container[key] = {"x": value}
            case 8:
                container[key] = str(value)
            case 9 if isinstance(value, int | float) and not isinstance(value, bool):
                container[key] = value * (10 ** (edit.value % 12)) * (-1) ** (edit.value // 12)
            case 10 if isinstance(value, int | float) and not isinstance(value, bool):
                container[key] = value / (3 + edit.value % 1000)
            case _:
                if isinstance(container, list):
                    container.insert(key, copy.deepcopy(value))
                elif container is not root:
                    container[f"{key}2"] = copy.deepcopy(value)
    return root[0]


def of_yaml(content: bytes, edits: Sequence[Edit]) -> bytes:
    tree = of_tree(_parsed(content), edits)
    return str(yaml.dump(tree, Dumper=_Dumper, allow_unicode=True)).encode()


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _parsed(content: bytes) -> Any:
    return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def of_json(content: bytes, edits: Sequence[Edit]) -> bytes:
    return _dumped(of_tree(json.loads(content), edits)).encode()


def of_lines(content: bytes, edits: Sequence[Edit]) -> bytes:
    """A file of JSON lines."""
    tree = of_tree([json.loads(line) for line in content.splitlines()], edits)
    lines = tree if isinstance(tree, list) else [tree]
    return "".join(_dumped(line) + "\n" for line in lines).encode()


def _dumped(tree: Any) -> str:
    """JSON of more than JSON allows: integers of any length, NaN."""
    return json.dumps(tree)


def of_deep(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Thousands of brackets inside each other, somewhere."""
    edit = edits[0]
    at, count = edit.at % (len(content) + 1), 200 * (1 + edit.value % 500)
    opening = (b"[", b'{"x":', b"- ", b"(", b"?")[edit.how % 5]
    return content[:at] + opening * count + content[at:]


# --- tables of texts: CSV, traces ----------------------------------------------------------------


def of_rows(delimiter: str) -> Change:
    """Fields of a table replaced, taken away, doubled; rows doubled and exchanged."""

    def change(content: bytes, edits: Sequence[Edit]) -> bytes:
        rows = [line.split(delimiter) for line in content.decode().splitlines()]
        for edit in edits:
            rows = rows or [[""]]
            row = rows[edit.at % len(rows)]
            place = edit.value % len(row) if row else 0
            match edit.how % 8:
                case 0 | 1 | 2 if row:
                    row[place] = str(ODD[edit.value % len(ODD)])
                case 3 if row:
                    del row[place]
                case 4:
                    row.insert(place, row[place] if row else "1")
                case 5:
                    rows.append(list(row))
                case 6:
                    rows.remove(row)
                case _ if row:
                    row[place] = f"{row[place]}0000"
        return "\n".join(delimiter.join(row) for row in rows).encode(errors="surrogatepass") + b"\n"

    return change


def of_csv(content: bytes, edits: Sequence[Edit]) -> bytes:
    """The same, written by the csv module: quoted fields may hold anything."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    changed = of_tree(rows, edits)
    out = io.StringIO()
    for row in changed if isinstance(changed, list) else [changed]:
        csv.writer(out).writerow(row if isinstance(row, list) else [row])
    return out.getvalue().encode(errors="surrogatepass")


# --- files of arrays -----------------------------------------------------------------------------


def of_array(array: Any, edit: Edit) -> Any:  # noqa: PLR0911 - one a kind of change
    """Another type, shape, size or values."""
    array = np.array(array)
    kinds = ("u1", "i1", "i8", "f2", "f4", "f8", "c8", "?", "S3", "u8", ">f4", "i2")
    with np.errstate(all="ignore"):
        match edit.how % 9:
            case 0 if array.dtype.kind in "iufb?":
                return array.astype(kinds[edit.value % len(kinds)])
            case 1:
                return array.reshape(-1)[: edit.value % (array.size + 1)]
            case 2:
                return array.reshape((1,) * (edit.value % 6) + array.shape)
            case 3:
                return array.T.copy()
            case 4 if array.dtype.kind == "f" and array.size:
                array.flat[edit.at % array.size] = (np.nan, np.inf, -np.inf, 3e38, 1e-45)[edit.value % 5]
                return array
            case 5 if array.dtype.kind in "iu" and array.size:
                limits = np.iinfo(array.dtype)
                array.flat[edit.at % array.size] = (limits.min, limits.max, 0)[edit.value % 3]
                return array
            case 6:
                return array.reshape(-1)
            case 7:
                return np.array(array.flat[0]) if array.size else array
            case _:
                return np.concatenate([array.reshape(-1)] * (1 + edit.value % 3))


def of_npz(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Arrays of an archive changed, renamed, taken away; an archive whose checksums are right."""
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    for edit in edits:
        if not arrays:
            break
        name = sorted(arrays)[edit.at % len(arrays)]
        match edit.how % 5:
            case 0:
                arrays[f"{name}2"] = arrays.pop(name)
            case 1:
                del arrays[name]
            case _:
                arrays[name] = of_array(arrays[name], edit)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def of_zip(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Bytes of the members of an archive, whose checksums are right: .npz, checkpoints of PyTorch."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    for edit in edits:
        name = sorted(members)[edit.how % len(members)]
        head = members[name][:200]
        members[name] = of_bytes(head, [Edit(edit.at, edit.value, edit.value)]) + members[name][200:]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def of_head(content: bytes, edits: Sequence[Edit]) -> bytes:
    """The first bytes only: headers of .npy, IDX, safetensors."""
    return of_bytes(content[:160], edits) + content[160:]


def of_safetensors(content: bytes, edits: Sequence[Edit]) -> bytes:
    """The header's JSON and, inside of it, hwsim's own; tensors' bits."""
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), bytearray(content[8 + length :])
    about = header.get("__metadata__", {})
    for edit in edits:
        match edit.how % 4:
            case 0 if len(data) >= 4:
                at = edit.at % (len(data) // 4) * 4
                data[at : at + 4] = np.array([np.nan, np.inf, -1e38, 1e-40], "<f4")[edit.value % 4].tobytes()
            case 1:
                header = of_tree(header, [edit])
            case _ if isinstance(about, dict) and "meta" in about:
                tree = of_tree(json.loads(about["meta"]), [Edit(edit.at, edit.how // 4, edit.value)])
                about["meta"] = _dumped(tree)
    text = _dumped(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def of_hdf5(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Values of an HDF5 file changed, taken away, renamed, copied to other places."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "a") as file:
        for edit in edits:
            names: list[str] = []
            file.visit(names.append)
            if not names:
                break
            name, other = names[edit.at % len(names)], names[edit.value % len(names)]
            match edit.how % 8:
                case 0 | 1 | 2:
                    _put(file, name, ODD[edit.value % len(ODD)])
                case 3:
                    del file[name]
                case 4:
                    file.move(name, f"{name}2")
                case 5:
                    _put(file, name, file[other][()] if isinstance(file[other], h5py.Dataset) else None)
                case 6 if isinstance(file[name], h5py.Dataset) and file[name].dtype.kind in "iufb":
                    _put(file, name, of_array(file[name][()], Edit(edit.at, edit.value // 7, edit.value)))
                case _:
                    _put(file, name, np.array([edit.value, edit.at]))
    return buffer.getvalue()


def _put(file: Any, name: str, value: Any) -> None:
    if name in file:
        del file[name]
    try:
        file[name] = h5py.Empty("f4") if value is None else value
    except (TypeError, ValueError, OSError, AttributeError):  # what HDF5 has no form for
        file[name] = h5py.Empty("f4")
