"""Why some trends appear and others do not: reasons that the numbers give, each only where they do."""

from statistics import fmean
from textwrap import fill

from benchmarks.autosnn.plan import BLOCKS, LONG, SMALL
from benchmarks.autosnn.results import Found, LayerRow
from benchmarks.autosnn.trends import NOISE

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

UNDERTRAINED = """**Too little training.** On the training images, too, these are behind SNN_1: {nets}.
{epochs} epochs do not train them, so that neither the accuracy that they could gain nor the spikes that
they need for it show."""

SURROGATE = """**Surrogate.** With Eq. 10's 1 / (1 + x^2) SNN_1 has {wide:.1f} % after as many epochs,
with the code's 1 / (1 + (pi x)^2) {narrow:.1f} %. All else here has the latter."""


def why(found: Found) -> str:
    parts = (_pools(found), _rates(found), _undertrained(found), _longer(found), _surrogate(found))
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
        if first is not None and a is not None and first - a > NOISE
    ]


def _undertrained(found: Found) -> str:
    nets = [one for block in BLOCKS for one in _behind(found, "macro", block)]
    return UNDERTRAINED.format(nets="; ".join(nets), epochs=SMALL["epochs"]) if nets else ""


def _longer(found: Found) -> str:
    """Whether more training brings them up."""
    if _training(found, "long", "snn1-scb3") is None:
        return ""
    nets = _behind(found, "long", "scb3")
    return f"After {LONG} epochs " + (f"still: {'; '.join(nets)}." if nets else "none of scb3 is behind.")


def _surrogate(found: Found) -> str:
    wide, narrow = found.point("causes", "snn1-cauchy"), found.point("macro", "snn1-scb3")
    if wide is None or narrow is None or narrow.accuracies[0] - wide.accuracies[0] < NOISE:
        return ""
    return SURROGATE.format(wide=wide.accuracies[0], narrow=narrow.accuracies[0])
