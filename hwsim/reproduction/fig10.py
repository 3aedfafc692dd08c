"""EfficientLIF-Net, Fig. 10: DRAM traffic of VGG16 that sharing states across layers saves."""

from functools import cache
from pathlib import Path

from hwsim.events import EventTrace
from hwsim.hardware import Hardware, load_hardware
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping, load_mapping
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.network import Network
from hwsim.reproduction import committed
from hwsim.reproduction.networks import network, state_mib, weights, words_mib
from hwsim.reproduction.rows import Ours
from hwsim.zoo import entry

PAPER, VGG16, BATCH = "efficientlif", "efficientlif/vgg16", 64
CHIPS = {32: "efficientlif-accounting", 64: "efficientlif-accounting-tiny"}
"""Chips that keep a mini-batch's weights and no state, by the images' side."""
MAPPING = Path("efficientlif-accounting")
FILE = "efficientlif/dram.csv"


def formula(side: int, batch: int) -> Ours:
    """1 - (W + B T U_L) / (W + B T U) in 32-bit words, T = 5: every state written once a step."""
    classes = "classes=200" if side == 64 else "classes=10"
    held = words_mib(weights(network(VGG16, classes)))
    states, shared = (5 * batch * state_mib(VGG16, side, s, "c34=256") for s in ("none", "L"))
    return Ours(100 * (states - shared) / (held + states), "computed", "1 - (W + B T U_L) / (W + B T U)")


def saving(side: int, full: bool) -> Ours:
    """Percent at mini-batches of 64, by the cycle model's transfers: now if ``full``, else kept ones."""
    note = (
        f"transfers of {CHIPS[side]}, which moves maps and images too; that its weights stay for a "
        "mini-batch and its states do not is concluded from these numbers"
    )
    if full:
        saved, source = 100 * simulated(side), f"hwsim reproduce {PAPER}"
    else:
        (line,) = committed.chosen(FILE, resolution=str(side), chip="accounting", batch=str(BATCH))
        saved, source = 100 * float(line["saving"]), f"reports/{FILE} (make efficientlif)"
    return Ours(saved, "simulated", source, note, taken="fitted")


def moved_bytes(network: Network, hardware: Hardware, mapping: Mapping) -> int:
    """DRAM bytes of a silent mini-batch; bitmaps of maps make them those of any spikes."""
    trace = EventTrace.silent(network, mapping.batch)
    jobs = Lowering(network, hardware, mapping).lower(trace, range(mapping.batch)).jobs
    return int(jobs.load_bytes.sum() + jobs.store_bytes.sum())


def vgg16(side: int) -> tuple[Network, Network]:
    """As the zoo has it, and with [L]."""
    plain = network(VGG16, f"resolution={side}")
    return plain, share(plain, parse_sharing("L"), entry(VGG16).sharing)


@cache
def simulated(side: int) -> float:
    """The same share, now."""
    mapping = load_mapping(MAPPING).model_copy(update={"batch": BATCH})
    plain, shared = (moved_bytes(one, load_hardware(CHIPS[side]), mapping) for one in vgg16(side))
    return 1 - shared / plain
