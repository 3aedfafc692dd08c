"""SNASNet: Tables 1 to 4 and Fig. 4."""

import re
from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from hwsim.methods.training_free.cells import random_cells, text_of
from hwsim.reproduction import committed
from hwsim.reproduction.printed import Printed, find, value
from hwsim.reproduction.rows import Ours, Row, Sample, judged_trend, missing, trend
from hwsim.reproduction.rules import ANY, Rule

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


def kendall(first: Values, second: Values) -> float:
    """tau-b = (concordant - discordant) / sqrt(pairs untied in the first * pairs untied in the second)."""
    pairs = np.triu_indices(len(first), 1)
    a, b = (np.sign(x[:, None] - x[None, :])[pairs] for x in (first, second))
    return float((a * b).sum() / np.sqrt(np.abs(a).sum() * np.abs(b).sum()))


@cache
def taus() -> tuple[dict[str, float], int]:
    """Kendall's tau-b of each score with accuracy over the random cells with edges back in time, seed 0."""
    accuracies = {
        line["cell"]: float(line["accuracy_each_step"])
        for line in committed.lines(TRAININGS)
        if (line["data"], line["timesteps"], line["seed"]) == ("digits", "5", "0")
        and line["accuracy_each_step"]
    }
    drawn = [text_of(cell) for cell in random_cells(SEED, DRAWN, "both")]
    scores = {line["cell"]: line for line in committed.lines(CELLS) if line["sahd"] and line["hd"]}
    cells = [c for c in drawn if c in scores and c in accuracies]
    right = np.array([accuracies[c] for c in cells])
    found = {
        s: kendall(np.array([float(scores[c][s.lower()]) for c in cells]), right) for s in ("HD", "SAHD")
    }
    return found, len(cells)


def _tau(_: Printed, match: re.Match[str]) -> Ours:
    found, cells = taus()
    return Ours(
        found[match["score"]],
        "trained small",
        f"reports/{TRAININGS}, reports/{CELLS} (make snasnet)",
        f"{SLIM}; {cells} random cells with edges back in time, a seed each",
        1,
        None,
        False,
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
    found, cells = taus()
    # deviation of tau of independent orders (Kendall 1938), and of a difference of two such
    deviation = sqrt(2 * (2 * cells + 5) / (9 * cells * (cells - 1)))
    for label, tau, printed, noise in (
        (
            "HD orders trained cells",
            found["HD"],
            find(PAPER, "Fig. 4", "HD", "Kendall tau").text,
            2 * deviation,
        ),
        (
            "SAHD orders trained cells",
            found["SAHD"],
            find(PAPER, "Fig. 4", "SAHD", "Kendall tau").text,
            2 * deviation,
        ),
        ("SAHD less HD", found["SAHD"] - found["HD"], "0.127", 2 * sqrt(2) * deviation),
    ):
        place = Printed(PAPER, "Fig. 4", label, "trend of Kendall tau", printed, "")
        told = Ours(tau, "trained small", f"reports/{TRAININGS}, reports/{CELLS} (make snasnet)", SLIM, 1)
        rows.append(Row(place, told, judged_trend(float(printed), tau, noise), noise))
    return rows
