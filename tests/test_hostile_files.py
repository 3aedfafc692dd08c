"""Files run no code, whatever they are called and hold; texts of a few lines take no memory."""

import io
import json
import os
import pickle
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from hwsim.errors import HwsimError
from hwsim.json_text import parsed
from tests.fuzz.targets import TARGETS
from tests.fuzz.test_files import bounded


class Marks:
    """What becomes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def as_pickle(marks: Marks) -> bytes:
    return pickle.dumps({"images": marks, "optimizers": marks, "masks": {}, b"data": marks, b"labels": [0]})


def as_checkpoint(marks: Marks) -> bytes:
    buffer = io.BytesIO()
    torch.save({"optimizers": marks, "masks": marks}, buffer)
    return buffer.getvalue()


def as_npy(marks: Marks) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([marks], object), allow_pickle=True)
    return buffer.getvalue()


def as_npz(marks: Marks) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("images", "labels", "x", "y", "p", "t_us", "offset", "label", "is_test"):
            archive.writestr(f"{name}.npy", as_npy(marks))
    return buffer.getvalue()


def as_tensors(marks: Marks) -> bytes:
    """A pickle where the header of a safetensors file stands."""
    content = pickle.dumps(marks)
    return struct.pack("<Q", len(content)) + content


FORMS = {
    "pickle": as_pickle,
    "checkpoint": as_checkpoint,
    "npy": as_npy,
    "npz": as_npz,
    "tensors": as_tensors,
}


def test_the_marks_are_made_by_what_unpickles(tmp_path: Path) -> None:
    pickle.loads(as_pickle(Marks(tmp_path / "a")))  # noqa: S301
    torch.load(io.BytesIO(as_checkpoint(Marks(tmp_path / "b"))), weights_only=False)
    np.load(io.BytesIO(as_npy(Marks(tmp_path / "c"))), allow_pickle=True)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a", "b", "c"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TARGETS)
def test_a_pickle_in_the_place_of_any_file_runs_nothing(tmp_path: Path, name: str, form: str) -> None:
    path = TARGETS[name].write(tmp_path)
    path.write_bytes(FORMS[form](Marks(tmp_path / "ran")))
    with pytest.raises(HwsimError, match=path.stem):
        TARGETS[name].read(path)
    assert not (tmp_path / "ran").exists()


OF_YAML = [name for name, target in TARGETS.items() if target.changes[0].__name__ == "of_yaml"]

TAGS = (
    "!!python/object/apply:os.mkdir [PATH]",
    "!!python/object/new:os.mkdir [[PATH]]",
    "!!python/name:os.mkdir",
    "!!python/module:os",
    "!!python/object:tests.test_hostile_files.Marks {path: PATH}",
)


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("name", OF_YAML)
def test_a_tag_of_python_makes_nothing(tmp_path: Path, name: str, tag: str) -> None:
    path = TARGETS[name].write(tmp_path)
    whole = path.read_text(encoding="utf-8")
    for content in (f"{whole}\nmore: {tag}\n", f"{tag}\n"):
        path.write_text(content.replace("PATH", str(tmp_path / "ran")), encoding="utf-8")
        with pytest.raises(HwsimError, match="not readable as YAML"):
            TARGETS[name].read(path)
    assert not (tmp_path / "ran").exists()


BOMB = "\n".join(
    ["- &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"- &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
)
"""By aliases, 9^30 texts."""


@pytest.mark.parametrize("name", OF_YAML)
def test_lists_of_aliases_that_would_fill_the_memory_are_refused(tmp_path: Path, name: str) -> None:
    path = TARGETS[name].write(tmp_path)
    fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    for field in [*fields, "more"]:
        rest = yaml.safe_dump({key: value for key, value in fields.items() if key != field})
        told = json.dumps(field)
        path.write_text(f"{rest}{told}:\n{BOMB}\n", encoding="utf-8")
        with bounded(), pytest.raises(HwsimError, match=path.name) as caught:
            TARGETS[name].read(path)
        assert len(str(caught.value)) < 100_000


def test_a_text_of_brackets_is_refused_by_everything_that_reads_one(tmp_path: Path) -> None:
    for number, (name, target) in enumerate(TARGETS.items()):
        if name == "mapping" or target.changes[0].__name__ in ("of_json", "of_lines"):
            folder = tmp_path / str(number)
            folder.mkdir()
            path = target.write(folder)
            for text in ("[" * 5000 + "\n", '{"a":' * 5000 + "\n", "[" * 200 + "]" * 200 + "\n"):
                path.write_text(text, encoding="utf-8")
                with bounded(), pytest.raises(HwsimError, match=path.stem):
                    target.read(path)
                assert name


def test_numbers_that_json_does_not_have_are_refused(tmp_path: Path) -> None:
    for kind in ("cost", "result.json", "comparison", "tasks", "metrics", "checkpoint.json"):
        folder = tmp_path / kind
        folder.mkdir()
        path = TARGETS[kind].write(folder)
        whole = path.read_text(encoding="utf-8")
        for number in ("NaN", "Infinity", "-Infinity", "1e999"):
            text = whole.replace("0.5", number, 1) if "0.5" in whole else whole.replace("0.0", number, 1)
            assert text != whole
            path.write_text(text, encoding="utf-8")
            with pytest.raises(HwsimError, match=path.stem):
                TARGETS[kind].read(path)


def test_a_name_that_is_there_twice_among_many_is_told_at_once() -> None:
    names = ", ".join(f'"{number}": 0' for number in [*range(100_000), 99_999])
    began = time.process_time()
    with pytest.raises(ValueError, match="'99999' is there twice"):
        parsed(f"{{{names}}}")
    # 5 * 10^9 comparisons, if each were looked for among all, take minutes
    assert time.process_time() - began < 5
