"""Augmentations: what each may change of an image, of which distribution, and that a run can be resumed."""

import pytest
import torch
from torch import Generator, Tensor

from hwsim.errors import HwsimError
from hwsim.methods.augment import IMAGES, MIXES, augment, crop, cutmix, cutout, flip, mixup, shift


def seeded(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def numbered(count: int, side: int = 8) -> Tensor:
    """Images whose pixels all differ and none is zero."""
    return torch.arange(1, count * side * side + 1).reshape(count, 1, side, side).float()


@pytest.mark.parametrize(("move", "most"), [(crop, 4), (shift, 2)])
def test_moved_images_are_the_image_from_another_corner(move: object, most: int) -> None:
    images = numbered(200, 32).expand(-1, 3, -1, -1)
    moved = IMAGES["crop" if move is crop else "shift"](images, seeded())
    padded = torch.nn.functional.pad(images, (most,) * 4)
    found = set()
    for image, wide in zip(moved, padded, strict=True):
        places = [
            (y, x)
            for y in range(2 * most + 1)
            for x in range(2 * most + 1)
            if torch.equal(image, wide[:, y : y + 32, x : x + 32])
        ]
        assert len(places) == 1
        found.add(places[0])
    # of 200 draws from 25 or 81 places, each edge is met
    assert {y for y, _ in found} == {x for _, x in found} == set(range(2 * most + 1))


def test_half_of_the_images_are_mirrored() -> None:
    images = numbered(400)
    flipped = flip(images, seeded())
    same = torch.tensor([torch.equal(a, b) for a, b in zip(flipped, images, strict=True)])
    assert torch.equal(flipped[~same], images[~same].flip(-1))
    assert 150 < same.sum() < 250  # five standard deviations of 10


def test_a_square_of_half_the_width_is_cut_out() -> None:
    cut = cutout(numbered(300), seeded()) == 0
    areas = cut.sum((1, 2, 3))
    # 4 x 4 inside of the image; at the corner pixel (0, 0) only 2 x 2 of it
    assert areas.max() == 16
    assert areas.min() == 4
    for hole in cut[:, 0]:
        rows, columns = hole.any(1).sum(), hole.any(0).sum()
        assert hole.sum() == rows * columns


def test_mixup_blends_images_and_targets_alike() -> None:
    images = torch.eye(4).reshape(4, 1, 2, 2)
    shares = []
    for seed in range(400):
        mixed, targets = mixup(images, torch.eye(4), seeded(seed))
        # image k is the unit vector k, so a blend of images is the blend of targets
        assert torch.allclose(mixed.flatten(1), targets)
        assert torch.allclose(targets.sum(1), torch.ones(4))
        if targets[0, 0] < 1 or targets[1, 1] < 1:  # the permutation moved one of them
            shares.append(float(min(targets[0, 0], targets[1, 1])))
    # Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)): 0.423 squared for a = 0.2
    assert abs(torch.tensor(shares).mean() - 0.5) < 5 * 0.423 / len(shares) ** 0.5
    assert abs(torch.tensor(shares).std() - 0.423) < 0.04


def test_cutmix_mixes_targets_by_the_area_that_came_from_the_other_image() -> None:
    images = torch.arange(6).reshape(6, 1, 1, 1).expand(-1, 3, 8, 8).clone()
    for seed in range(20):
        mixed, targets = cutmix(images, torch.eye(6), seeded(seed))
        for k in range(6):
            share = torch.bincount(mixed[k, 0].flatten(), minlength=6) / 64
            assert torch.allclose(targets[k], share, atol=1e-6)
        assert mixed.dtype == images.dtype


def test_labels_stay_labels_unless_they_are_mixed() -> None:
    labels = torch.tensor([2, 0, 1])
    images = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    same, targets = augment(images, labels, ["crop", "flip", "cutout", "shift"], seeded(), 3)
    assert targets is labels
    assert same.dtype == torch.uint8
    mixed, targets = augment(images, labels, ["mixup", "cutmix"], seeded(), 3)
    assert targets.shape == (3, 3)
    assert torch.allclose(targets.sum(1), torch.ones(3))
    assert mixed.dtype == torch.float32
    assert mixed.min() >= 0
    assert mixed.max() <= 255


@pytest.mark.parametrize("name", [*IMAGES, *MIXES])
def test_a_restored_generator_draws_the_same_again(name: str) -> None:
    generator = seeded(5)
    images, labels = numbered(16), torch.arange(16) % 4
    augment(images, labels, [name], generator, 4)
    state = generator.get_state()
    first = augment(images, labels, [name], generator, 4)
    other = augment(images, labels, [name], generator, 4)
    generator.set_state(state)
    again = augment(images, labels, [name], generator, 4)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_inputs_are_left_as_they_were() -> None:
    images = numbered(8)
    before = images.clone()
    augment(images, torch.zeros(8, dtype=torch.int64), [*IMAGES, *MIXES], seeded(), 2)
    assert torch.equal(images, before)


def test_unknown_names_and_shapes_are_refused() -> None:
    with pytest.raises(HwsimError, match=r"unknown augmentation 'crops'. Did you mean 'crop'"):
        augment(numbered(1), torch.zeros(1), ["crops"], seeded(), 2)
    with pytest.raises(HwsimError, match=r"need images \(B, C, H, W\), found \(3, 4\)"):
        augment(torch.zeros(3, 4), torch.zeros(3), ["flip"], seeded(), 2)
