"""CIFAR-10 as JPEG files inside of one .npz."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from hwsim.datasets.npz import need, read_npz, whole
from hwsim.datasets.optional import optional
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError, one_line

SIDE = 32


def read_jpegs(paths: list[Path]) -> tuple[Split, Split]:
    """Images (N, 3, 32, 32) uint8 of *_jpeg (bytes of all), *_length and *_label."""
    image = optional("PIL.Image", "Pillow", "cifar10_jpeg_20k_10k")
    arrays = read_npz(paths[0])
    train, test = (_decoded(paths[0], arrays, which, image) for which in ("train", "test"))
    return train, test


def _decoded(path: Path, arrays: dict[str, Any], which: str, image: Any) -> Split:
    raw, lengths, labels = need(path, arrays, f"{which}_jpeg", f"{which}_length", f"{which}_label")
    lengths, labels = whole(path, f"{which}_length", lengths), whole(path, f"{which}_label", labels)
    ends = np.cumsum(lengths)
    if len(lengths) != len(labels) or (lengths < 0).any() or raw.dtype != np.uint8 or not len(ends):
        raise HwsimError(f"{path}: {which} has {len(lengths)} images and {len(labels)} labels")
    if ends[-1] != raw.size:
        raise HwsimError(f"{path}: {which}_length adds up to {ends[-1]}; {which}_jpeg has {raw.size} bytes")
    content = raw.tobytes()
    images = np.empty((len(labels), 3, SIDE, SIDE), np.uint8)
    for k, (end, length) in enumerate(zip(ends.tolist(), lengths.tolist(), strict=True)):
        try:
            with image.open(io.BytesIO(content[end - length : end]), formats=("JPEG",)) as picture:
                if picture.size != (SIDE, SIDE):
                    raise HwsimError(f"{path}: image {k} of {which} is {picture.size}; expected {SIDE, SIDE}")
                images[k] = np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
        except HwsimError:
            raise
        except (OSError, SyntaxError, ValueError) as error:
            raise HwsimError(
                f"{path}: image {k} of {which} is no readable JPEG ({one_line(error)})"
            ) from None
    return Split(images, labels)
