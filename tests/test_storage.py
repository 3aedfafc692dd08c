"""Values on disk: what is written comes back, half a write is no write, damage is named."""

import errno
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from hwsim.errors import HwsimError
from hwsim.storage import (
    atomic_path,
    canonical_json,
    check_apart,
    content_id,
    load_value,
    save_value,
    stored_kind,
    write_text,
)
from tests.examples import rewrite_header

META = {"name": "näme", "numbers": [1, 2.5, None], "nested": {"yes": True}}
ARRAYS = {
    "a": np.arange(6, dtype=np.int32).reshape(2, 3),
    "b": np.array([1.5, -2.0], np.float32),
    "empty": np.zeros((0, 4), np.int64),
}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "value.safetensors"
    save_value(path, "thing", META, ARRAYS)
    return path


def test_json_and_arrays_come_back_as_they_were_saved(saved: Path) -> None:
    meta, arrays = load_value(saved, "thing")
    assert meta == META
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        assert np.array_equal(arrays[name], array)


def test_arrays_that_are_not_contiguous_are_saved_in_their_own_order(tmp_path: Path) -> None:
    transposed = np.arange(12, dtype=np.int16).reshape(3, 4).T[::2]
    save_value(tmp_path / "v", "thing", {}, {"t": transposed})
    assert load_value(tmp_path / "v", "thing")[1]["t"].tolist() == [[0, 4, 8], [2, 6, 10]]


def test_missing_directories_are_made(tmp_path: Path) -> None:
    save_value(tmp_path / "x" / "y" / "v", "thing", META, {})
    assert load_value(tmp_path / "x" / "y" / "v", "thing")[0] == META


def test_the_kind_of_a_saved_value_is_told(saved: Path) -> None:
    assert stored_kind(saved) == "thing"


def test_other_peoples_tensors_have_no_kind(tmp_path: Path) -> None:
    save_file(ARRAYS, tmp_path / "weights.safetensors")
    assert stored_kind(tmp_path / "weights.safetensors") is None


def test_a_saved_file_may_be_read_by_others(saved: Path) -> None:
    # mkstemp makes files that only their owner reads
    assert saved.stat().st_mode & 0o777 == 0o644


# --- interrupted writes --------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [RuntimeError("bug"), KeyboardInterrupt()])
def test_an_interrupted_block_leaves_the_old_file_and_no_temporary_one(
    tmp_path: Path, reason: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def interrupted() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half of the n")
            raise reason

    with pytest.raises(type(reason)):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_value_and_no_temporary_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def write_half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(HwsimError, match="cannot be written: No space left"):
        save_value(saved, "thing", {"new": 1}, ARRAYS)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_text_replaces_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("something much longer than what follows")
    write_text(path, "köl")
    assert path.read_bytes() == "köl".encode()
    assert list(tmp_path.iterdir()) == [path]


# --- damaged files -------------------------------------------------------------------------------


def refused(path: Path, what: str) -> None:
    with pytest.raises(HwsimError, match=what) as caught:
        load_value(path, "thing")
    assert str(path) in str(caught.value)


def test_what_is_there_and_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(HwsimError, match=f"{re.escape(str(path))}: is not a file that can be replaced"):
            write_text(path, "new")
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_files_for_different_things_are_different(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("")
    (tmp_path / "same").hardlink_to(tmp_path / "in")
    check_apart(trace=tmp_path / "in", output=tmp_path / "out", plot=None)
    for other in (tmp_path / "in", tmp_path / "same", tmp_path / "x" / ".." / "in"):
        with pytest.raises(HwsimError, match=r"is both trace and plot; name another file"):
            check_apart(trace=tmp_path / "in", output=tmp_path / "out", plot=other)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "nothing", "no such file")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    refused(tmp_path, "is a directory; name a file")


def test_a_file_cut_anywhere_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in range(len(whole)):
        saved.write_bytes(whole[:length])
        refused(saved, "not a safetensors file")


def test_bytes_after_the_end_are_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"x")
    refused(saved, "not a safetensors file")


def test_a_text_file_is_not_a_value(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("name: sata\n")
    refused(tmp_path / "v", "not a safetensors file")


def test_a_value_of_another_kind_is_named(saved: Path) -> None:
    with pytest.raises(HwsimError, match=r"value\.safetensors: expected a saved network, found thing"):
        load_value(saved, "network")


def test_weights_of_another_tool_are_no_value(tmp_path: Path) -> None:
    save_file(ARRAYS, tmp_path / "weights")
    refused(tmp_path / "weights", "expected a saved thing, found tensors without an hwsim header")


def test_another_format_is_refused_with_both_numbers(saved: Path) -> None:
    rewrite_header(saved, format="99")
    refused(saved, "format 99 is not readable; this version reads 1")


@pytest.mark.parametrize("text", ["", "{", '{"a": }', "nonsense"])
def test_a_header_that_is_not_json_is_refused(saved: Path, text: str) -> None:
    rewrite_header(saved, meta=text)
    refused(saved, "header of this thing is damaged")


@pytest.mark.parametrize("text", ["[1]", "3", "null", '"text"'])
def test_a_header_that_is_no_json_object_is_refused(saved: Path, text: str) -> None:
    rewrite_header(saved, meta=text)
    refused(saved, "not a JSON object")


# --- identity ------------------------------------------------------------------------------------


def test_equal_content_has_an_equal_id_whatever_its_order_and_layout() -> None:
    one = content_id("k", {"x": 1, "y": 2}, {"a": ARRAYS["a"], "b": ARRAYS["b"]})
    fortran = np.asfortranarray(ARRAYS["a"])
    assert content_id("k", {"y": 2, "x": 1}, {"b": ARRAYS["b"].copy(), "a": fortran}) == one


@pytest.mark.parametrize(
    ("kind", "meta", "arrays"),
    [
        ("other", {"x": 1}, {"a": ARRAYS["a"]}),
        ("k", {"x": 2}, {"a": ARRAYS["a"]}),
        ("k", {"y": 1}, {"a": ARRAYS["a"]}),
        ("k", {"x": 1}, {}),
        ("k", {"x": 1}, {"b": ARRAYS["a"]}),
        ("k", {"x": 1}, {"a": ARRAYS["a"].T}),
        ("k", {"x": 1}, {"a": ARRAYS["a"].reshape(6)}),
        ("k", {"x": 1}, {"a": ARRAYS["a"].view(np.uint32)}),
        ("k", {"x": 1}, {"a": ARRAYS["a"] + (np.arange(6).reshape(2, 3) == 5)}),
    ],
    ids=["kind", "value", "key", "no array", "array name", "order", "shape", "type", "one element"],
)
def test_any_change_of_content_changes_the_id(kind: str, meta: Any, arrays: Any) -> None:
    assert content_id(kind, meta, arrays) != content_id("k", {"x": 1}, {"a": ARRAYS["a"]})


def test_an_id_is_the_first_sixteen_digits_of_a_sha256() -> None:
    digest = hashlib.sha256(b'k\n{"a":1,"b":[2]}\n').hexdigest()
    assert content_id("k", {"b": [2], "a": 1}) == digest[:16]


def test_json_that_would_not_be_read_back_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"x": float("nan")})
