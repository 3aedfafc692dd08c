"""Data sets that are known by name: a row each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hwsim.datasets.arrays import read_arrays
from hwsim.datasets.digits import read_digits
from hwsim.datasets.values import Kind, Split

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


def entries() -> dict[str, Entry]:
    """All of them by name."""
    return ENTRIES


ENTRIES: dict[str, Entry] = {
    "digits": Entry(
        "images",
        10,
        (1, 8, 8),
        "1,797 handwritten digits that come with scikit-learn",
        "https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html",
        "CC BY 4.0",
        (Layout((), read_digits),),
        note="every fifth image of a class is test",
    ),
    "mnist": Entry(
        "images",
        10,
        (1, 28, 28),
        "60,000 and 10,000 handwritten digits",
        "https://yann.lecun.com/exdb/mnist/",
        "CC BY-SA 3.0",
        (Layout(("mnist.npz",), plain),),
    ),
    "fashion_mnist_30k_10k": Entry(
        "images",
        10,
        (1, 28, 28),
        "the first 30,000 training and all 10,000 test images of Fashion-MNIST",
        "https://github.com/zalandoresearch/fashion-mnist",
        "MIT",
        (Layout(("fashion_mnist_30k_10k.npz",), plain),),
        note="half of the training images",
    ),
    "japanese_vowels": Entry(
        "series",
        9,
        (29, 12),
        "utterances of nine speakers, 12 coefficients, 7 to 29 steps",
        "https://archive.ics.uci.edu/dataset/128/japanese+vowels",
        "CC BY 4.0",
        (Layout(("japanese_vowels.npz",), plain),),
        note="official split",
    ),
    "qtdb_ecg_spikes": Entry(
        "steps",
        6,
        (1301, 4),
        "electrocardiograms of the QT database as four channels of signed spikes, a label every step",
        "https://physionet.org/content/qtdb/1.0.0/",
        "ODC-By 1.0",
        (Layout(("qtdb_ecg_spikes.npz",), plain),),
    ),
}
