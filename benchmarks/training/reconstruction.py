"""Table 8 of ASGL: the autoencoder under a steep or a gentle tanh, with surrogate gradients and with ASGL."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hwsim.datasets import load_dataset
from hwsim.frontends.loading import open_model
from hwsim.nn.asgl import ASGL, parameter_groups, use_surrogate
from hwsim.nn.surrogate import Tanh
from hwsim.nn.timed import unroll

TIMESTEPS, BATCH, EPOCHS, RATE, TRAINED, TESTED = 8, 100, 10, 2e-3, 10_000, 2_000
ALPHA_RATE = 0.05
"""Of ASGL's steepness, as in the other trainings: at 2e-3 it hardly moves in 1,000 steps."""


@dataclass(frozen=True)
class Reconstruction:
    """Peak signal-to-noise ratio in dB and structural similarity, means over the test images."""

    psnr_db: float
    ssim: float


def reconstruct(
    method: str, steepness: float, seed: int, alpha_rate: float = ALPHA_RATE, spike_fraction: float = 0.8
) -> Reconstruction:
    """Train on 10,000 digits of MNIST, pixels in [0, 1] at every step; the answer is the mean over
    the steps of the last layer's current, clipped to [0, 1] where it is judged."""
    torch.manual_seed(seed)
    data = load_dataset("mnist")
    trained, tested = (
        torch.from_numpy(part.arrays[:n]).float() / 255
        for part, n in ((data.train, TRAINED), (data.test, TESTED))
    )
    model = open_model("asgl/autoencoder", None, [], trained=False, seed=seed).model
    assert isinstance(model, nn.Module)
    use_surrogate(
        model, lambda: ASGL("tanh", steepness, spike_fraction) if method == "asgl" else Tanh(steepness)
    )
    optimizer = torch.optim.Adam(parameter_groups(model, RATE, alpha_rate))
    steps = EPOCHS * (TRAINED // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(TRAINED).split(BATCH):
            images = trained[batch]
            loss = nn.functional.mse_loss(_answers(model, images), images.flatten(1))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        made = torch.cat([_answers(model, part) for part in tested.split(250)]).clamp(0, 1).view_as(tested)
    return Reconstruction(float(psnr_db(made, tested).mean()), float(ssim(made, tested).mean()))


def _answers(model: nn.Module, images: Tensor) -> Tensor:
    return unroll(model, images, TIMESTEPS).mean(0)


def psnr_db(made: Tensor, wanted: Tensor) -> Tensor:
    """10 log10(1 / mean squared error) of each image (B, 1, H, W) of values in [0, 1]."""
    return -10.0 * (made - wanted).square().mean((1, 2, 3)).log10()


def ssim(made: Tensor, wanted: Tensor) -> Tensor:
    """Structural similarity of each image: means over an 11 x 11 Gaussian window of deviation 1.5, constants
    .01 and .03 (Wang et al., IEEE TIP 2004)."""
    bell = torch.exp(-((torch.arange(11.0) - 5) ** 2) / (2 * 1.5**2))
    window = (bell[:, None] * bell / bell.sum() ** 2)[None, None]

    def smooth(x: Tensor) -> Tensor:
        return nn.functional.conv2d(x, window)

    a, b = smooth(made), smooth(wanted)
    of_a, of_b = smooth(made * made) - a * a, smooth(wanted * wanted) - b * b
    both = smooth(made * wanted) - a * b
    index = (2 * a * b + 1e-4) * (2 * both + 9e-4) / ((a * a + b * b + 1e-4) * (of_a + of_b + 9e-4))
    return index.mean((1, 2, 3))
