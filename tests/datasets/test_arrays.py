""".npz files of plain arrays, and where data sets are looked for."""

import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.datasets import IGNORED, load_dataset
from hwsim.datasets.catalog import ENTRIES
from hwsim.errors import HwsimError
from hwsim.listing import list_known
from tests.datasets.files import npz_bytes, rng, write_mnist


def written(folder: Path, **arrays: Any) -> str:
    path = folder / "mine.npz"
    path.write_bytes(npz_bytes(**arrays))
    return str(path)


def images(n: int, *shape: int) -> Any:
    return rng().integers(0, 256, (n, *shape), np.uint8)


@pytest.mark.parametrize("shape", [(8, 6), (1, 8, 6), (8, 6, 1), (3, 8, 6), (8, 6, 3)])
def test_images_become_channels_first(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = images(3, *shape)
    data = load_dataset(written(tmp_path, x_train=x, y_train=[0, 2, 1], x_test=x, y_test=[1, 1, 0]))
    channels = 3 if 3 in shape else 1
    assert (data.name, data.kind, data.shape, data.classes) == ("mine", "images", (channels, 8, 6), 3)
    last = x[2].reshape(8, 6, -1).transpose(2, 0, 1) if shape[-1] in (1, 3) else x[2].reshape(-1, 8, 6)
    assert np.array_equal(data.train.arrays[2], last)
    assert data.train.labels.tolist() == [0, 2, 1]


def test_images_and_labels_alone_give_every_fifth_of_a_class_to_the_test_split(tmp_path: Path) -> None:
    labels = np.array([0, 1] * 7)  # seven of each: the fifth of class 0 is sample 8, of class 1 sample 9
    data = load_dataset(written(tmp_path, images=np.arange(14, dtype=np.uint8)[:, None, None], labels=labels))
    assert data.test.arrays.ravel().tolist() == [8, 9]
    assert data.train.arrays.ravel().tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]


def test_floats_of_three_dimensions_are_series_with_lengths(tmp_path: Path) -> None:
    x = np.ones((2, 5, 3), np.float64)
    data = load_dataset(
        written(
            tmp_path, x_train=x, y_train=[0, 1], x_test=x, y_test=[1, 0], len_train=[5, 1], len_test=[2, 3]
        )
    )
    assert (data.kind, data.shape, data.train.arrays.dtype) == ("series", (5, 3), np.float32)
    assert data.train.lengths is not None
    assert data.train.lengths.tolist() == [5, 1]


def test_a_label_every_step_may_be_missing(tmp_path: Path) -> None:
    x = np.zeros((1, 3, 4), np.int8)
    data = load_dataset(written(tmp_path, x_train=x, y_train=[[0, 255, 1]], x_test=x, y_test=[[1, 1, 1]]))
    assert data.kind == "steps"
    assert data.train.labels.tolist() == [[0, IGNORED, 1]]


def test_taking_samples_keeps_their_order() -> None:
    train = load_dataset("digits").train
    some = train.take(np.array([5, 2]))
    assert np.array_equal(some.arrays, train.arrays[[5, 2]])
    assert some.labels.tolist() == train.labels[[5, 2]].tolist()


GOOD = {"x_train": images(2, 4, 4), "y_train": [0, 1], "x_test": images(2, 4, 4), "y_test": [0, 1]}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"y_train": [0, 1, 2]}, r"x_train is \(2, 1, 4, 4\) and has 3 labels"),
        ({"y_train": [0.0, 1.0]}, "y_train is float64"),
        ({"y_test": [0, -1]}, "labels of test span -1 to 0; allowed are 0 to 1"),
        ({"x_test": images(2, 4, 5)}, r"samples of test are \(1, 4, 5\), not \(1, 4, 4\)"),
        ({"x_train": images(2, 2, 4, 4)}, r"x_train is \(2, 2, 4, 4\); allowed are"),
        ({"x_train": np.array(["a", "b"])}, "x_train is <U1"),
        ({"x_train": np.full((2, 4, 4), np.nan)}, "x_train has values that are not finite"),
        ({"x_train": images(0, 4, 4), "y_train": np.zeros(0, int)}, "x_train is empty"),
        ({"x_train": np.array([{}, {}])}, "x_train.npy holds Python objects"),
        (
            {"len_train": [1, 9], "len_test": [1, 1], "x_train": np.ones((2, 4, 4))},
            "from 1 to 9; allowed are 2",
        ),
        ({"y_train": np.zeros((2, 3), int)}, "y_train is"),
    ],
)
def test_arrays_that_disagree_are_named(tmp_path: Path, change: dict[str, Any], found: str) -> None:
    with pytest.raises(HwsimError, match=found):
        load_dataset(written(tmp_path, **(GOOD | change)))


def test_arrays_of_other_names_are_listed(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"has a, b; allowed are x_train, y_train, x_test and y_test"):
        load_dataset(written(tmp_path, a=[1], b=[2]))
    with pytest.raises(HwsimError, match=r"lacks y_test; it has x_test, x_train, y_train"):
        load_dataset(written(tmp_path, **{k: v for k, v in GOOD.items() if k != "y_test"}))


def test_a_header_that_claims_more_than_the_file_holds_takes_no_memory(tmp_path: Path) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 28, 28), }"
    header += b" " * (117 - len(header)) + b"\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(100)
    with zipfile.ZipFile(tmp_path / "mine.npz", "w") as archive:
        archive.writestr("x_train.npy", content)
    with pytest.raises(HwsimError, match=r"claims shape \(1000000000000, 28, 28\).* holds 100"):
        load_dataset(str(tmp_path / "mine.npz"))


def test_an_idx_header_that_claims_more_than_the_file_holds_takes_no_memory(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    content = path.read_bytes()
    path.write_bytes(content[:4] + struct.pack(">I", 4_000_000_000) + content[8:])
    with pytest.raises(HwsimError, match=r"train-images-idx3-ubyte: claims shape \(4000000000, 28, 28\)"):
        load_dataset("mnist", tmp_path)


def test_images_and_labels_of_idx_files_must_be_as_many(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes((tmp_path / "train-labels-idx1-ubyte").read_bytes())
    with pytest.raises(HwsimError, match=r"t10k-images-idx3-ubyte has 4 images, .*t10k-labels.* 6 labels"):
        load_dataset("mnist", tmp_path)


def test_a_file_of_another_data_set_is_told_by_its_directory(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", **GOOD)
    with pytest.raises(HwsimError) as caught:
        load_dataset("mnist", tmp_path)
    assert str(caught.value) == f"mnist ({tmp_path}): samples of train are (1, 4, 4), not (1, 28, 28)"
    x = np.zeros((1, 1301, 4), np.int8)
    np.savez(tmp_path / "qtdb_ecg_spikes.npz", x_train=x, y_train=[0], x_test=x, y_test=[0])
    with pytest.raises(HwsimError, match=r"labels of train are \(1,\); expected one a step"):
        load_dataset("qtdb_ecg_spikes", tmp_path)


def test_the_example_of_the_document_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", text, re.S | re.M)
    made: dict[str, Any] = {}
    exec(block, made)  # noqa: S102 - our own document
    assert made["x"].shape == (8, 64, 1, 8, 8)


def test_the_document_has_a_row_for_every_data_set() -> None:
    text = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\(.*?\), \d+) \|", text, re.M))
    assert rows == {name: f"{entry.shape}, {entry.classes}" for name, entry in ENTRIES.items()}


@pytest.mark.parametrize("name", [name for name in ENTRIES if ENTRIES[name].layouts[0].files])
def test_a_missing_data_set_says_where_to_get_it_and_where_to_put_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(HwsimError) as caught:
        load_dataset(name, tmp_path / "away")
    text = str(caught.value)
    entry = ENTRIES[name]
    first = entry.layouts[0].files[0].partition("|")[0]
    for part in (name, entry.description, entry.url, first, str(tmp_path / "away"), "HWSIM_DATASETS"):
        assert part in text


def test_directories_are_looked_in_by_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, shared, cache = tmp_path / "own", tmp_path / "shared", tmp_path / "cache"
    monkeypatch.setenv("HWSIM_DATASETS", str(own))
    monkeypatch.setenv("HWSIM_DATA", str(shared))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    found = []
    for place in (cache / "hwsim" / "datasets", shared / "data", own):
        place.mkdir(parents=True)
        images = np.full((1, 28, 28), len(found), np.uint8)
        labels = np.zeros(1, np.uint8)
        np.savez(place / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
        found.append(int(load_dataset("mnist").train.arrays[0, 0, 0, 0]))
    assert found == [0, 1, 2]
    with pytest.raises(HwsimError, match=r"was not found in .*empty"):
        load_dataset("mnist", tmp_path / "empty")


def test_a_part_of_a_data_set_that_is_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "fashion_mnist_30k_10k.npz").touch()
    with pytest.raises(HwsimError, match="There is fashion_mnist_30k_10k"):
        load_dataset("fashion_mnist", tmp_path)


def test_an_unknown_name_is_compared_with_the_known_ones() -> None:
    with pytest.raises(HwsimError, match=r"unknown data set 'minst'. Did you mean 'mnist'.*\.npz"):
        load_dataset("minst")


def test_the_list_says_what_is_found_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HWSIM_DATASETS", str(tmp_path))
    (tmp_path / "uci_hapt_raw.npz").touch()
    list_known("data", True)
    lines = {line.partition(":")[0].strip(' "'): line for line in capsys.readouterr().out.splitlines()}
    assert f"; in {tmp_path}" in lines["uci_hapt"]
    assert "no files needed" in lines["digits"]
