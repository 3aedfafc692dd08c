"""The mission in one table: what each method saves, baseline and method on one chip; and methods together."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.reproduction import asgl, autosnn, committed, efficientlif, snasnet, tinysnn
from hwsim.reproduction.cases import QUANTITIES, Case, Measured, measure
from hwsim.reproduction.samples import Sample
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec

SLIM_SAMPLES, FULL_SAMPLES = 2, 4
INPUTS = "fashion-resnet19-none"
"""The training that ships with 64 test images of Fashion-MNIST at 16 x 16."""
SMALL = ("channels=8", "resolution=16", "channels_in=1")
SHARED = {
    "none": ("baseline: every neuron its own state", "efficientlif-128-c1"),
    "L": ("[L]: states shared by layers", "efficientlif-128-c1"),
    "C2": ("[C#2]: by two groups of channels", "efficientlif-128-c2"),
    "C4": ("[C#4]: by four", "efficientlif-128-c4"),
    "L+C2": ("[L+C#2]: by both", "efficientlif-128-c2"),
}
STEPWISE = (
    "[L] on sata: layers of a group go step by step, so that their weights and maps come again every step; "
    "it saves DRAM traffic where a mini-batch shares the weights (efficientlif, Fig. 10)"
)
SEED_0 = "spikes and costs are of the networks of seed 0, which ship"
RUNNING = (
    "what runs has one scale and offset a layer for all steps, folded from one running mean, and the "
    "accuracy is by that; with statistics of each step, as it was trained: {told} %"
)
WIDEST = (32, 32)
MNIST_RATE = 0.0084
"""Spikes per input and step of MNIST's images here: 2,309 an image of 784 inputs and 350 steps
(reports/tinysnn/cost.md)."""
WORDS = (
    "8 bits are words of the chip alone: the float network runs in every row, so that spikes, AC and "
    "flit-hops of rows that differ in bits are the same by construction; {told}"
)
RANDOM = (
    "random, thresholds set so that each layer fires {rate:.3g} a neuron and step, "
    "the mean of the trained one"
)

Progress = Callable[[str, int, int], None]


def images() -> Path:
    return zoo.trainings()[INPUTS] / "inputs.npz"


def calibrated(
    model: str, settings: Iterable[str], rate: float, timesteps: int, sharing: str = "none"
) -> WorkloadSpec:
    """Random weights at a rate, on the images that ship."""
    variant = Variant(tuple(settings), init="calibrated", rate=rate, sharing=sharing)
    return WorkloadSpec(model, images(), timesteps=timesteps, variant=variant)


def sharing_cases() -> list[Case]:
    """ResNet19 trained under each sharing: costs of the checkpoints that ship, which are seed 0's."""
    cases = []
    for sharing, (label, chip) in SHARED.items():
        name = f"fashion-resnet19-{sharing}"
        accuracy = efficientlif.trained("resnet", sharing)
        cases.append(
            Case(
                "Sharing of LIF states (ResNet19)",
                label,
                WorkloadSpec(name),
                "trained",
                chip,
                accuracy=accuracy.mean,
                seeds=len(accuracy.values),
                source=f"reports/{efficientlif.TRAINED}",
                note={"none": SEED_0, "L": STEPWISE}.get(sharing, ""),
                baseline=sharing == "none",
            )
        )
    return cases


def searched_cases() -> list[Case]:
    cases = []
    for label, model, place in (
        ("baseline: SNN_1 with SCB_k3", "autosnn/snn1", ("macro", "snn1-scb3")),
        ("CIFARNet-Fang", "autosnn/cifarnet-fang", ("hand", "cifarnet-fang")),
        ("AutoSNN's net, lambda -0.08", "autosnn/searched", ("searched", "-0.08")),
    ):
        rate = autosnn.trained(*place, "firing rate").mean
        accuracy = autosnn.trained(*place, "accuracy")
        cases.append(
            Case(
                "Searched architecture (AutoSNN)",
                label,
                calibrated(model, SMALL, rate, 4),
                RANDOM.format(rate=rate),
                accuracy=accuracy.mean,
                seeds=len(accuracy.values),
                source=f"reports/{autosnn.RUNS}",
                baseline=label.startswith("baseline"),
            )
        )
    return cases


CELLS = (
    ("baseline: forward cell 0302,0010,0003,0000", "0302,0010,0003,0000"),
    ("the same with a convolution back in time (3-0)", "0302,0010,3003,0000"),
    ("with an identity back in time (2-0)", "0302,0010,1003,0000"),
)


def cell_cases() -> list[Case]:
    cases = []
    for label, cell in CELLS:
        rate, accuracy = (_cell(cell, column).mean for column in ("spike_rate", "accuracy"))
        settings = ("channels=8", "resolution=8", "channels_in=1", "inner=64", f"matrix={cell}")
        spec = WorkloadSpec(
            "snasnet/search", timesteps=5, variant=Variant(settings, init="calibrated", rate=rate)
        )
        cases.append(
            Case(
                "Cells with feedback (SNASNet)",
                label,
                spec,
                f"{RANDOM.format(rate=rate)}; synthetic images",
                accuracy=100 * accuracy,
                seeds=len(_cell(cell, "accuracy").values),
                source=f"reports/{snasnet.TRAININGS}, one running mean of all steps",
                note=RUNNING.format(
                    told=", ".join(f"{100 * _cell(c, 'accuracy_each_step').mean:.2f}" for _, c in CELLS)
                )
                if label.startswith("baseline")
                else "",
                baseline=label.startswith("baseline"),
            )
        )
    return cases


def _cell(cell: str, column: str) -> Sample:
    """Of the seeds of a cell."""
    return committed.sample(
        committed.chosen(snasnet.TRAININGS, cell=cell, data="digits", timesteps="5"), column
    )


def digits_spec(model: str, neurons: int) -> WorkloadSpec:
    """A network of tinySNN before it learned, on random spikes at the rate of MNIST's images."""
    spikes = np.random.default_rng(0).random((FULL_SAMPLES, 350, tinysnn.INPUTS)) < MNIST_RATE
    variant = Variant((f"neurons={neurons}",), init="random", coding="spikes")
    return WorkloadSpec(model, spikes.astype(np.float32), timesteps=350, variant=variant)


def stdp_cases() -> list[Case]:
    """tinySNN's four steps: direct inhibition, rule, bits, selection; words are what the chip stores."""
    baseline, lateral = (digits_spec(f"tinysnn/{m}", 100) for m in ("baseline", "lateral"))
    weights = "not learned: U(0, .3); random spikes at MNIST's rate"
    steps = (
        (
            "baseline: inhibitory neurons, STDP, 32 bits",
            baseline,
            WIDEST,
            tinysnn.learned("stdp", network="baseline"),
        ),
        ("1: neurons inhibit each other directly", lateral, WIDEST, tinysnn.learned("stdp")),
        ("2: tinySNN's rule (an inference costs the same)", lateral, WIDEST, tinysnn.learned("tinysnn")),
        ("3a: weights of 8 bits (qW)", lateral, (8, 32), tinysnn.learned("tinysnn", **tinysnn.EIGHT)),
        (
            "3b: states of 8 bits as well (qWN)",
            lateral,
            (8, 8),
            tinysnn.learned("tinysnn", **tinysnn.EIGHT | {"parts": "qWN"}),
        ),
    )
    writes = [committed.sample(tinysnn.runs(rule), "weight_writes").mean for rule in ("stdp", "tinysnn")]
    note = (
        f"The rule changes learning: {writes[0]:,.0f} to {writes[1]:,.0f} weights written an image. "
        f"Weights of 32 "
        "bits (314 kB) do not fit sata's buffer of 144 KiB and come again at every step; those of 8 bits fit"
    )
    quantized = WORDS.format(told="accuracies of 3a and 3b are of quantized networks")
    notes = {"2:": note, "3a": quantized}
    method = "STDP network (tinySNN), N = 100"
    cases = [
        Case(
            method,
            label,
            spec,
            weights,
            table="horowitz45",
            words=words,
            accuracy=accuracy.mean,
            seeds=len(accuracy.values),
            source=f"reports/{tinysnn.ACCURACY}",
            note=notes.get(label[:2], ""),
            baseline=label.startswith("baseline"),
        )
        for label, spec, words, accuracy in steps
    ]
    for label, neurons, words, candidate in (
        ("baseline: N = 400, 32 bits", 400, WIDEST, "n400-float"),
        (
            "4: what selection takes at mu = .2: N = 100, weights of 8 bits",
            100,
            (8, 32),
            "n100-itq-qW-8-stochastic",
        ),
    ):
        (line,) = committed.chosen("tinysnn/selection.csv", candidate=candidate)
        cases.append(
            Case(
                "Model selection (tinySNN)",
                label,
                digits_spec("tinysnn/lateral", neurons),
                weights,
                table="horowitz45",
                words=words,
                accuracy=100 * float(line["accuracy"]),
                seeds=1,
                source="reports/tinysnn/selection.csv",
                note=WORDS.format(told="the accuracy of 4 is of a quantized network")
                if words != WIDEST
                else "",
                baseline=label.startswith("baseline"),
            )
        )
    return cases


def training_cases() -> list[Case]:
    """ASGL trains the same network: what differs on the chip is how often it fires."""
    cases = []
    for label, row in (("baseline: surrogate gradients, width 1", "sg-1"), ("ASGL, first width 1", "asgl-1")):
        found = committed.chosen(asgl.TRAINED, group="widths", row=row)
        rate = committed.sample(found, "spike_rate").mean
        cases.append(
            Case(
                "Training (ASGL, ResNet-18)",
                label,
                calibrated("asgl/resnet18", SMALL, rate, 2),
                RANDOM.format(rate=rate),
                accuracy=asgl.trained("widths", row).mean,
                seeds=len(found),
                source=f"reports/{asgl.TRAINED}",
                baseline=label.startswith("baseline"),
            )
        )
    return cases


def slim_cases() -> list[Case]:
    """Of every method, at the size that was trained here."""
    return [
        *sharing_cases(),
        *searched_cases(),
        *cell_cases(),
        *stdp_cases(),
        *training_cases(),
    ]


def measured(cases: list[Case], samples: int, progress: Progress, stage: str) -> list[Measured]:
    """Costs of the cases; of one that a chip or a method refuses, nothing but the reason."""
    found = []
    for done, case in enumerate(cases, 1):
        try:
            found.append(measure(case, samples))
        except HwsimError as error:
            refused = f"refused: {str(error).splitlines()[0]}"
            found.append(Measured(case, dict.fromkeys(QUANTITIES), (refused,)))
        progress(stage, done, len(cases))
    return found
