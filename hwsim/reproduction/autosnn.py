"""AutoSNN: Tables 1 to 11 and the counts of its text."""

import re
from functools import cache

from hwsim.reproduction import committed
from hwsim.reproduction.networks import maps_per_pixel, parameters
from hwsim.reproduction.printed import Printed, value
from hwsim.reproduction.rows import Ours, Row, missing, trained_small, trend
from hwsim.reproduction.rules import ANY, Rule
from hwsim.reproduction.samples import Sample, Spread, pooled

PAPER = "autosnn"
RUNS, SEARCHES = "autosnn/runs.csv", "autosnn/searches.csv"
TESTED = 2000
SLIM = "slim: 8 channels (the paper: 16), T = 4 (8), Fashion-MNIST at 16 x 16, 3,000 images, 4 epochs"
MODELS = {
    "AutoSNN": "autosnn/searched",
    "CIFARNet-Wu": "autosnn/cifarnet-wu",
    "CIFARNet-Fang": "autosnn/cifarnet-fang",
    "ResNet11-Lee": "autosnn/resnet11-lee",
    "ResNet19-Zheng": "autosnn/resnet19-zheng",
}
HAND = {name: ("hand", model.removeprefix("autosnn/")) for name, model in MODELS.items()} | {
    "AutoSNN": ("searched", "-0.08")
}
"""Group and row of runs.csv."""
BLOCKS = {"SCB_k3": "scb3", "SRB_k3": "srb3", "SIB_k3_e1": "sib3e1", "SIB_k3_e3": "sib3e3"}
LAMBDAS = {"0": "0", "-0.04": "-0.04", "-0.08": "-0.08", "-.04": "-0.04", "-.08": "-0.08", "-.16": "-0.16"}
SPACES = {"for": "snn3", "before": "deep"}
"""Of Table 6: blocks for pools, or one more before each."""
FOUND = {"snn3": "snn3", "deep": "snn1-deep"}
"""The network that a path of a space is, SNN_1 of the others."""
POOLED = ("snn2", "snn4", "cifarnet-wu", "resnet11-lee", "resnet19-zheng")
"""Networks trained with another threshold behind average pools (benchmarks/autosnn/plan.py)."""
LOWER = "threshold of 0.5 behind average pools (the paper: 1)"
COLUMNS = {"accuracy": ("accuracy", 100.0), "spikes": ("spikes", 1e-3), "firing rate": ("rate", 1.0)}
"""Of runs.csv, and the factor to the paper's unit."""
SEVERAL = ("macro", "winner")
"""Groups of runs.csv with several seeds of a row."""
LARGER = "trained at 8 channels alone; this size takes days of a GPU"
DEEP = "autosnn/snn1-deep was searched here, not trained of one block alone"
OTHER_DATA = "this data set at the paper's size takes days of a GPU"


@cache
def trained(group: str, row: str, column: str) -> Sample:
    """Of a row's seeds."""
    return _column(column, group=group, row=row).lending(spread(column))


@cache
def spread(column: str) -> Spread | None:
    """Between the seeds of a network, over all that were trained in several; of counts relative."""
    rows = dict.fromkeys((x["group"], x["row"]) for x in committed.lines(RUNS) if x["group"] in SEVERAL)
    samples = (_column(column, group=group, row=row) for group, row in rows)
    return pooled(
        samples, f"{column}, reports/{RUNS}, {' and '.join(SEVERAL)}", relative=column != "accuracy"
    )


def _column(column: str, **where: str) -> Sample:
    name, scale = COLUMNS[column]
    tested = TESTED if column == "accuracy" else None
    return committed.sample(committed.chosen(RUNS, **where), name, scale, tested, "minutes")


def _ours(group: str, row: str, column: str, note: str = SLIM) -> Ours:
    told = f"{note}; {LOWER}" if pooled_low(row) else note
    return trained_small(trained(group, row, column), f"reports/{RUNS} (make autosnn)", told)


def pooled_low(row: str) -> bool:
    """Whether a row of runs.csv is of POOLED."""
    return row in POOLED or row.partition("-")[0] in POOLED


def winner(space: str, method: str, exponent: str) -> tuple[str, str]:
    """Group and row of the training of what a search found."""
    (line,) = committed.chosen(SEARCHES, space=space, method=method, exponent=exponent)
    return "winner", f"{FOUND.get(space, 'snn1')}-{line['winner']}"


def _macro(printed: Printed, match: re.Match[str]) -> Ours:
    return _ours("macro", f"snn{match['n']}-{BLOCKS[match['block']]}", printed.column)


def _lambda(printed: Printed, match: re.Match[str]) -> Ours:
    return _ours("searched", match["exponent"], printed.column, f"{SLIM}; the paper's network of Table 2")


def _parameters(_: Printed, match: re.Match[str]) -> Ours:
    model, channels = MODELS[match["net"]], match["channels"]
    count = parameters(model, f"channels={channels}")
    note = "the count rounds to 1.16 (errata)" if (match["net"], channels) == ("ResNet11-Lee", "16") else ""
    return Ours(count / 1e6, "computed", f"hwsim inspect {model} --set channels={channels}", note)


def _hand(printed: Printed, match: re.Match[str]) -> Ours:
    return _ours(*HAND[match["net"]], printed.column)


def _random(printed: Printed, _match: re.Match[str]) -> Ours:
    note = f"{SLIM}; 16 architectures, a seed each"
    return trained_small(randoms(printed.column), f"reports/{RUNS} (make autosnn)", note, seeds=1)


@cache
def randoms(column: str) -> Sample:
    return _column(column, group="random")


def _searched(printed: Printed, match: re.Match[str]) -> Ours:
    method = {"random": "random", "evolution": "evolution"}[match["method"]]
    return _ours(
        *winner("base", method, LAMBDAS[match["exponent"]]), printed.column, f"{SLIM}; our own winner"
    )


def _spaces(printed: Printed, match: re.Match[str]) -> Ours:
    space, what = SPACES[match["where"]], match["what"]
    if what in BLOCKS:
        return _ours("macro", f"snn3-{BLOCKS[what]}", printed.column) if space == "snn3" else missing(DEEP)
    exponent = LAMBDAS[what.removeprefix("AutoSNN lambda ")]
    (card,) = committed.chosen(RUNS, group="supernet", row=space)
    near = (
        f"found in a supernet of {100 * float(card['accuracy']):.1f} % (the path drawn last; chance is 10 %)"
    )
    return _ours(*winner(space, "evolution", exponent), printed.column, f"{SLIM}; our own winner, {near}")


def _ann(printed: Printed, match: re.Match[str]) -> Ours:
    space = "relu" if match["space"] == "ANN" else "base"
    return _ours(*winner(space, "evolution", "0"), printed.column, f"{SLIM}; our own winner")


def penalty(block: str, factor: str) -> tuple[str, str]:
    """Group and row: without a penalty SCB and SRB are those of the macro architectures."""
    return (
        ("macro", f"snn1-{block}")
        if factor == "0" and block in ("scb3", "srb3")
        else ("penalty", f"{block}-{factor}")
    )


def _penalty(printed: Printed, match: re.Match[str]) -> Ours:
    factor = match.groupdict().get("factor") or "0"
    return _ours(*penalty(BLOCKS[match["block"]], factor), printed.column)


def _per_pixel(_: Printed, match: re.Match[str]) -> Ours:
    block = BLOCKS[match["block"]]
    note = "the printed number leaves out two of three pools (errata)" if "sib" in block else ""
    count = maps_per_pixel("autosnn/snn1", 32, 16, f"block={block}")
    return Ours(count, "computed", f"hwsim inspect autosnn/snn1 --set block={block}", note)


NET = r"(?P<net>AutoSNN|CIFARNet-Wu|CIFARNet-Fang|ResNet11-Lee|ResNet19-Zheng) C=(?P<channels>\d+)"
SMALL = r"(?P<net>AutoSNN|CIFARNet-Wu|CIFARNet-Fang|ResNet11-Lee|ResNet19-Zheng) C=16"
RULES = (
    Rule("1|8", r"SNN_(?P<n>\d) (?P<block>\w+)", ANY, _macro),
    Rule("2", r"lambda (?P<exponent>\S+)", ANY, _lambda),
    Rule("3", NET, "parameters", _parameters),
    Rule("3", SMALL, ANY, _hand),
    Rule("3", ANY, ANY, lambda *_: missing(LARGER)),
    Rule("4", ANY, ANY, lambda *_: missing(OTHER_DATA)),
    Rule("5", "random sampling.*", ANY, _random),
    Rule("5", r"WS\+(?P<method>random|evolution), lambda (?P<exponent>\S+)", ANY, _searched),
    Rule("6", r"TBD (?P<where>for|before) pools: (?P<what>.*)", ANY, _spaces),
    Rule("7", r"(?P<space>ANN|SNN) space", ANY, _ann),
    Rule("9", "SIB_k3_e3", ANY, lambda *_: missing("SIB with an expansion of 3 was not trained")),
    Rule("9", r"(?P<block>\w+)", ANY, _penalty),
    Rule(
        "10", "SIB_k3_e3.*|.* lambda_reg 1", ANY, lambda *_: missing("this block or penalty was not trained")
    ),
    Rule("10", r"(?P<block>\w+) lambda_reg (?P<factor>\S+)", ANY, _penalty),
    Rule("11", ANY, ANY, lambda *_: missing("the paper's quotation of other papers, and of its Table 3")),
    Rule("text", r"neurons (?P<block>\w+)", ANY, _per_pixel),
    Rule(
        "text",
        ANY,
        "time",
        lambda *_: missing("hours of one 2080 Ti; ours, of small searches, are in reports/autosnn"),
    ),
)

NOISE_FREE = ("accuracy", "spikes")
UNITS = {"accuracy": "points", "spikes": "K per sample"}


def _change(
    label: str,
    places: tuple[tuple[str, str], tuple[str, str]],
    column: str,
    ours: tuple[Sample, Sample],
    low: bool = False,
) -> Row:
    """A trend between two rows of the paper, each (table, row). ``low``: one of ours is of POOLED."""
    label = f"{label}, pools' threshold 0.5" if low else label
    first, second = (value(PAPER, *place, column) for place in places)
    place = Printed(PAPER, places[1][0], label, f"trend of {column}", f"{second - first:.2f}", UNITS[column])
    note = f"{SLIM}; {LOWER}" if low else SLIM
    return trend(place, *ours, f"reports/{RUNS} (make autosnn)", note)


def trends() -> list[Row]:
    """What pools, lambda, the search and penalties do to accuracy and spikes."""
    rows = []
    for table, block in (("1", "SCB_k3"), ("8", "SRB_k3")):
        for n, what in ((2, "global average pool"), (3, "blocks of stride 2"), (4, "average pools")):
            for column in NOISE_FREE:
                ours = tuple(trained("macro", f"snn{m}-{BLOCKS[block]}", column) for m in (1, n))
                places = ((table, f"SNN_1 {block}"), (table, f"SNN_{n} {block}"))
                label, low = f"SNN_1 to SNN_{n} ({what}), {block}", f"snn{n}" in POOLED
                rows.append(_change(label, places, column, (ours[0], ours[1]), low))
    for before, after in (("0", "-0.08"), ("-0.08", "-0.16"), ("-0.16", "-0.24"), ("0", "-0.24")):
        ours = tuple(trained("searched", e, "spikes") for e in (before, after))
        places = (("2", f"lambda {before}"), ("2", f"lambda {after}"))
        rows.append(
            _change(f"the paper's nets: lambda {before} to {after}", places, "spikes", (ours[0], ours[1]))
        )
    for net in MODELS:
        for column in NOISE_FREE if net != "AutoSNN" else ():
            ours = tuple(trained(*HAND[n], column) for n in (net, "AutoSNN"))
            places = (("3", f"{net} C=16"), ("3", "AutoSNN C=16"))
            low = pooled_low(HAND[net][1])
            rows.append(_change(f"{net} to AutoSNN, C = 16", places, column, (ours[0], ours[1]), low))
    rows += _search_trends()
    for block in ("SCB_k3", "SRB_k3", "SIB_k3_e1"):
        for before, after in (("0", "0.01"), ("0.01", "0.1")):
            for column in NOISE_FREE:
                ours = tuple(trained(*penalty(BLOCKS[block], f), column) for f in (before, after))
                places = (("10", f"{block} lambda_reg {before}"), ("10", f"{block} lambda_reg {after}"))
                rows.append(
                    _change(f"{block}: penalty {before} to {after}", places, column, (ours[0], ours[1]))
                )
    return rows


def _search_trends() -> list[Row]:
    rows = []
    random_row = "random sampling (mean of 10; sd 1.06 %, 29K)"
    for exponent, column in (("0", "accuracy"), ("-.08", "spikes")):
        found = trained(*winner("base", "evolution", LAMBDAS[exponent]), column)
        places = (("5", random_row), ("5", f"WS+evolution, lambda {exponent}"))
        rows.append(
            _change(
                f"random to found by evolution, lambda {exponent}", places, column, (randoms(column), found)
            )
        )
        ours = tuple(trained(*winner("base", m, LAMBDAS[exponent]), column) for m in ("random", "evolution"))
        places = (("5", f"WS+random, lambda {exponent}"), ("5", f"WS+evolution, lambda {exponent}"))
        rows.append(
            _change(f"random search to evolution, lambda {exponent}", places, column, (ours[0], ours[1]))
        )
    ours = tuple(trained(*winner(s, "evolution", "0"), "accuracy") for s in ("relu", "base"))
    rows.append(
        _change(
            "ANN space to SNN space", (("7", "ANN space"), ("7", "SNN space")), "accuracy", (ours[0], ours[1])
        )
    )
    return rows
