"""Augmentations of batches of images, drawn from a generator whose state a checkpoint holds.

Each takes images (B, C, H, W) and returns new ones of the same shape and dtype; mixup and cutmix mix the
labels as well. All draws come from the CPU generator, so a run on a GPU sees the same ones.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional

from hwsim.errors import HwsimError, nearest

SHIFT = 2
"""Pixels of ``shift`` in each direction, on images of 28 pixels and more; one below."""

MIXUP_ALPHA = 0.2
"""Shape of the beta distribution of mixup's share (Zhang et al. 2018 use 0.1 to 0.4)."""

CUTMIX_ALPHA = 1.0
"""The same of cutmix (Yun et al. 2019): a uniform share."""


def augment(
    images: Tensor, labels: Tensor, names: Sequence[str], generator: Generator, classes: int
) -> tuple[Tensor, Tensor]:
    """Images (B, C, H, W) after every augmentation of ``names`` in order, and their targets.

    Targets are ``labels`` (B,) as they came, or probabilities (B, classes) float32 after mixup or cutmix:
    both are what cross_entropy takes. Bytes become float32 of the same scale in mixup.
    Raises HwsimError for an unknown name and for images of another shape.
    """
    check_names(names)
    if images.ndim != 4 and names:
        raise HwsimError(f"augmentations need images (B, C, H, W), found {tuple(images.shape)}")
    targets = labels
    for name in names:
        if name in IMAGES:
            images = IMAGES[name](images, generator)
        else:
            images, targets = MIXES[name](images, one_hot(targets, classes), generator)
    return images, targets


def check_names(names: Sequence[str]) -> None:
    """Raises HwsimError for a name that is no augmentation."""
    known = [*IMAGES, *MIXES]
    for name in names:
        if name not in known:
            raise HwsimError(f"unknown augmentation {name!r}.{nearest(name, known)}")


def one_hot(targets: Tensor, classes: int) -> Tensor:
    """Labels (B,) as probabilities (B, classes) float32; probabilities as they are."""
    return targets if targets.ndim == 2 else functional.one_hot(targets, classes).float()


def crop(images: Tensor, generator: Generator) -> Tensor:
    """Each image moved by up to an eighth of its size in each direction, zeros where it was not."""
    return _moved(images, max(1, images.shape[-1] // 8), generator)


def shift(images: Tensor, generator: Generator) -> Tensor:
    """Each image moved by up to SHIFT pixels in each direction, zeros where it was not: for digits."""
    return _moved(images, SHIFT if images.shape[-1] >= 28 else 1, generator)


def flip(images: Tensor, generator: Generator) -> Tensor:
    """Half of the images mirrored left to right."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(_each(mirrored, images), images.flip(-1), images)


def cutout(images: Tensor, generator: Generator) -> Tensor:
    """A square of zeros, half as wide as the image, about a pixel drawn in each; its part outside is lost."""
    height, width = images.shape[-2:]
    y = torch.randint(height, (len(images),), generator=generator)
    x = torch.randint(width, (len(images),), generator=generator)
    hole = _box(images, y - height // 4, x - width // 4, height // 2, width // 2)
    return images.masked_fill(hole, 0)


def mixup(images: Tensor, targets: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """share a + (1 - share) b of images and targets with those of a permutation; one share a batch, of
    Beta(MIXUP_ALPHA, MIXUP_ALPHA). Images become float32 where they are bytes."""
    share = _beta(MIXUP_ALPHA, generator)
    other = torch.randperm(len(images), generator=generator).to(images.device)
    images = images if images.is_floating_point() else images.float()
    return (
        torch.lerp(images[other], images, share),
        torch.lerp(targets[other], targets, share),
    )


def cutmix(images: Tensor, targets: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """A box from the image of a permutation pasted into each; targets mixed by its part of the area.

    One box a batch: its sides are sqrt(1 - share) of the image's for a share of Beta(1, 1).
    """
    height, width = images.shape[-2:]
    side = math.sqrt(1 - _beta(CUTMIX_ALPHA, generator))
    rows, columns = round(side * height), round(side * width)
    y = int(torch.randint(height, (), generator=generator)) - rows // 2
    x = int(torch.randint(width, (), generator=generator)) - columns // 2
    top, bottom = max(y, 0), min(y + rows, height)
    left, right = max(x, 0), min(x + columns, width)
    other = torch.randperm(len(images), generator=generator).to(images.device)
    mixed = images.clone()
    mixed[..., top:bottom, left:right] = images[other][..., top:bottom, left:right]
    share = 1 - (bottom - top) * (right - left) / (height * width)
    return mixed, torch.lerp(targets[other], targets, share)


def _moved(images: Tensor, most: int, generator: Generator) -> Tensor:
    """Pixel (y, x) of image b comes from (y + dy[b], x + dx[b]), both of -most to most."""
    height, width = images.shape[-2:]
    dy, dx = torch.randint(2 * most + 1, (2, len(images)), generator=generator).to(images.device)
    padded = functional.pad(images, (most, most, most, most))
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (B, C, most + 1 + most, the same, H, W)
    return windows[torch.arange(len(images), device=images.device), :, dy, dx]


def _box(images: Tensor, top: Tensor, left: Tensor, rows: int, columns: int) -> Tensor:
    """True inside of each image's box (B, 1, H, W)."""
    y = torch.arange(images.shape[-2])[:, None]
    x = torch.arange(images.shape[-1])
    top, left = top[:, None, None], left[:, None, None]
    inside = (y >= top) & (y < top + rows) & (x >= left) & (x < left + columns)
    return inside[:, None].to(images.device)


def _each(chosen: Tensor, images: Tensor) -> Tensor:
    return chosen.to(images.device)[:, None, None, None]


def _beta(alpha: float, generator: Generator) -> float:
    """One draw of Beta(alpha, alpha), by Joehnk's rejection: U^(1/a) / (U^(1/a) + V^(1/a)) where the sum is
    at most 1. It needs uniform draws alone, which take a generator."""
    while True:
        u, v = torch.rand(2, generator=generator, dtype=torch.float64).pow(1 / alpha).tolist()
        if 0 < u + v <= 1:
            return float(u / (u + v))


IMAGES: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "crop": crop,
    "flip": flip,
    "cutout": cutout,
    "shift": shift,
}

MIXES: dict[str, Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]]] = {
    "mixup": mixup,
    "cutmix": cutmix,
}
