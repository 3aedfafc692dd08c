"""What reports/snasnet found, in sentences that follow from its numbers."""

import statistics

from benchmarks.snasnet.plan import EDGES, KERNELS, SMALL
from benchmarks.snasnet.results import Row, best
from benchmarks.snasnet.tables import MEASURED, PREDICTORS, Found, column, difference, of_paper, spread
from hwsim.reproduction.ranks import interval, kendall


def sentences(found: Found) -> str:
    rows = found.drawn("both")
    lines = [_scores(rows), _others(rows), _feedback(rows), _running(rows), *_chosen(found)]
    return "\n".join(f"- {line}" for line in lines)


def order(rows: list[Row], name: str, of: str = "accuracy") -> str:
    """``orders``, ``orders backward`` or ``does not order``: by whether the interval of tau holds 0."""
    low, high = interval(kendall, list(column(rows, name)), list(column(rows, of)))
    return "orders" if low > 0 else "orders backward" if high < 0 else "does not order"


def _scores(rows: list[Row]) -> str:
    told = [
        f"{PREDICTORS[name]} {order(rows, name)} the trained cells "
        f"(tau {kendall(column(rows, name), column(rows, 'accuracy')):.2f})"
        for name in KERNELS
    ]
    paper = " and ".join(of_paper()[PREDICTORS[name]] for name in KERNELS)
    return f"{' and '.join(told)}; the paper has {paper}. SAHD less HD: {difference(rows, 'sahd', 'hd')}."


def _others(rows: list[Row]) -> str:
    names = [name for name in PREDICTORS if name not in KERNELS]
    by = {w: [PREDICTORS[n] for n in names if order(rows, n) == w] for w in ("orders", "orders backward")}
    told = [f"the number of {', of '.join(some)} {word} them" for word, some in by.items() if some]
    return (
        f"Without any score, {' and '.join(told) if told else 'no count of edges or parameters orders them'}."
    )


def _feedback(rows: list[Row]) -> str:
    told = [
        f"{kendall(column(rows, 'backward'), column(rows, of)):.2f} with {head}"
        for of, head in MEASURED.items()
    ]
    return (
        f"Edges back in time: tau {', '.join(told)}. A network with feedback sees other distributions at its "
        "first steps; with one running mean for all steps, which is what is folded into weights, its "
        "accuracy falls though it learned as well."
    )


def _running(rows: list[Row]) -> str:
    lost = [row for row in rows if row["accuracy"] - row["running"] > LOST]
    return (
        f"{len(lost)} of {len(rows)} cells lose more than {LOST} points with one running mean, "
        f"{sum(row['backward'] > 0 for row in lost)} of them with edges back in time. A chip that runs them "
        "needs a scale and an offset for each step. Costs below are of networks with one running mean."
    )


LOST = 20


def _chosen(found: Found) -> list[str]:
    chosen, told = best(found.files["scored"]), []
    for edges in EDGES:
        rows = found.drawn(edges)
        if not rows:
            continue
        mean = statistics.fmean(row["accuracy"] for row in rows)
        for kernel in KERNELS:
            accuracies = list(found.accuracies(chosen[SMALL, edges, kernel]).values())
            if accuracies:
                gained = statistics.fmean(accuracies) - mean
                told.append(
                    f"The best of 500 by {PREDICTORS[kernel]} ({edges}) has {spread(accuracies)} %, "
                    f"{gained:+.1f} points from the mean of the {len(rows)} random ones."
                )
    return told
