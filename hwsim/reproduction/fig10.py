"""EfficientLIF-Net, Fig. 10: DRAM traffic of VGG16 that sharing states across layers saves."""

from functools import cache

from hwsim.events import EventTrace
from hwsim.hardware import load_hardware
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.network import Network
from hwsim.reproduction import committed
from hwsim.reproduction.networks import network, state_mib, weights, words_mib
from hwsim.reproduction.rows import Ours

PAPER, VGG16, BATCH = "efficientlif", "efficientlif/vgg16", 64
CHIPS = {32: "efficientlif-accounting", 64: "efficientlif-accounting-tiny"}
"""Chips that keep a mini-batch's weights and no state, by the images' side."""
FILE = "efficientlif/dram.csv"
GROUPS = [["6", "8"], ["11", "13", "15"], ["18", "20", "22"], ["25", "27", "29"]]
"""[L] of VGG16: names of its LIF layers."""


def formula(side: int, batch: int) -> Ours:
    """1 - (W + B T U_L) / (W + B T U) in 32-bit words, T = 5: every state written once a step."""
    classes = "classes=200" if side == 64 else "classes=10"
    held = words_mib(weights(network(VGG16, classes)))
    states, shared = (5 * batch * state_mib(VGG16, side, s, "c34=256") for s in ("none", "L"))
    return Ours(100 * (states - shared) / (held + states), "computed", "1 - (W + B T U_L) / (W + B T U)")


def saving(side: int, full: bool) -> Ours:
    """Percent at mini-batches of 64, by the cycle model's transfers: now if ``full``, else kept ones."""
    note = f"transfers of {CHIPS[side]}, which moves maps and images too"
    if full:
        return Ours(100 * simulated(side), "simulated", f"hwsim reproduce {PAPER}", note)
    (line,) = committed.chosen(FILE, resolution=str(side), chip="accounting", batch=str(BATCH))
    return Ours(100 * float(line["saving"]), "simulated", f"reports/{FILE} (make efficientlif)", note)


@cache
def simulated(side: int, batch: int = BATCH) -> float:
    """The same share, now: DRAM bytes of silent mini-batches, which bitmaps make those of any spikes."""
    plain = network(VGG16, f"resolution={side}")
    mapping = Mapping(
        schedule="step_major",
        fold_order="m_outer",
        direct_coding="each_step",
        batch=batch,
        sample_loop="outer",
    )

    def moved(variant: Network) -> int:
        lowering = Lowering(variant, load_hardware(CHIPS[side]), mapping)
        jobs = lowering.lower(EventTrace.silent(variant, batch), range(batch)).jobs
        return int(jobs.load_bytes.sum() + jobs.store_bytes.sum())

    return 1 - moved(share(plain, parse_sharing("L"), GROUPS)) / moved(plain)
