"""SNASNet: Tables 1 to 4 and Fig. 4."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hwsim.methods.training_free.cells import random_cells, text_of
from hwsim.reproduction import committed
from hwsim.reproduction.printed import Printed, find, value
from hwsim.reproduction.ranks import LEVEL, RESAMPLED, interval, kendall
from hwsim.reproduction.rows import Ours, Row, missing, trend, trend_of
from hwsim.reproduction.rules import ANY, Rule
from hwsim.reproduction.samples import Sample

PAPER = "snasnet"
Values = NDArray[np.float64]
TRAININGS, CELLS = "snasnet/trainings.csv", "snasnet/cells.csv"
SLIM = "slim: 8 channels (the paper: 256 or 128), digits of 8 x 8, 1,442 images, six epochs"
TESTED = {"digits": 355, "fashion16": 2000}
CHOSEN = {
    ("Fw", "SAHD"): "0304,0033,0002,0000",
    ("Fw", "HD"): "0311,0033,0002,0000",
    ("Bw", "SAHD"): "0320,0020,0003,3200",
    ("Bw", "HD"): "0110,0010,0001,3200",
}
"""Best of 500 cells by each score on the digits (reports/snasnet)."""
FASHION = {"Fw": "0301,0032,0003,0000", "Bw": "0320,0020,0003,3200"}
"""Best of 200 by SAHD on Fashion-MNIST."""
TRANSFER = {
    ("CIFAR10", "CIFAR100"): ("digits", "fashion16"),
    ("CIFAR100", "CIFAR10"): ("fashion16", "digits"),
}
"""Our data sets in the place of the paper's: searched on, used on."""
SEED, DRAWN = 1, 100
"""Of the random cells that make snasnet trains."""
ELSEWHERE = "this data set at the paper's size takes days of a GPU; small trainings stand in other rows"


@cache
def trained(cell: str, data: str = "digits", timesteps: int = 5) -> Sample:
    """Accuracy in %, with normalizations by each step's statistics, of a cell's seeds."""
    found = committed.chosen(TRAININGS, cell=cell, data=data, timesteps=str(timesteps))
    by_step = [line for line in found if line["accuracy_each_step"]]
    column = "accuracy_each_step" if len(by_step) == len(found) else "accuracy"
    return committed.sample(found, column, 100, TESTED[data], "cpu_minutes")


def _ours(cell: str, data: str = "digits", timesteps: int = 5, note: str = "") -> Ours:
    found = trained(cell, data, timesteps)
    told = f"{SLIM}; cell {cell}" + (f"; {note}" if note else "")
    return Ours(
        found.mean,
        "trained small",
        f"reports/{TRAININGS} (make snasnet)",
        told,
        len(found.values),
        found.minutes,
        False,
    )


def _table_1(printed: Printed, match: re.Match[str]) -> Ours:
    if printed.column == "accuracy sd":
        spread = float(np.std(trained(CHOSEN[match["kind"], "SAHD"]).values, ddof=1))
        ours = _ours(CHOSEN[match["kind"], "SAHD"])
        return Ours(spread, ours.how, ours.source, ours.note, ours.seeds, ours.minutes, False)
    return _ours(CHOSEN[match["kind"], "SAHD"])


def _transfer(printed: Printed, match: re.Match[str]) -> Ours:
    places = TRANSFER.get((match["searched"], match["used"]))
    if places is None:
        return missing(ELSEWHERE)
    searched, used = places
    kind = match["kind"]
    cell = CHOSEN[kind, "SAHD"] if searched == "digits" else FASHION[kind]
    ours = _ours(cell, used, note=f"searched on {searched}, used on {used}")
    if printed.column != "difference":
        return ours
    own = trained(FASHION[kind] if used == "fashion16" else CHOSEN[kind, "SAHD"], used)
    assert ours.value is not None
    return Ours(ours.value - own.mean, ours.how, ours.source, ours.note, ours.seeds, ours.minutes, False)


def _scores(printed: Printed, match: re.Match[str]) -> Ours:
    cell = CHOSEN[match["kind"], match["score"]]
    ours = _ours(cell)
    if printed.column == "accuracy":
        return ours
    spread = float(np.std(trained(cell).values, ddof=1))
    return Ours(spread, ours.how, ours.source, ours.note, ours.seeds, ours.minutes, False)


def _steps(_: Printed, match: re.Match[str]) -> Ours:
    steps = int(match["steps"])
    if steps > 15:
        return missing("not trained at 20 steps")
    return _ours(CHOSEN[match["kind"], "SAHD"], timesteps=steps)


@dataclass(frozen=True)
class Tau:
    """Kendall's tau-b, or a difference of two, and the interval that it has over cells drawn anew."""

    value: float
    interval: tuple[float, float]


@cache
def scored() -> dict[str, Values]:
    """HD, SAHD and accuracy of the random cells with edges back in time, seed 0."""
    accuracies = {
        line["cell"]: float(line["accuracy_each_step"])
        for line in committed.lines(TRAININGS)
        if (line["data"], line["timesteps"], line["seed"]) == ("digits", "5", "0")
        and line["accuracy_each_step"]
    }
    drawn = [text_of(cell) for cell in random_cells(SEED, DRAWN, "both")]
    scores = {line["cell"]: line for line in committed.lines(CELLS) if line["sahd"] and line["hd"]}
    cells = [c for c in drawn if c in scores and c in accuracies]
    columns = {score: np.array([float(scores[c][score.lower()]) for c in cells]) for score in ("HD", "SAHD")}
    return columns | {"accuracy": np.array([accuracies[c] for c in cells])}


def less(first: Values, second: Values, of: Values) -> float:
    """Tau of the first less tau of the second, of the same cells."""
    return kendall(first, of) - kendall(second, of)


@cache
def taus() -> dict[str, Tau]:
    """Of each score with accuracy; of SAHD less that of HD, of the same cells drawn anew."""
    found = scored()
    right = found["accuracy"]
    each = {s: Tau(kendall(found[s], right), interval(kendall, found[s], right)) for s in ("HD", "SAHD")}
    both = (found["SAHD"], found["HD"], right)
    return each | {"SAHD less HD": Tau(less(*both), interval(less, *both))}


def _tau(_: Printed, match: re.Match[str]) -> Ours:
    return _ours_of(taus()[match["score"]], comparable=False)


def _ours_of(tau: Tau, comparable: bool = True) -> Ours:
    return Ours(
        tau.value,
        "trained small",
        f"reports/{TRAININGS}, reports/{CELLS} (make snasnet)",
        f"{SLIM}; {len(scored()['accuracy'])} random cells with edges back in time, a seed each; interval of "
        f"{LEVEL:g} % over {RESAMPLED:,} draws of as many of these cells",
        1,
        None,
        comparable,
    )


RULES = (
    Rule("1", "CIFAR10 SNASNet-(?P<kind>Fw|Bw) T=5", ANY, _table_1),
    Rule(
        "1",
        "CIFAR10 SNASNet-(?P<kind>Fw|Bw) T=8",
        ANY,
        lambda *_: missing("trained at 5, 10 and 15 steps: Table 4"),
    ),
    Rule("2", "(?P<kind>Fw|Bw) searched on (?P<searched>\\w+), used on (?P<used>\\w+)", ANY, _transfer),
    Rule("3", "(?P<kind>Fw|Bw) (?P<score>HD|SAHD) CIFAR100", ANY, _scores),
    Rule("4", r"(?P<kind>Fw|Bw) T=(?P<steps>\d+) CIFAR100", ANY, _steps),
    Rule("Fig. 4", "(?P<score>HD|SAHD)", ANY, _tau),
    Rule(ANY, ANY, ANY, lambda *_: missing(ELSEWHERE)),
)


def _change(table: str, label: str, rows: tuple[str, str], ours: tuple[Sample, Sample]) -> Row:
    first, second = (value(PAPER, table, row, "accuracy") for row in rows)
    place = Printed(PAPER, table, label, "trend of accuracy", f"{second - first:.2f}", "points")
    return trend(place, *ours, f"reports/{TRAININGS} (make snasnet)", SLIM)


def trends() -> list[Row]:
    """Forward against backward, HD against SAHD, timesteps, and whether scores tell accuracy."""
    best = {key: trained(cell) for key, cell in CHOSEN.items()}
    rows = [
        _change(
            "1",
            "SNASNet-Fw to SNASNet-Bw",
            ("CIFAR10 SNASNet-Fw T=5", "CIFAR10 SNASNet-Bw T=5"),
            (best["Fw", "SAHD"], best["Bw", "SAHD"]),
        )
    ]
    for kind in ("Fw", "Bw"):
        rows.append(
            _change(
                "3",
                f"{kind}: best by HD to best by SAHD",
                (f"{kind} HD CIFAR100", f"{kind} SAHD CIFAR100"),
                (best[kind, "HD"], best[kind, "SAHD"]),
            )
        )
        for steps in (10, 15):
            ours = (best[kind, "SAHD"], trained(CHOSEN[kind, "SAHD"], "digits", steps))
            labels = (f"{kind} T=5 CIFAR100", f"{kind} T={steps} CIFAR100")
            rows.append(_change("4", f"{kind}: T = 5 to {steps}", labels, ours))
    hd, sahd = (find(PAPER, "Fig. 4", score, "Kendall tau") for score in ("HD", "SAHD"))
    assert hd.number is not None
    assert sahd.number is not None
    printed = {"HD": hd.text, "SAHD": sahd.text, "SAHD less HD": f"{sahd.number - hd.number:.3f}"}
    for name, tau in taus().items():
        label = name if "less" in name else f"{name} orders trained cells"
        place = Printed(PAPER, "Fig. 4", label, "trend of Kendall tau", printed[name], "tau")
        rows.append(trend_of(place, _ours_of(tau), tau.interval, same_quantity=True))
    return rows
