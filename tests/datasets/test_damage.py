"""Files that are cut, or changed in one byte, are refused with an HwsimError that names them, or read."""

import random
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from hwsim.datasets import load_dataset
from hwsim.errors import HwsimError
from tests.datasets.files import (
    npz_bytes,
    rng,
    write_camera,
    write_cifar10,
    write_mnist,
    write_nmnist,
    write_shd,
)


def speech(folder: Path) -> None:
    pcm = rng().integers(-9000, 9000, 6000).astype(np.int16)
    content = npz_bytes(pcm=pcm, offset=[0, 2000, 6000], label=[1, 9], is_test=[True, False])
    (folder / "fsdd_audio.npz").write_bytes(content)


def walks(folder: Path) -> None:
    content = npz_bytes(
        sig=rng().integers(-99, 99, (600, 6)).astype(np.int16),
        label=np.ones(600, np.int8),
        offset=[0, 300, 600],
        user=np.array([1, 2], np.uint8),
        scale=np.ones(6),
    )
    (folder / "uci_hapt_raw.npz").write_bytes(content)


def saccades(folder: Path) -> None:
    ints = np.array([1, 2, 3], np.uint8)
    content = npz_bytes(
        x=ints, y=ints, p=ints % 2, t_us=ints, offset=[0, 2, 3], label=[0, 1], is_test=[True, False]
    )
    (folder / "nmnist_1100.npz").write_bytes(content)


def cameras(folder: Path) -> None:
    write_camera(folder / "dvs_gesture.h5")


def compressed(folder: Path) -> None:
    write_mnist(folder, compressed=True)


SETS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "idx": ("mnist", write_mnist, "train-images-idx3-ubyte"),
    "idx.gz": ("mnist", compressed, "t10k-labels-idx1-ubyte.gz"),
    "pickle": ("cifar10", write_cifar10, "data_batch_2"),
    "atis": ("nmnist", write_nmnist, "Train/3/00001.bin"),
    "shd": ("shd", write_shd, "shd_train.h5"),
    "camera": ("dvs_gesture", cameras, "dvs_gesture.h5"),
    "speech": ("fsdd_audio", speech, "fsdd_audio.npz"),
    "walks": ("uci_hapt", walks, "uci_hapt_raw.npz"),
    "saccades": ("nmnist_1100", saccades, "nmnist_1100.npz"),
}


@pytest.mark.parametrize("kind", SETS)
def test_a_cut_file_is_named(tmp_path: Path, kind: str) -> None:
    name, write, file = SETS[kind]
    write(tmp_path)
    load_dataset(name, tmp_path)
    path = tmp_path / file
    whole = path.read_bytes()
    for length in sorted({0, 1, 3, 7, 16, len(whole) // 3, len(whole) // 2, len(whole) - 2, len(whole) - 1}):
        if length >= len(whole) or (kind == "atis" and length % 5 == 0):
            continue  # fewer events are a recording too
        path.write_bytes(whole[:length])
        with pytest.raises(HwsimError, match=path.name):
            load_dataset(name, tmp_path)


@pytest.mark.parametrize("kind", SETS)
def test_a_changed_byte_gives_a_data_set_or_an_error_that_is_ours(tmp_path: Path, kind: str) -> None:
    name, write, file = SETS[kind]
    write(tmp_path)
    path = tmp_path / file
    whole = path.read_bytes()
    draw = random.Random(5)  # noqa: S311 - which bytes change
    for _ in range(60):
        changed = bytearray(whole)
        place = draw.randrange(min(len(whole), draw.choice([64, 2000, len(whole)])))
        changed[place] = draw.randrange(256)
        path.write_bytes(changed)
        with suppress(HwsimError):
            load_dataset(name, tmp_path).verify()


def test_an_h5_array_without_its_bytes_takes_no_memory(tmp_path: Path) -> None:
    cameras(tmp_path)
    with h5py.File(tmp_path / "dvs_gesture.h5", "a") as file:
        del file["train/x"]
        file.create_dataset("train/x", (10**12,), np.uint8, chunks=(10**6,))
    with pytest.raises(HwsimError, match=r"dvs_gesture.h5: train/x claims 1000000000000 bytes"):
        load_dataset("dvs_gesture", tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("x", [0, 128, 3], r"dvs_gesture.h5 \(train\): x spans 0 to 128; allowed are 0 to 127"),
        ("p", [0, 2, 0], r"p spans 0 to 2; allowed are 0 to 1"),
        ("offsets", [0, 4, 3], "offsets fall"),
        ("offsets", [0, 2], "from 0 to the number of events, 3"),
        ("t_us", [0, 1], r"\[2, 3\] events; they must agree"),
        ("labels", [0, 11], "labels of train span 0 to 11; allowed are 0 to 10"),
        ("labels", [0], "train has 2 samples and 1 labels"),
    ],
)
def test_events_outside_of_their_sensor_or_sample_are_named(
    tmp_path: Path, field: str, value: list[int], found: str
) -> None:
    cameras(tmp_path)
    with h5py.File(tmp_path / "dvs_gesture.h5", "a") as file:
        del file[f"train/{field}"]
        file[f"train/{field}"] = np.array(value)
    with pytest.raises(HwsimError, match=found):
        load_dataset("dvs_gesture", tmp_path)


def test_a_header_that_no_parser_reads_is_named(tmp_path: Path) -> None:
    header = b"{'descr': '|u1', 'shape': (3L,".ljust(117) + b"\n"  # numpy tokenizes it as one of Python 2
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w") as archive:
        archive.writestr("x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    with pytest.raises(HwsimError, match=r"mnist.npz: is no readable .npz file"):
        load_dataset("mnist", tmp_path)


def test_a_single_value_in_place_of_an_array_is_named(tmp_path: Path) -> None:
    saccades(tmp_path)
    with np.load(tmp_path / "nmnist_1100.npz") as file:
        arrays = dict(file) | {"is_test": np.array(True)}
    np.savez(tmp_path / "nmnist_1100.npz", **arrays)
    with pytest.raises(HwsimError, match="is_test: a single value; expected an array"):
        load_dataset("nmnist_1100", tmp_path)
