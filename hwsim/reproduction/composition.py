"""Methods together: a searched net, shared states, fewer bits, pruned weights."""

from itertools import product

from hwsim.reproduction import autosnn
from hwsim.reproduction.cases import Case
from hwsim.reproduction.methods import RANDOM, SMALL, images
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec

PRUNED = 0.9
FACTORS = ("searched net", "[C#2]", "8 bits", "pruning")
UNCOMPOSED = "none: SNN_1 with SCB_k3, 16 bits"


def composed_cases(every: bool) -> list[tuple[tuple[bool, ...], Case]]:
    """FACTORS, none, each alone and all together, or ``every`` combination, on a SATA tile whose PEs leave
    out zeros; with [C#2] it has half of the LIF units."""
    cases = []
    for chosen in product((False, True), repeat=len(FACTORS)):
        if not every and sum(chosen) not in (0, 1, len(FACTORS)):
            continue
        searched, shared, bits, cut = chosen
        place = ("searched", "-0.08") if searched else ("macro", "snn1-scb3")
        rate = autosnn.trained(*place, "firing rate").mean
        model = "autosnn/searched" if searched else "autosnn/snn1"
        spec = WorkloadSpec(model, images(), timesteps=4, variant=Variant(SMALL, init="random"))
        case = Case(
            "Composed",
            " x ".join(f for f, on in zip(FACTORS, chosen, strict=True) if on) or UNCOMPOSED,
            spec,
            RANDOM.format(rate=rate),
            "efficientlif-128-c2" if shared else "efficientlif-128-c1",
            words=(8, 8) if bits else (16, 16),
            sparse=True,
            rate=rate,
            pruned=PRUNED if cut else 0.0,
            sharing="C2" if shared else "none",
            source="not trained together",
        )
        cases.append((chosen, case))
    return cases
