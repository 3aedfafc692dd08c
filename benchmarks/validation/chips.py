"""Chips of event-driven cores against SANA-FE, and the references that nothing here meets yet."""

from collections.abc import Iterator

from benchmarks.against_sanafe import latencies, of_hwsim, of_sanafe, other_spikes
from benchmarks.sanafe_cases import chip, convolutional, dense, gesture
from benchmarks.sanafe_exchange import PYTHON, ask
from benchmarks.validation.rows import Row, exact, within
from hwsim.chip.loop import run_chip

GESTURE = {"fired": 38_081, "synapses": 5_437_656, "packets": 386_640}
JOULE = {"synapse": 1.0252e-6, "soma": 1.2042e-6, "network": 0.3625e-6, "total": 2.5919e-6}
"""Of a step of SANA-FE's gesture example on its loihi.yaml, 128 steps."""

COMMAND = "pytest tests/chip/test_sanafe.py"


def sanafe() -> Iterator[Row]:
    """Row 11."""
    group = "Loihi-style chip"
    case = gesture()
    ours = of_hwsim(case, run_chip(case.sliced, case.trace, chip()))
    for name, told in GESTURE.items():
        found = int(getattr(ours, name).sum())
        what = f"{name} of the gesture network, 128 steps"
        apart = f"{found - told:+,}"
        yield Row(
            group, what, f"{told:,}, SANA-FE 2.2.9", f"{found:,}", apart, "equal", found == told, COMMAND
        )
    for part, joule in JOULE.items():
        spent = float(ours.energy[part].sum()) / 128
        yield within(group, f"energy of a step, {part}", joule * 1e6, spent * 1e6, 0.05, COMMAND, "uJ")
    if not PYTHON.is_file():
        return
    for name, make in (("dense", dense), ("convolutional", convolutional)):
        case, on = make(), chip()
        told = ask(case, "detailed", "counts", latencies(on))
        theirs, found = of_sanafe(case, told), of_hwsim(case, run_chip(case.sliced, case.trace, on))
        kinds = ("fired", "synapses", "packets", "hops")
        equal = sum(int((getattr(theirs, k) == getattr(found, k)).sum()) for k in kinds)
        what = f"spikes, operations, packets, links of each step, {name} network"
        yield exact(group, what, "SANA-FE 2.2.9, run here", equal, len(kinds) * len(theirs.fired), COMMAND)
        alone, what = other_spikes(case, told), f"neurons and steps that fire in one alone, {name} network"
        yield Row(group, what, "0, SANA-FE 2.2.9", str(alone), f"{alone:+}", "equal", not alone, COMMAND)


def open_rows() -> Iterator[Row]:
    """Rows 12 and 13: silicon and published accelerators."""
    group = "Silicon, published accelerators"
    truenorth = (
        "preset truenorth, priced per synaptic operation by a line through these powers; not reproduced: "
        "their network is not given"
    )
    for what, told, ours in (
        ("TrueNorth at 0.8 V", "68, 71, 94 mW at 11.58, 20.07, 95.93 Hz", truenorth),
        ("ODIN", "27.3 uW + 1.78 uW/MHz f + 8.43 pJ SOP/s", "no preset"),
        ("SNE, DVS gestures", "80 uJ at 1.2 %, 261 uJ at 4.9 % activity", "no preset"),
    ):
        yield Row(group, what, told, ours, "open", "slope and level", None, "-")
    yield Row(
        group, "VGG16, CIFAR10, on Eyeriss, PTB, SATO, MINT, Stellar, Prosperity", "452 to 21.5 ms",
        "presets of two of the six, one of them without its way to skip products",
        "no rank of two chips: open", "rank correlation, reported", None, "make presets",
    )  # fmt: skip
