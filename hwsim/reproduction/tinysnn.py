"""tinySNN: Figs. 6, 7 and 8 and the numbers of its text."""

import re
from functools import cache
from math import sqrt
from statistics import fmean

from hwsim.reproduction import committed
from hwsim.reproduction.printed import Printed, value
from hwsim.reproduction.rows import FORMULA, Ours, Row, around, cell, missing, trend, trend_of
from hwsim.reproduction.rules import ANY, Rule
from hwsim.reproduction.samples import Sample, Spread, pooled

PAPER = "tinysnn"
ACCURACY, COST = "tinysnn/accuracy.csv", "tinysnn/cost.csv"
TESTED = 10_000
INPUTS = 784
CHIP = "tinysnn-chip"
STEPS = {"FP32": "lateral", "8 bit": "lateral+qWN"}
NEURONS = "400"
LEARNED = ("network", "rule", "neurons", "passes")
"""Columns that tell apart runs on one data set in float32."""
MNIST = "MNIST, N = 100, one pass over 60,000 images, 10,000 tested"

Count = str
COUNTED = {
    "learned": "synapses from the inputs alone",
    "sparse": "with the inhibitory layer's N + N (N - 1); direct inhibition is one number",
    "dense": "each projection between neurons as N x N",
}


def memory_bytes(neurons: int, inhibitory: bool, counted: Count, weight_bits: int, state_bits: int) -> float:
    """M = N_w B_w + N_n B_n, two parameters a neuron, inhibitory ones too (tinySNN's estimate), in bytes."""
    among = {
        "learned": 0,
        "sparse": neurons + neurons * (neurons - 1) if inhibitory else 0,
        "dense": (2 if inhibitory else 1) * neurons**2,
    }[counted]
    parameters = 2 * neurons * (2 if inhibitory else 1)
    return ((INPUTS * neurons + among) * weight_bits + parameters * state_bits) / 8


def memory_saving(neurons: int, counted: Count, state_bits: int) -> float:
    """Baseline in 32 bits over the proposal with 8-bit weights."""
    return memory_bytes(neurons, True, counted, 32, 32) / memory_bytes(neurons, False, counted, 8, state_bits)


def macs_ratio(neurons: int) -> float:
    """Products of dense matrices, baseline over a network without inhibitory synapses."""
    return (INPUTS * neurons + 2 * neurons**2) / (INPUTS * neurons)


def _memory(_: Printed, match: re.Match[str]) -> Ours:
    bits = 32 if match["parts"] == "qW" else 8
    return Ours(
        memory_saving(400, "learned", bits),
        FORMULA,
        "M = N_w B_w + N_n B_n, N = 400",
        "the paper's formula with STDP's weights; other counts beside: none gives the paper's (errata)",
    )


@cache
def energy_pj(step: str, phase: str, neurons: str = NEURONS, on_chip: bool = False) -> float:
    """Energy of an image on the chip with 512 KiB of weights, by the counts of a learning run."""
    found = committed.chosen(COST, step=step, phase=phase, neurons=neurons, chip=CHIP)
    kept = [line for line in found if not (on_chip and line["component"] == "dram")]
    return sum(float(line["energy_pj"]) / float(line["images"]) for line in kept)


def _energy(_: Printed, match: re.Match[str]) -> Ours:
    phase = "learning" if match["phase"] == "training" else "inference"
    step = STEPS[match["bits"]]
    ratio = energy_pj("baseline", phase) / energy_pj(step, phase)
    chip = energy_pj("baseline", phase, on_chip=True) / energy_pj(step, phase, on_chip=True)
    note = (
        f"the paper measured a GPU; ours is {CHIP} at N = 400 with DRAM, without it {chip:.2f}; "
        f"weights of 32 bits do not fit on that chip, those of 8 bits do"
    )
    return Ours(ratio, "simulated", f"reports/{COST} (make tinysnn-cost)", note, 1, None, False)


def runs(rule: str, neurons: str = "100", network: str = "lateral", **more: str) -> list[dict[str, str]]:
    """Learning runs on MNIST of a rule in float32, or of the formats in ``more``; a line a seed."""
    where = {
        "data": "mnist",
        "network": network,
        "rule": rule,
        "neurons": neurons,
        "passes": "1" if neurons == "100" else "3",
        "scheme": "float",
        "changes": "",
    }
    return committed.chosen(ACCURACY, **(where | more))


@cache
def learned(rule: str, neurons: str = "100", network: str = "lateral", **more: str) -> Sample:
    """Their accuracy in %."""
    return committed.sample(runs(rule, neurons, network, **more), "accuracy", 100, TESTED, "minutes")


EIGHT = {"scheme": "ptq", "parts": "qW", "bits": "8", "rounding": "nearest"}
SOURCE = f"reports/{ACCURACY} (make tinysnn)"


def _higher(_: Printed, _match: re.Match[str]) -> Ours:
    ours = learned("tinysnn", **EIGHT)
    note = f"{MNIST}; 8-bit weights after learning; the claim's parts are the trends below"
    return Ours(ours.mean, "trained small", SOURCE, note, len(ours.values), ours.minutes, False)


def _large(printed: Printed, _match: re.Match[str]) -> Ours:
    if printed.unit == "MB":
        return Ours(
            memory_bytes(4900, True, "dense", 32, 32) / 1e6,
            FORMULA,
            "M, N = 4900",
            "with the inhibitory projections as dense matrices: of three ways to count the one that comes "
            "near (errata)",
            taken="fitted",
        )
    found = learned("tinysnn", "400")
    note = "N = 400 (the paper: 4900), three passes over MNIST"
    return Ours(found.mean, "trained small", SOURCE, note, len(found.values), found.minutes, False)


RULES = (
    Rule("Fig. 7", "(?P<parts>qWN?) 8 bit", ANY, _memory),
    Rule("Fig. 8", "(?P<bits>FP32|8 bit) (?P<phase>training|inference)", ANY, _energy),
    Rule("Fig. 6", ANY, ANY, _higher),
    Rule("text", "4900 neurons.*", ANY, _large),
    Rule(ANY, ANY, ANY, lambda *_: missing("not among what was learned here")),
)


def beside() -> list[Row]:
    """Other ways to count memory, and the products of dense matrices."""
    rows = []
    for counted, what in COUNTED.items():
        for neurons in (400, 4900):
            for parts, bits in (("qW", 32), ("qWN", 8)):
                place = Printed(
                    PAPER,
                    "Fig. 7",
                    f"{parts} 8 bit, {counted} synapses, N = {neurons}",
                    "memory saving",
                    "",
                    "x",
                )
                saving = memory_saving(neurons, counted, bits)
                rows.append(cell(place, Ours(saving, FORMULA, "M = N_w B_w + N_n B_n", what)))
    place = Printed(PAPER, "Fig. 8", "products of dense matrices, N = 400", "energy saving", "", "x")
    note = "what a GPU computes: near the 1.9 that was measured on one"
    rows.append(cell(place, Ours(macs_ratio(400), "computed", "(784 N + 2 N^2) / 784 N", note)))
    return rows


def trends() -> list[Row]:
    """Fig. 6's claims, in parts, and the directions of Fig. 8."""
    rows = []
    eight = learned("tinysnn", **EIGHT)
    claims = (
        ("rule in 8 bits above the baseline's STDP in FP32", learned("stdp"), eight, "1"),
        (
            "rule in 8 bits above the baseline network with STDP in FP32",
            learned("stdp", network="baseline"),
            eight,
            "1",
        ),
        ("rule in 8 bits above SL-STDP in FP32", learned("sl_stdp"), eight, "1"),
        ("8 bits against the rule's own FP32: nothing lost", learned("tinysnn"), eight, "0"),
    )
    for label, first, second, sign in claims:
        unit = "points, the sign alone" if sign == "1" else "points"
        place = Printed(PAPER, "Fig. 6", label, "trend of accuracy", sign, unit)
        note = f"{MNIST}; the paper's sign alone" if sign == "1" else MNIST
        rows.append(trend(place, first, second, SOURCE, note))
    return rows + _energy_trends()


@cache
def spread_of_counts() -> Spread:
    """Between seeds, of what an image's energy depends on: of its spikes or its weights written the larger.

    Energy is a sum of prices times counts, none of them negative, so that its relative deviation is no more
    than the largest of its counts.
    """
    runs = dict.fromkeys(
        tuple(line[k] for k in LEARNED) for line in committed.chosen(ACCURACY, data="mnist", scheme="float")
    )
    found = [
        pooled(
            (committed.sample(_of(run), column) for run in runs), f"{told}, reports/{ACCURACY}", relative=True
        )
        for column, told in (("spikes", "spikes of an image"), ("weight_writes", "weights written"))
    ]
    return max((s for s in found if s is not None), key=lambda s: s.variance)


def _of(run: tuple[str, ...]) -> list[dict[str, str]]:
    where = dict(zip(LEARNED, run, strict=True))
    return committed.chosen(ACCURACY, data="mnist", scheme="float", **where)


def _energy_trends() -> list[Row]:
    """One learning run a step: its energies have the spread that the counts of other runs have."""
    rows, spread = [], spread_of_counts()
    for bits, step in STEPS.items():
        for phase, told in (("learning", "training"), ("inference", "inference")):
            printed = value(PAPER, "Fig. 8", f"{bits} {told}", "energy saving") - 1
            ratios = [energy_pj("baseline", phase, n) / energy_pj(step, phase, n) for n in ("100", "400")]
            ratio = fmean(ratios)
            column = "trend of energy saving less 1"
            place = Printed(PAPER, "Fig. 8", f"{bits} {told} saves energy", column, f"{printed:.1f}", "x")
            note = "mean of N = 100 and 400, with DRAM; the saving on a chip, where the paper's is a GPU's"
            ours = Ours(ratio - 1, "simulated", f"reports/{COST} (make tinysnn-cost)", note, 1)
            reach = 2 * sqrt(2 * spread.of(ratio))
            rows.append(trend_of(place, ours, around(ratio - 1, reach), lent=(spread.told,)))
    return rows
