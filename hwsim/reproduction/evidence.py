"""What the evidence of errata is worked out by: small computations beside the networks themselves."""

import numpy as np

from hwsim.reproduction import efficientlif
from hwsim.reproduction.networks import macs, network, parameters, state_mib


def two_vggs() -> dict[str, float]:
    return {
        f"{s.replace('+', '_').replace('#', '')}{c}": state_mib(
            "efficientlif/vgg16", 32, efficientlif.SHARINGS[s], f"c34={c}"
        )
        for s in ("base", "L", "C#2", "L+C#2")
        for c in (256, 128)
    }


def stages() -> dict[str, float]:
    """MiB of states of ResNet19 at 32 x 32 with stages of 128, 256, 512 and of 256, 512, 512 channels."""

    def mib(stages: tuple[int, int, int]) -> float:
        words = 128 * 32 * 32 + sum(
            2 * blocks * c * side**2 for c, blocks, side in zip(stages, (3, 3, 2), (16, 8, 4), strict=True)
        )
        return words * 4 / 2**20

    return {"code": mib((128, 256, 512)), "needed": mib((256, 512, 512))}


def reversal(steps: int, decay: float = 0.25) -> float:
    """Worst error of a membrane that is computed back over so many steps in float32, U = V decay + X."""
    rng = np.random.default_rng(0)
    inputs = rng.random((steps, 4096), dtype=np.float32) - np.float32(0.5)
    states = [rng.random(4096, dtype=np.float32)]
    for x in inputs:
        states.append(np.float32(decay) * states[-1] + x)
    back = states[-1]
    for x in inputs[::-1]:
        back = (back - x) / np.float32(decay)
    return float(np.abs(back - states[0]).max())


def slopes(alpha: float = 0.5, x: float = 0.1, step: float = 1e-6) -> dict[str, float]:
    def smooth(a: float) -> float:
        return min(max(x / a + 0.5, 0.0), 1.0)

    return {
        "numeric": (smooth(alpha + step) - smooth(alpha - step)) / (2 * step),
        "ours": -x / alpha**2,
        "slip": 1 / (2 * alpha),
    }


def highest_plif(steps: int = 8, share: float = 0.5) -> float:
    """Membrane of a PLIF after so many steps of inputs of 1, v += (x - v) share: 1 - (1 - share)^steps."""
    v = 0.0
    for _ in range(steps):
        v += (1.0 - v) * share
    return v


def skeletons() -> dict[str, float]:
    return {s: parameters("snasnet/cifar10-bw", f"skeleton={s}") for s in ("code", "text")}


def operations() -> dict[str, float]:
    ours = sum(macs(network("asgl/resnet19"))) / sum(macs(network("asgl/resnet18")))
    return {"ratio": ours}
