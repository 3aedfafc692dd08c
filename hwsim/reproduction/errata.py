"""Errors and gaps found in the papers, each with what is printed, what was found, and how to see it."""

from collections.abc import Callable
from dataclasses import dataclass

from hwsim.reproduction import asgl, autosnn, efficientlif, evidence, tinysnn
from hwsim.reproduction.networks import maps_per_pixel, parameters, state_mib
from hwsim.reproduction.printed import PAPERS, value


@dataclass(frozen=True)
class Erratum:
    """``found`` works out our side of it: the numbers that ``evidence`` names in braces."""

    paper: str
    where: str
    printed: str
    evidence: str
    found: Callable[[], dict[str, float]] = dict

    def told(self) -> str:
        return self.evidence.format(**self.found())


ERRATA = (
    Erratum(
        "efficientlif",
        "Table I, VGG16",
        "one VGG16",
        "two: base and C#2 (1.80, .90) have 256 channels in layers 3 and 4 ({base256:.4f}, {C2256:.4f} "
        "MiB), L and "
        "L+C#2 (1.23, .62) have 128 ({L128:.4f}, {L_C2128:.4f}). Like for like [L] saves {base256:.3f} to "
        "{L256:.3f}, or {base128:.3f} to {L128:.3f} MiB",
        evidence.two_vggs,
    ),
    Erratum(
        "efficientlif",
        "Table I, N-Caltech101",
        "T = 5 everywhere in the text; backward memory 40.6 and 64.7 MiB",
        "T = 10: forward is {vgg:.4f} and {resnet:.4f} MiB, of which 40.6 and 64.7 are {vgg_t:.2f} and "
        "{resnet_t:.2f} times",
        lambda: {
            "vgg": state_mib("efficientlif/vgg16", 48, "none"),
            "resnet": state_mib("efficientlif/resnet19", 48, "none"),
            "vgg_t": value("efficientlif", "I", "VGG16 N-Caltech101 base", "LIF backward memory")
            / state_mib("efficientlif/vgg16", 48, "none"),
            "resnet_t": value("efficientlif", "I", "ResNet19 N-Caltech101 base", "LIF backward memory")
            / state_mib("efficientlif/resnet19", 48, "none"),
        },
    ),
    Erratum(
        "efficientlif",
        "Table I, L+C#2 and C#2",
        ".62 and 2.46 (VGG16), 3.24 (ResNet19, N-Caltech101)",
        "{cifar:.4f}, {tiny:.4f} and {caltech:.4f} MiB, which round to .61, 2.45 and 3.23",
        lambda: {
            "cifar": state_mib("efficientlif/vgg16", 32, "L+C2", "c34=128"),
            "tiny": state_mib("efficientlif/vgg16", 64, "L+C2", "c34=128"),
            "caltech": state_mib("efficientlif/resnet19", 48, "C2"),
        },
    ),
    Erratum(
        "efficientlif",
        "Public code, ResNet19",
        "stages of 128, 256, 512 channels in the baseline's file",
        "the tables need 256, 512, 512: {needed:.3f} MiB (printed 2.88); the code's {code:.3f}",
        evidence.stages,
    ),
    Erratum(
        "efficientlif",
        "Fig. 1",
        "53 %, not said of what",
        "{five:.1f} % with the 1-bit spikes of all five steps beside weights and states, {one:.1f} % "
        "with those of one",
        lambda: {"five": efficientlif.lif_share(5), "one": efficientlif.lif_share(1)},
    ),
    Erratum(
        "efficientlif",
        "Fig. 9",
        "5 MiB of weights at 94.94 % sparsity",
        "{kept:.2f} MiB are the values alone; a bitmap of where they are adds {bitmap:.2f} MiB",
        lambda: {"kept": efficientlif.kept_mib(), "bitmap": efficientlif.bitmap_mib()},
    ),
    Erratum(
        "efficientlif",
        "Eq. 21 and 22, backward in reverse",
        "states are computed back step by step",
        "in float32 at lambda = .25 an error grows 4 times a step: {five:.1g} after 5 steps, {ten:.1g} "
        "after 10, "
        "{fifteen:.1g} after 15 (at .9 {stable:.1g} after 15). Spikes must be stored (docs/training.md)",
        lambda: {
            "five": evidence.reversal(5),
            "ten": evidence.reversal(10),
            "fifteen": evidence.reversal(15),
            "stable": evidence.reversal(15, 0.9),
        },
    ),
    Erratum(
        "efficientlif",
        "Eq. 16",
        "X^(t+1)",
        "the input of the same step, X^t, as in its Eq. 10 and the public code",
    ),
    Erratum(
        "efficientlif",
        "Eq. 21, second line",
        "O_l",
        "O_(l-1): the state that layer l took over is of layer l - 1",
    ),
    Erratum(
        "efficientlif",
        "Text, layers sharing",
        "memory of 1/m",
        "1/(m + 1) for m + 1 layers of one memory: layers 5 to 7 of VGG16 keep 1/3",
    ),
    Erratum(
        "efficientlif", "Ablation of channel groups", '"cross-layer"', "cross-channel is what is varied there"
    ),
    Erratum(
        "autosnn",
        "Section 5.1",
        "V_th = 0",
        "1, as in A.1: at 0 a neuron that rests at 0 fires at every step without input",
    ),
    Erratum(
        "autosnn",
        "Table 3, ResNet11-Lee, C = 16",
        "1.17 M parameters",
        "{count:,.0f}, which rounds to 1.16",
        lambda: {"count": parameters("autosnn/resnet11-lee", "channels=16")},
    ),
    Erratum(
        "autosnn",
        "Neurons per HWC of SIB_k3",
        "8.0 and 16.5",
        "{e1} and {e3}: the printed ones leave out the last two pools (2/16 + 4/64 = .1875); SCB's 6.4 "
        "({scb}) has all",
        lambda: {
            "e1": maps_per_pixel("autosnn/snn1", 32, 16, "block=sib3e1"),
            "e3": maps_per_pixel("autosnn/snn1", 32, 16, "block=sib3e3"),
            "scb": maps_per_pixel("autosnn/snn1", 32, 16, "block=scb3"),
        },
    ),
    Erratum(
        "autosnn",
        "SNN_2, SNN_4, CIFARNet-Wu, ResNets: neurons behind average pools",
        "threshold 1",
        "a mean of spikes is 1 at most and v += (x - v) / 2 reaches {v:.4f} in 8 steps: nothing fires "
        "there but by "
        "rounding. Trained so, SNN_2 and SNN_4 answer by chance: {snn2:.1f} and {snn4:.1f} %",
        lambda: {
            "v": evidence.highest_plif(),
            "snn2": autosnn.trained("causes", "snn2-threshold-1", "accuracy").mean,
            "snn4": autosnn.trained("causes", "snn4-threshold-1", "accuracy").mean,
        },
    ),
    Erratum(
        "autosnn",
        "Eq. 10 and 13",
        "surrogate 1/(1 + x^2); the reset in the gradient",
        "the public code has 1/(1 + (pi x)^2) and detaches the reset",
    ),
    Erratum(
        "snasnet",
        "Text, tau",
        '"34"',
        "4/3: at 34 a neuron of v += (x - v)/tau with inputs of 1 has {v:.2f} after 5 steps and never fires",
        lambda: {"v": evidence.highest_plif(5, 1 / 34)},
    ),
    Erratum(
        "snasnet",
        "Figure of the skeleton",
        "reduction convolution-BN-LIF-AvgPool, one FC(1024)",
        "the code has BN-LIF-convolution-BN-AvgPool and FC-LIF-FC: {code:,.0f} parameters of CIFAR10-Bw, "
        "the text's {text:,.0f}",
        evidence.skeletons,
    ),
    Erratum(
        "tinysnn",
        "Fig. 7",
        "3.3 and 3.32 times less memory",
        "not what its formula gives: {learned:.2f} and {learned_n:.2f} with the synapses that learn, "
        "{sparse:.2f} and "
        "{sparse_n:.2f} with the inhibitory ones, {dense:.2f} and {dense_n:.2f} with them as matrices",
        lambda: {
            f"{c}{tail}": tinysnn.memory_saving(400, c, bits)
            for c in tinysnn.COUNTED
            for tail, bits in (("", 32), ("_n", 8))
        },
    ),
    Erratum(
        "tinysnn",
        "Text, N = 4900",
        "200 MB",
        "{dense:.1f} MB with inhibitory projections as N x N, "
        "{sparse:.1f} MB without zeros, {learned:.1f} MB of "
        "synapses that learn",
        lambda: {c: tinysnn.memory_bytes(4900, True, c, 32, 32) / 1e6 for c in tinysnn.COUNTED},
    ),
    Erratum(
        "tinysnn",
        "Fig. 8",
        "1.9 times less energy without the inhibitory layer, on a GPU",
        "a ratio of dense products ({macs:.2f}): on a chip that adds the weights of spikes alone the "
        "layer's synapses are below 1 % of the operations",
        lambda: {"macs": tinysnn.macs_ratio(400)},
    ),
    Erratum(
        "asgl",
        "dH/dalpha of clip",
        "1/(2 alpha)",
        "-x/alpha^2: at alpha = .5, x = .1 differences give "
        "{numeric:.4f}, the formula {ours:.4f}, the printed "
        "one {slip:.4f}",
        evidence.slopes,
    ),
    Erratum(
        "asgl",
        "Eq. 27 (C-LIF)",
        "e from m; the threshold tested twice",
        "e <- beta_m e + theta s of the step before: a reset that does not depend on m; u is tested once",
    ),
    Erratum(
        "asgl",
        "B.5",
        "ResNet-19 has ten times the operations of ResNet-18",
        "{ratio:.1f} times",
        evidence.operations,
    ),
    Erratum(
        "asgl",
        "B.2, 8.96 % of the ANN's energy",
        "no spike rate",
        "needs {rate:g} spikes per neuron and step, weighted with fan-out, with the first layer once "
        "({once:.2f} %), .213 with it at every step ({each:.2f} %)",
        lambda: {"rate": asgl.RATE, "once": asgl.energy_ratio(), "each": asgl.energy_ratio(0.213, 2)},
    ),
)

TITLES = {
    "efficientlif": "EfficientLIF-Net",
    "autosnn": "AutoSNN",
    "snasnet": "SNASNet",
    "tinysnn": "tinySNN",
    "asgl": "ASGL",
}


def page() -> str:
    """reports/errata.md."""
    parts = [
        "# Errors and gaps found in the papers",
        "Generated by `hwsim reproduce all`. Numbers on the right are worked out where the page is made "
        "(hwsim/reproduction/errata.py); `tests/reproduction/test_errata.py` holds them. Where no number "
        "stands, the "
        "evidence is the paper's own other equations or its public code.",
    ]
    for paper in PAPERS:
        rows = [e for e in ERRATA if e.paper == paper]
        lines = [f"| {e.where} | {e.printed} | {e.told()} |" for e in rows]
        table = "\n".join(["| where | printed | found |", "| --- | --- | --- |", *lines])
        parts.append(f"## {TITLES[paper]}\n\n{table}")
    return "\n\n".join(parts) + "\n"
