"""Why some trends appear and others do not: reasons that the numbers give, each only where they do."""

from math import inf, sqrt
from statistics import fmean
from textwrap import fill

from benchmarks.autosnn.plan import BLOCKS, LONG, PENALTIES, SMALL
from benchmarks.autosnn.results import Found, LayerRow
from benchmarks.autosnn.searches import HOW
from benchmarks.autosnn.trends import NOISE, of_one_seed, penalty_points, reach
from hwsim.methods.spike_aware.fitness import power

POOLS = """**Average pools and the threshold.** {nets} at the paper's threshold of 1: {told}. The
membrane of a PLIF, v += (x - v) sigmoid(w), is a weighted mean of its inputs; a mean of spikes is 1 at
most, and v stays below 1. Nothing fires behind such a pool (silent layers: {counts}). Only rounding
helps: in float32 v becomes 1 after 8 steps of spikes from all inputs once sigmoid(w) has grown to 0.9,
and at 1/2 after 25. Networks that learn under it must spike nearly always before each pool, which would
explain why GAP and average pools cost the paper spikes and accuracy. CIFARNet-Wu and the ResNets have
such pools too. The tables show all of them with a lower threshold."""

RATES = """**What pools do to rates.** A max pool spikes where one of four inputs does: in SNN_1 rates
rise {up:.1f} times at each. A neuron behind an average pool gets a quarter of each input: in SNN_4
rates fall to {down:.2f} of what they were (means of three pools, scb3). To be heard behind them layers
have to fire more, or they learn more slowly."""

UNDERTRAINED = """**Less training.** On the training images, too, these are behind SNN_1: {nets}. {epochs}
epochs train them less far, so that neither the accuracy that they could gain nor the spikes that they
need for it show."""

PENALTIES_TOLD = """**Penalties.** They act more strongly than in the paper: {told}. Whether {epochs}
epochs are the reason, in which the error weighs less beside the penalty, or another K, is open."""

SURROGATE = """**Surrogate.** With Eq. 10's 1 / (1 + x^2) SNN_1 has {wide:.1f} % after as many epochs,
with the code's 1 / (1 + (pi x)^2) {narrow:.1f} %. All else here has the latter."""


MISSED = """**Searches this small miss paths.** With {budget} evaluations {told}. Winners of so few
evaluations are not the best of their spaces, and which exponent gets which network is chance to that
degree."""

ONE_SEED = """Where a side has one
seed, the difference of the means must be beyond two standard errors, and a training of one seed has the
spread between seeds of the networks that have two, all of {epochs} epochs and {steps} steps: {points:.1f}
points and {share:.0f} % of the spikes, as on
[the paper's page](reproduced.md). Falls from row to row are judged so, too. One search of each of two
methods is open."""

NEAR = 30.0
"""Accuracy in % below which a supernet of ten classes is said to be near chance."""
NEAR_CHANCE = """{names}: near chance (10 %), and what is searched there rests on that: which path has the
higher fitness tells little of which would be the better network."""


def why(found: Found) -> str:
    parts = (
        _pools(found),
        _rates(found),
        _undertrained(found),
        _longer(found),
        _missed(found),
        _surrogate(found),
    )
    told = [fill(" ".join(part.split()), 110, break_on_hyphens=False) for part in parts if part]
    return "\n\n".join(["### Why", *told]) if told else ""


def layers_of(found: Found, group: str, row: str) -> list[LayerRow]:
    return [r for r in found.layers if (r.group, r.row) == (group, row)]


def _pools(found: Found) -> str:
    tried = {n: found.point("causes", f"snn{n}-threshold-1") for n in (2, 4)}
    silent = {n: sum(r.spikes == 0 for r in layers_of(found, "causes", f"snn{n}-threshold-1")) for n in tried}
    dead = {n: p for n, p in tried.items() if p and silent[n]}
    if not dead:
        return ""
    return POOLS.format(
        nets=" and ".join(f"SNN_{n}" for n in dead),
        told=", ".join(f"{p.accuracy:.1f} %" for p in dead.values()),
        counts=", ".join(f"{silent[n]} of SNN_{n}" for n in dead),
    )


def _rates(found: Found) -> str:
    """What pools do to rates, and so to the layers before them."""
    with_max, with_mean = (layers_of(found, "macro", f"snn{n}-scb3") for n in (1, 4))
    places = [row.place for row in with_max if row.kind == "pool"]
    if not places or not with_mean:
        return ""
    up, down = (
        fmean(rows[p].rate / rows[p - 1].rate for p in places if rows[p - 1].rate)
        for rows in (with_max, with_mean)
    )
    return RATES.format(up=up, down=down) if up > 1 > down else ""


def _training(found: Found, group: str, row: str) -> float | None:
    """Accuracy on the training images in %."""
    found_ = [100 * r.train_accuracy for r in found.runs if (r.group, r.row) == (group, row)]
    return fmean(found_) if found_ else None


def _behind(found: Found, group: str, block: str) -> list[str]:
    first = _training(found, group, f"snn1-{block}")
    others = {n: _training(found, group, f"snn{n}-{block}") for n in (2, 3, 4)}
    return [
        f"SNN_{n} {block} {a:.0f} (SNN_1 {first:.0f}) %"
        for n, a in others.items()
        if first is not None and a is not None and first - a > _noise(found, group, f"snn{n}-{block}", block)
    ]


def _noise(found: Found, group: str, row: str, block: str) -> float:
    """What SNN_1 is to be ahead by: where one has one seed, two standard errors of their test accuracies."""
    first, other = found.point(group, f"snn1-{block}"), found.point(group, row)
    if first is None or other is None:
        return inf
    if min(len(first.accuracies), len(other.accuracies)) > 1:
        return NOISE
    least = reach(other, first, "accuracy")
    return inf if least is None else least


def _undertrained(found: Found) -> str:
    nets = [one for block in BLOCKS for one in _behind(found, "macro", block)]
    return UNDERTRAINED.format(nets="; ".join(nets), epochs=SMALL["epochs"]) if nets else ""


def _longer(found: Found) -> str:
    """Whether more training brings them up."""
    if _training(found, "long", "snn1-scb3") is None:
        return ""
    nets = _behind(found, "long", "scb3")
    return f"After {LONG} epochs " + (
        f"still: {'; '.join(nets)}." if nets else "none of scb3 is behind beyond the noise."
    )


def _surrogate(found: Found) -> str:
    wide, narrow = found.point("causes", "snn1-cauchy"), found.point("macro", "snn1-scb3")
    if wide is None or narrow is None or not of_one_seed(wide, narrow, "accuracy", -1).startswith("yes"):
        return ""
    return SURROGATE.format(wide=wide.accuracy, narrow=narrow.accuracy)


def _missed(found: Found) -> str:
    """Evolutions that another one's winner beats, in the same supernet and at their own exponent."""
    told = []
    for one in found.outcomes:
        others = [
            (power(o.accuracy, o.spikes, o.mean_spikes, float(one.exponent)), o)
            for o in found.outcomes
            if o.space == one.space and one.method == o.method == "evolution" and o.winner != one.winner
        ]
        best = max(others, key=lambda pair: pair[0], default=None)
        if best and best[0] > one.fitness + 1e-9:
            told.append(
                f"lambda {one.exponent} (seed {one.seed}) ended at a fitness of {one.fitness:.3f}, and the "
                f"winner of lambda {best[1].exponent} (seed {best[1].seed}) has {best[0]:.3f} by the same "
                "measure"
            )
    return MISSED.format(budget=HOW.budget, told="; ".join(told)) if told else ""


def _penalties(found: Found) -> str:
    """Where the smallest takes a larger share of the spikes than in Table 10."""
    least, told = min(PENALTIES), []
    for block, paper in (("scb3", 1 - 124 / 154), ("srb3", 1 - 109 / 146), ("sib3e1", 1 - 155 / 243)):
        points = penalty_points(found, block)
        if {0.0, least} <= set(points):
            share = 1 - points[least].mean_spikes / points[0.0].mean_spikes
            if share > paper:
                told.append(f"{least:g} takes {share:.0%} of the spikes of {block}, in Table 10 {paper:.0%}")
    return PENALTIES_TOLD.format(told="; ".join(told), epochs=SMALL["epochs"]) if told else ""


def one_seed(found: Found) -> str:
    """What a difference with one seed on a side is held against."""
    if not {"accuracy", "spikes"} <= set(found.spreads):
        return "What rests on one seed is open: no spread between seeds is known."
    points, share = (sqrt(found.spreads[of].variance) for of in ("accuracy", "spikes"))
    return ONE_SEED.format(points=points, share=100 * share, epochs=SMALL["epochs"], steps=SMALL["timesteps"])


def near_chance(found: Found) -> str:
    """Of supernets below NEAR what that means for their searches."""
    low = {name: p.accuracy for name, p in found.group("supernet").items() if p.accuracy < NEAR}
    if not low:
        return ""
    names = " and ".join(f"`{name}`" for name in sorted(low))
    return f"\n\n{NEAR_CHANCE.format(names=names)}"
