"""Whether the paper's trends appear, decided by the numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from benchmarks.autosnn.plan import LAMBDAS, LONG, PENALIZED, PENALTIES
from benchmarks.autosnn.results import Found, Of, Point
from benchmarks.autosnn.searches import HELD_OUT
from hwsim.reproduction.ranks import kendall

NOISE = 2.9
"""Percentage points: two standard errors of the difference of two accuracies of 70 % on 2,000 images; what
each of several seeds has to be beyond."""
SPIKE_NOISE = 0.05
"""Share of the spikes below which a difference in one of several seeds is none."""

MISSING = "not trained"
ONE_SEARCH = "open: one search of each"
UNKNOWN = "open: one seed, and no spread between seeds is known"


@dataclass(frozen=True)
class Trend:
    """``claim`` of ``source``; ``told``: the numbers; ``verdict``: yes, no, noise or mixed."""

    source: str
    claim: str
    told: str
    verdict: str

    @property
    def line(self) -> list[str]:
        return [self.source, self.claim, self.told, self.verdict]


def reach(a: Point, b: Point, of: Of) -> float | None:
    """Two standard errors of the difference of means, with the spread between seeds of others where one has
    one seed; None where no spread is known."""
    variances = [p.sample(of).variance_of_mean for p in (a, b)]
    known = [v for v in variances if v is not None]
    return 2 * math.sqrt(sum(known)) if len(known) == len(variances) else None


def of_one_seed(a: Point, b: Point, of: Of, sign: int) -> str:
    """The verdict of a claim that ``of`` is higher (``sign`` 1) or lower (-1) in ``a`` than in ``b``, one of
    which has one seed: by the difference of their means, as reproduced.md judges it."""
    least = reach(a, b, of)
    if least is None:
        return UNKNOWN
    return verdict([sign * (a.sample(of).mean - b.sample(of).mean)], least)


def differences(a: Point, b: Point, of: Of) -> list[float]:
    """a - b by seed: accuracies in points, spikes as a share of b's."""
    pairs = [(v, b.of(of)[s]) for s, v in a.of(of).items() if s in b.of(of)]
    return [v - w if of == "accuracy" else v / w - 1 for v, w in pairs]


def verdict(found: Sequence[float], least: float) -> str:
    """Of differences that the claim says are positive, seed by seed."""
    seeds = "one seed" if len(found) == 1 else f"{len(found)} seeds"
    if all(d > least for d in found):
        return f"yes ({seeds})"
    if all(d < -least for d in found):
        return f"no, the contrary ({seeds})"
    if all(abs(d) <= least for d in found):
        return f"no difference beyond the noise ({seeds})"
    return f"open: not alike or beyond the noise in all of {seeds}"


def compare(
    source: str, claim: str, a: Point | None, b: Point | None, of: Of, sign: int, names: tuple[str, str]
) -> Trend:
    """A claim that ``of`` is higher (``sign`` 1) or lower (-1) in ``a`` than in ``b``."""
    if a is None or b is None:
        return Trend(source, claim, "", MISSING)
    told = [
        f"{name} {p.told} %" if of == "accuracy" else f"{name} {p.spikes_told} K"
        for name, p in zip(names, (a, b), strict=True)
    ]
    least = NOISE if of == "accuracy" else SPIKE_NOISE
    found = [sign * d for d in differences(a, b, of)]
    if len(found) < 2:
        return Trend(source, claim, ", ".join(told), of_one_seed(a, b, of, sign))
    return Trend(source, claim, ", ".join(told), verdict(found, least))


def falling(points: Sequence[Point]) -> str:
    """Whether each has fewer spikes than the one before it, by more than two standard errors."""
    steps = [(a, b, reach(a, b, "spikes")) for a, b in (*pairwise(points), (points[0], points[-1]))]
    falls = [a.mean_spikes - b.mean_spikes > least for a, b, least in steps if least is not None]
    if len(falls) < len(steps):
        return UNKNOWN
    if all(falls):
        return "yes, at each step"
    return "from the first to the last, not at each step" if falls[-1] else "no"


def macro_trends(found: Found) -> list[Trend]:
    trends = []
    tables = (("macro", "scb3", "Table 1, scb3"), ("macro", "srb3", "Table 8, srb3"),
              ("long", "scb3", f"Table 1, scb3, {LONG} epochs"))  # fmt: skip
    for group, block, table in tables:
        nets = {n: found.point(group, f"snn{n}-{block}") for n in (1, 2, 3, 4)}
        claims: tuple[tuple[int, str, Of, int], ...] = (
            (2, "GAP costs accuracy", "accuracy", -1), (2, "GAP costs spikes", "spikes", 1),
            (4, "average pools cost accuracy", "accuracy", -1), (4, "average pools cost spikes", "spikes", 1),
            (3, "trainable down-sampling gains accuracy", "accuracy", 1),
            (3, "trainable down-sampling costs spikes", "spikes", 1),
        )  # fmt: skip
        for n, claim, of, sign in claims:
            names = (f"SNN_{n}", "SNN_1")
            trends.append(compare(table, claim, nets[n], nets[1], of, sign, names))
    return trends


def lambda_trends(found: Found) -> list[Trend]:
    trends = []
    for told, nets in (("the paper's nets", paper_nets(found)), ("nets found here", winners(found))):
        if len(nets) == len(LAMBDAS):
            spikes = [point.mean_spikes for point in nets.values()]
            numbers = ", ".join(f"{s:.2f}" for s in spikes)
            claim = f"larger exponents, fewer spikes ({told})"
            trends.append(Trend("Table 2", claim, f"{numbers} K", falling(list(nets.values()))))
    return trends


def paper_nets(found: Found) -> dict[str, Point]:
    return {e: p for e in LAMBDAS if (p := found.point("searched", e))}


def winners(found: Found) -> dict[str, Point]:
    """Of the first search of each exponent the trained winner."""
    nets = {}
    for exponent in LAMBDAS:
        outcomes = found.searches("base", "evolution", exponent)
        if outcomes and (point := found.point("winner", f"snn1-{outcomes[0].winner}")):
            nets[exponent] = point
    return nets


def sampling_trends(found: Found) -> list[Trend]:
    """What was found for accuracy alone, and with a price on spikes, against the mean of random networks."""
    drawn, nets = list(found.group("random").values()), winners(found)
    if len(drawn) < 2 or not {"0", "-0.08"} <= set(nets):
        return []
    accuracy, spikes = fmean(p.accuracy for p in drawn), fmean(p.mean_spikes for p in drawn)
    gains = [value - accuracy for value in nets["0"].accuracies.values()]
    saved = [1 - value / spikes for value in nets["-0.08"].spikes.values()]
    return [
        Trend("Table 5", "the net found with lambda 0 is more accurate than random ones are on average",
              f"{nets['0'].told} %, {accuracy:.2f} %", verdict(gains, NOISE)),
        Trend("Table 5", "the net found with lambda -0.08 spikes less than random ones do on average",
              f"{nets['-0.08'].spikes_told} K, {spikes:.2f} K", verdict(saved, SPIKE_NOISE)),
    ]  # fmt: skip


def search_trends(found: Found) -> list[Trend]:
    trends = []
    for exponent in LAMBDAS:
        ours = {o.seed: o.fitness for o in found.searches("base", "evolution", exponent)}
        chance = {o.seed: o.fitness for o in found.searches("base", "random", exponent)}
        both = sorted(set(ours) & set(chance))
        if both:
            told = "; ".join(f"{ours[s]:.3f} against {chance[s]:.3f}" for s in both)
            gains = [ours[s] - chance[s] for s in both]
            claim = f"evolution finds more than random search, lambda {exponent}"
            judged = verdict(gains, 1 / HELD_OUT) if len(both) > 1 else ONE_SEARCH
            trends.append(Trend("Table 5", claim, f"fitness {told}", judged))
    return trends


def penalty_points(found: Found, block: str) -> dict[float, Point]:
    """By the factor, from 0 up, all of the first seed."""
    plain = found.point("penalty" if block.startswith("sib") else "macro", _without(block))
    points = {factor: found.point("penalty", f"{block}-{factor:g}") for factor in PENALTIES}
    return {factor: p for factor, p in ({0.0: plain and plain.of_seed(0)} | points).items() if p}


def _without(block: str) -> str:
    return f"{block}-0" if block.startswith("sib") else f"snn1-{block}"


def penalty_trends(found: Found) -> list[Trend]:
    trends = []
    for block in PENALIZED:
        points = list(penalty_points(found, block).values())
        if len(points) == 1 + len(PENALTIES):
            spikes, accuracies = [p.mean_spikes for p in points], [p.accuracy for p in points]
            told = ", ".join(f"{s:.2f}" for s in spikes)
            claim = f"penalties take spikes, {block}"
            trends.append(Trend("Table 10", claim, f"{told} K", falling(points)))
            told, claim = (
                ", ".join(f"{a:.1f}" for a in accuracies),
                f"the largest penalty costs accuracy, {block}",
            )
            judged = of_one_seed(points[-1], points[0], "accuracy", -1)
            trends.append(Trend("Table 10", claim, f"{told} %", judged))
    scb, sib = found.point("macro", "snn1-scb3"), found.point("penalty", "sib3e1-0")
    for claim, of, sign in (("costs accuracy", "accuracy", -1), ("costs spikes", "spikes", 1)):
        trends.append(
            compare("Table 9", f"SIB_k3_e1 {claim}", sib, scb, of, sign, ("SIB", "SCB"))  # type: ignore[arg-type]
        )
    return trends


def hand_made_trends(found: Found) -> list[Trend]:
    """The net found with lambda -.08 and the paper's against CIFARNet-Fang."""
    fang, trends = found.point("hand", "cifarnet-fang"), []
    for told, net in (("the paper's", paper_nets(found).get("-0.08")), ("ours", winners(found).get("-0.08"))):
        names = ("AutoSNN", "Fang")
        trends.append(
            compare("Table 3", f"AutoSNN ({told}) is more accurate", net, fang, "accuracy", 1, names)
        )
        trends.append(compare("Table 3", f"AutoSNN ({told}) spikes less", net, fang, "spikes", -1, names))
    return trends


def time_trends(found: Found) -> list[Trend]:
    trends = []
    for name, points in over_time(found).items():
        if len(points) > 1:
            first, last = min(points), max(points)
            claim = f"{last} steps gain accuracy over {first}, {name}"
            told = ", ".join(f"T = {t}: {p.accuracies[0]:.1f} %" for t, p in sorted(points.items()))
            trends.append(
                Trend(
                    "Fig. 5",
                    claim,
                    told,
                    of_one_seed(points[last].of_seed(0), points[first].of_seed(0), "accuracy", 1),
                )
            )
    return trends


def over_time(found: Found) -> dict[str, dict[int, Point]]:
    first = {"fang": found.point("hand", "cifarnet-fang"), "searched": found.point("searched", "-0.08")}
    points = {
        name: {4: first[name]} | {t: found.point("time", f"{name}-{t}") for t in (8, 16)} for name in first
    }
    return {name: {t: p for t, p in of.items() if p} for name, of in points.items()}


def rank(points: Mapping[str, Point]) -> tuple[float, float]:
    """Kendall's tau between accuracy and spikes, and how large it is by chance in one case of twenty:
    1.96 sqrt(2 (2n + 5) / (9 n (n - 1)))."""
    n = len(points)
    tau = kendall([p.accuracy for p in points.values()], [p.mean_spikes for p in points.values()])
    return tau, 1.96 * math.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1)))


def space_trends(found: Found) -> list[Trend]:
    """Tables 6 and 7: the networks that larger spaces and the ANN's search find against the base space's."""
    trends = []
    base = winners(found).get("-0.08")
    for space, model, exponent in (("snn3", "snn3", "-0.08"), ("deep", "snn1-deep", "-0.08")):
        for outcome in found.searches(space, "evolution", exponent)[:1]:
            net = found.point("winner", f"{model}-{outcome.winner}")
            trends.append(
                compare("Table 6", f"{space}: spikes less than the base space's net", net, base, "spikes", -1,
                        (space, "base"))
            )  # fmt: skip
    for outcome in found.searches("relu", "evolution", "0")[:1]:
        net = found.point("winner", f"snn1-{outcome.winner}")
        trends.append(
            compare("Table 7", "searching with spikes finds a more accurate net than with ReLUs",
                    winners(found).get("0"), net, "accuracy", 1, ("SNN", "ANN"))
        )  # fmt: skip
    return trends


def trends(found: Found) -> list[Trend]:
    return [
        *macro_trends(found), *lambda_trends(found), *hand_made_trends(found), *sampling_trends(found),
        *search_trends(found),
        *space_trends(found), *penalty_trends(found), *time_trends(found),
    ]  # fmt: skip
