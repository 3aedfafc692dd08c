"""The 8 x 8 digits that come with scikit-learn."""

from pathlib import Path

import numpy as np

from hwsim.datasets.arrays import held_out
from hwsim.datasets.optional import optional
from hwsim.datasets.values import Split


def read_digits(_: list[Path]) -> tuple[Split, Split]:
    """1,797 images (1, 8, 8) uint8, their levels 0-16 stretched to 0-255; every fifth of a class is test."""
    raw = optional("sklearn.datasets", "scikit-learn", "digits").load_digits()
    images = np.round(raw.images * (255 / 16)).astype(np.uint8)[:, None]
    labels = raw.target.astype(np.int64)
    held = held_out(labels)
    return Split(images[~held], labels[~held]), Split(images[held], labels[held])
