"""Methods at the papers' sizes, of random weights."""

from hwsim.methods.calibration import RATE
from hwsim.reproduction.cases import Case
from hwsim.reproduction.methods import SHARED
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec

PAPER_RATE = "random, thresholds set so that each layer fires 0.18 a neuron and step"


def paper_cases() -> list[Case]:
    """The papers' sizes, of random weights: no accuracy, costs alone."""
    unknown = "not trained at this size"

    def made(
        method: str,
        label: str,
        model: str,
        settings: tuple[str, ...],
        baseline: bool,
        sharing: str = "none",
        chip: str = "sata",
    ) -> Case:
        spec = WorkloadSpec(model, variant=Variant(settings, init="calibrated"))
        rate = RATE if sharing != "none" else None
        return Case(
            method, label, spec, PAPER_RATE, chip, rate=rate, sharing=sharing, large=True, source=unknown,
            baseline=baseline,
        )  # fmt: skip

    cases = [
        made("Sharing of LIF states (VGG16, CIFAR)", label, "efficientlif/vgg16", (), s == "none", s, chip)
        for s, (label, chip) in SHARED.items()
    ]
    cases += [
        made(
            "Searched architecture (AutoSNN, C = 16)", label, model, ("channels=16",), model.endswith("snn1")
        )
        for label, model in (
            ("baseline: SNN_1 with SCB_k3", "autosnn/snn1"),
            ("CIFARNet-Fang", "autosnn/cifarnet-fang"),
            ("AutoSNN's net, lambda -0.08", "autosnn/searched"),
        )
    ]
    cases += [
        made(
            "Cells with feedback (SNASNet, CIFAR10)",
            label,
            "snasnet/cifar10-bw",
            (f"matrix={cell}",),
            cell.endswith("0000"),
        )
        for label, cell in (
            ("baseline: its forward edges alone", "0303,0030,0002,0000"),
            ("CIFAR10-Bw", "0303,0030,2002,0200"),
        )
    ]
    return cases
