"""Data sets in the formats in which they are published, written here by their definitions."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.datasets import Events, load_dataset
from hwsim.datasets.nmnist import read_atis
from hwsim.datasets.pickles import read_pickle
from hwsim.errors import HwsimError
from tests.datasets.files import (
    IDX,
    atis,
    write_camera,
    write_cifar10,
    write_mnist,
    write_nmnist,
    write_shd,
)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("folder", ["", "mnist", "MNIST/raw"])
def test_idx_files_give_their_images_and_labels(tmp_path: Path, compressed: bool, folder: str) -> None:
    arrays = write_mnist(tmp_path / folder, compressed)
    data = load_dataset("mnist", tmp_path)
    assert data.train.arrays.shape == (6, 1, 28, 28)
    assert data.train.arrays.dtype == np.uint8
    for split, images, labels in ((data.train, *IDX[:2]), (data.test, *IDX[2:])):
        assert np.array_equal(split.arrays[:, 0], arrays[images])
        assert np.array_equal(split.labels, arrays[labels])
        assert split.labels.dtype == np.int64


@pytest.mark.parametrize("python2", [True, False])
def test_pickled_batches_of_cifar_give_channels_first(tmp_path: Path, python2: bool) -> None:
    made = write_cifar10(tmp_path / "cifar-10-batches-py", python2)
    data = load_dataset("cifar10", tmp_path)
    assert data.train.arrays.shape == (10, 3, 32, 32)
    assert data.train.labels.tolist() == [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]
    # a row is 1,024 red, 1,024 green, 1,024 blue; of each, 32 a line
    rows, labels = made["test_batch"]
    assert data.test.labels.tolist() == labels
    assert data.test.arrays[1, 2, 3, 4] == rows[1, 2 * 1024 + 3 * 32 + 4]


def test_what_python_2_wrote_is_what_pickle_reads(tmp_path: Path) -> None:
    # the bytes that these tests write by hand are a pickle by Python's own reader too
    made = write_cifar10(tmp_path)
    raw = pickle.loads((tmp_path / "test_batch").read_bytes(), encoding="bytes")  # noqa: S301 - our own
    assert np.array_equal(raw[b"data"], made["test_batch"][0])


def test_binary_rows_of_cifar_10_are_a_label_and_pixels(tmp_path: Path) -> None:
    for k, name in enumerate([*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]):
        (tmp_path / name).write_bytes(bytes([k]) + bytes(range(256)) * 12)
    data = load_dataset("cifar10", tmp_path)
    assert data.train.labels.tolist() == [0, 1, 2, 3, 4]
    # pixel (0, 1, 2) is byte 1 * 32 + 2 of the row's pixels
    assert data.test.arrays[0, 0, 1, 2] == 34


def test_binary_rows_of_cifar_100_have_the_fine_label_second(tmp_path: Path) -> None:
    for name in ("train.bin", "test.bin"):
        (tmp_path / name).write_bytes(bytes([3, 99]) + bytes(3072))
    assert load_dataset("cifar100", tmp_path).train.labels.tolist() == [99]


class Hostile:
    """Runs a command where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_hostile_pickle_runs_nothing_and_is_named(tmp_path: Path, protocol: int) -> None:
    write_cifar10(tmp_path)
    (tmp_path / "data_batch_3").write_bytes(pickle.dumps(Hostile(tmp_path / "run"), protocol))
    with pytest.raises(HwsimError, match=r"data_batch_3: .* not allowed"):
        load_dataset("cifar10", tmp_path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy.core.multiarray\nscalar\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0bndarray.fly\x93.",
        b"\x80\x02\x82\x01.",  # an extension code
        b"Pan outside object\n.",
        b"\x80\x02r\xff\xff\xff\x7f.",  # a memo index of 2^31 - 1
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",  # 2^63 - 1 bytes
        b"\x80\x02K\x01.",
        b"",
    ],
)
def test_a_pickle_of_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(HwsimError, match="batch: "):
        read_pickle(path)


def test_a_pickled_array_must_hold_as_many_bytes_as_it_claims(tmp_path: Path) -> None:
    write_cifar10(tmp_path)
    content = (tmp_path / "test_batch").read_bytes()
    # 10^9 rows instead of 2, in the four bytes of the first size
    claimed = content.replace(b"K\x01J\x02\x00\x00\x00J", b"K\x01J\x00\xca\x9a\x3bJ", 1)
    assert claimed != content
    (tmp_path / "test_batch").write_bytes(claimed)
    with pytest.raises(HwsimError, match=r"data is u1 of shape \(1000000000, 3072\) in 6144 bytes"):
        load_dataset("cifar10", tmp_path)


def test_events_of_n_mnist_are_of_40_bits(tmp_path: Path) -> None:
    write_nmnist(tmp_path / "NMNIST")
    data = load_dataset("nmnist", tmp_path)
    events = data.train.inputs
    assert isinstance(events, Events)
    assert data.train.labels.tolist() == list(range(10))
    sample = events[np.array([4])]
    assert sample.t_us.tolist() == [5, 70_000, 300_000]
    assert sample.x.tolist() == [4, 33, 0]
    assert sample.y.tolist() == [3, 33, 0]
    assert sample.p.tolist() == [1, 0, 1]


def test_an_event_in_row_240_adds_8192_us_to_those_after_it(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(atis([(1, 2, 3, 0), (0, 0, 240, 0), (4, 5, 6, 1), (0, 0, 240, 0), (7, 8, 9, 1)]))
    t, x, y, p = read_atis(path)
    assert t.tolist() == [1, 8192 + 4, 2 * 8192 + 7]
    assert x.tolist() == [2, 5, 8]
    assert y.tolist() == [3, 6, 9]
    assert p.tolist() == [0, 1, 1]


def test_spikes_of_shd_are_in_microseconds_by_channel(tmp_path: Path) -> None:
    write_shd(tmp_path)
    data = load_dataset("shd", tmp_path)
    events = data.test.inputs
    assert isinstance(events, Events)
    assert data.shape == (700,)
    assert events.t_us.tolist() == [500_000, 250_000, 1_000_000, 125_000]
    assert events.x.tolist() == [1, 2, 699, 5]
    assert data.test.labels.tolist() == [19, 0]
    # four bins of 0.3 s: 0.5 s in bin 1, 0.25 in 0, 1.0 in 3; the other recording in 0
    frames = events.frames(4, bin_us=300_000)
    assert sorted(zip(*(k.tolist() for k in np.nonzero(frames)), strict=True)) == [
        (0, 0, 2),
        (0, 1, 5),
        (1, 0, 1),
        (3, 0, 699),
    ]


@pytest.mark.parametrize(("name", "sensor"), [("dvs_gesture", (2, 128, 128)), ("cifar10_dvs", (2, 128, 128))])
def test_cameras_are_read_from_the_flat_layout(tmp_path: Path, name: str, sensor: tuple[int, ...]) -> None:
    write_camera(tmp_path / f"{name}.h5")
    data = load_dataset(name, tmp_path)
    assert data.shape == sensor
    assert isinstance(data.train.inputs, Events)
    frames = data.train.inputs.frames(1)
    assert frames.shape == (1, 2, *sensor)
    assert np.argwhere(frames).tolist() == [[0, 0, 0, 1, 0], [0, 0, 1, 127, 127], [0, 1, 1, 3, 3]]


def test_digits_split_the_same_at_every_reading() -> None:
    data, again = load_dataset("digits"), load_dataset("digits")
    assert len(data.train) + len(data.test) == 1797
    assert np.array_equal(data.test.arrays, again.test.arrays)
    # every fifth of each class: 178 zeros give 35, and so on
    counts = np.bincount(np.concatenate([data.train.labels, data.test.labels]))
    assert np.array_equal(np.bincount(data.test.labels), counts // 5)
    assert data.train.arrays.max() == 255


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(HwsimError, match=r"digits needs scikit-learn.*pip install 'hwsim\[data\]'"):
        load_dataset("digits")


def test_jpegs_of_cifar_are_decoded_by_their_lengths(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    content = []
    for level in (0, 200):
        made = io.BytesIO()
        image.new("RGB", (32, 32), (level, level, level)).save(made, "JPEG")
        content.append(np.frombuffer(made.getvalue(), np.uint8))
    arrays: dict[str, Any] = {}
    for which in ("train", "test"):
        arrays[f"{which}_jpeg"] = np.concatenate(content)
        arrays[f"{which}_length"] = np.array([len(c) for c in content], np.uint16)
        arrays[f"{which}_label"] = np.array([0, 9], np.uint8)
    np.savez(tmp_path / "cifar10_jpeg_20k_10k.npz", **arrays)
    data = load_dataset("cifar10_jpeg_20k_10k", tmp_path)
    assert data.train.arrays.shape == (2, 3, 32, 32)
    assert data.train.arrays[0].max() <= 1
    assert abs(data.train.arrays[1].astype(int) - 200).max() <= 1
    arrays["test_jpeg"] = arrays["test_jpeg"].copy()
    arrays["test_jpeg"][:20] = 7
    np.savez(tmp_path / "cifar10_jpeg_20k_10k.npz", **arrays)
    with pytest.raises(HwsimError, match="image 0 of test is no readable JPEG"):
        load_dataset("cifar10_jpeg_20k_10k", tmp_path)
