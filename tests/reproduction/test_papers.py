"""Numbers that the papers print, and ours beside them: those that must come out, and what is not hidden."""

import csv
from pathlib import Path

import pytest

from hwsim.reproduction import autosnn, committed, efficientlif, fig10, snasnet, tinysnn
from hwsim.reproduction.networks import network, state_mib
from hwsim.reproduction.printed import PAPERS, find, numbers
from hwsim.reproduction.rules import answered
from hwsim.reproduction.run import SOURCES, rows_of


def row(paper: str, table: str, name: str, column: str) -> tuple[float | None, str]:
    rules = efficientlif.rules(False) if paper == "efficientlif" else autosnn.RULES
    found = answered(find(paper, table, name, column), rules)
    return found.ours.value, found.verdict


@pytest.mark.parametrize(
    ("name", "column", "mib", "verdict"),
    [
        ("VGG16 CIFAR10 base", "LIF forward memory", 1.8046875, "fitted"),  # 473,088 * 4 / 2^20
        ("VGG16 CIFAR10 L+C#2", "LIF forward memory", 0.61328125, "fitted"),  # 321,536 / 2 words
        ("VGG16 N-Caltech101 base", "LIF backward memory", 40.60546875, "fitted"),  # T = 10
        ("ResNet19 ImageNet-100 base", "LIF backward memory", 704.375, "equal"),
        ("ResNet19 CIFAR10 L", "LIF backward memory", 1.3125, "equal"),  # computed again in reverse
    ],
)
def test_lif_memory_of_table_1(name: str, column: str, mib: float, verdict: str) -> None:
    assert row("efficientlif", "I", name, column) == (mib, verdict)


def test_states_grow_with_the_area_of_the_maps() -> None:
    """What the memory at 48 x 48 is computed by, against the network itself at that size, slim."""
    settings = ("channels=8", "c34=16")
    larger = network("efficientlif/vgg16", *settings, "resolution=48")
    assert state_mib("efficientlif/vgg16", 48, "none", *settings) == larger.state_words * 4 / 2**20


def test_dram_saved_by_formula_at_mini_batch_64_is_that_of_design() -> None:
    assert fig10.formula(32, 64).value == pytest.approx(22.7, abs=0.05)
    assert fig10.formula(64, 64).value == pytest.approx(24.5, abs=0.05)


def test_the_kept_simulation_of_fig_10_is_within_a_point_of_the_paper() -> None:
    for side, paper in ((32, 23.0), (64, 25.0)):
        assert fig10.saving(side, full=False).value == pytest.approx(paper, abs=1.0)


@pytest.mark.parametrize(
    ("name", "column", "expected"),
    [
        ("CIFARNet-Fang C=256", "parameters", (36.718344, "equal")),
        ("ResNet11-Lee C=16", "parameters", (1.164828, "within 1 %")),
    ],
)
def test_parameters_of_autosnns_table_3(name: str, column: str, expected: tuple[float, str]) -> None:
    assert row("autosnn", "3", name, column) == expected


def test_scores_have_the_taus_and_intervals_of_the_report() -> None:
    """reports/snasnet/README.md, made by make snasnet from the same cells."""
    found = snasnet.taus()
    assert len(snasnet.scored()["accuracy"]) == 100
    lines = committed.table("snasnet/README.md", "cells | number | order by")
    for name in ("HD", "SAHD"):
        (line,) = (x for x in lines if x["cells"] == "both" and x["order by"] == name)
        tau = found[name]
        told = f"{tau.value:.2f} ({tau.interval[0]:.2f} to {tau.interval[1]:.2f})"
        assert told == line["tau, statistics of each step"]
    (line,) = (
        x
        for x in committed.table("snasnet/README.md", "cells | difference of tau")
        if (x["cells"], x["difference of tau"]) == ("both", "SAHD - HD")
    )
    less = found["SAHD less HD"]
    told = f"{less.value:+.2f} ({less.interval[0]:+.2f} to {less.interval[1]:+.2f})"
    assert told == line["paired (95 %)"]


def test_taus_whose_intervals_leave_out_the_papers_are_no_open_question() -> None:
    rows = [r for r in snasnet.trends() if r.printed.table == "Fig. 4"]
    assert {r.verdict for r in rows} == {"trend absent"}
    for r in rows:
        assert r.interval is not None
        assert r.printed.number is not None
        assert r.interval[1] < r.printed.number


@pytest.mark.parametrize(
    ("paper", "table", "name", "column", "verdict"),
    [
        ("asgl", "text", "AC", "energy", "given"),
        ("asgl", "text", "MAC", "energy", "given"),
        ("asgl", "text", "ResNet-18 T=2 CIFAR10", "energy against ANN", "fitted"),  # its rate is from it
        ("asgl", "4", "SHD 700-240-20 recurrent", "parameters", "equal"),
        ("efficientlif", "Fig. 10", "base, 128 PEs", "LIF share of area", "fitted"),
        ("efficientlif", "Fig. 10", "C#4, 128 PEs", "LIF share of area", "equal"),  # predicted by the fit
        ("efficientlif", "Fig. 10", "VGG16 CIFAR10 [L], batch 64", "DRAM reduction", "fitted"),
        ("efficientlif", "Fig. 1", "ResNet19 224x224", "LIF share of memory", "fitted"),
        (
            "efficientlif",
            "I",
            "VGG16 CIFAR10 base",
            "LIF forward memory",
            "fitted",
        ),  # channels of layers 3, 4
        ("efficientlif", "I", "ResNet19 CIFAR10 base", "LIF forward memory", "equal"),
        ("tinysnn", "text", "4900 neurons FP32", "memory", "fitted"),
    ],
)
def test_what_was_taken_from_the_paper_confirms_nothing(
    paper: str, table: str, name: str, column: str, verdict: str
) -> None:
    found = answered(find(paper, table, name, column), SOURCES[paper].rules(False))
    assert found.verdict == verdict
    assert found.ours.note or verdict == "equal"
    if verdict == "given":
        assert found.difference == 0


def test_backward_memory_is_the_papers_formula_and_never_a_measurement() -> None:
    rules = SOURCES["efficientlif"].rules(False)
    rows = [answered(p, rules) for p in numbers("efficientlif") if p.column == "LIF backward memory"]
    assert len(rows) == 40
    assert {r.ours.how for r in rows} == {"by the paper's formula"}
    assert {r.verdict for r in rows if "VGG16" in r.printed.row} == {"fitted"}
    # T = 10 comes from this number; the others are the forward memory, once or T = 5 times
    assert [r.printed.row for r in rows if r.verdict == "fitted" and "ResNet19" in r.printed.row] == [
        "ResNet19 N-Caltech101 base"
    ]


def test_a_row_of_one_seed_has_the_spread_of_rows_that_have_several() -> None:
    """ResNet19's: sum of (n - 1) s^2 over rows of 3 and 2 seeds, 14 degrees of freedom."""
    lent = efficientlif.trained("resnet", "C8").lent
    assert lent is not None
    assert lent.freedom == 5 * 2 + 4
    three = [efficientlif.trained("resnet", s).values for s in ("none", "L", "C2", "C4", "L+C2")]
    two = [efficientlif.trained("resnet-hard", s).values for s in ("none", "L", "C2", "L+C2")]
    squares = sum(sum((v - sum(row) / len(row)) ** 2 for v in row) for row in (*three, *two))
    assert lent.variance == pytest.approx(squares / 14)


@pytest.mark.parametrize("paper", PAPERS)
def test_no_trend_is_judged_by_test_images_alone(paper: str) -> None:
    """A side of one training has a lent spread, or the verdict says that none is known."""
    rows = SOURCES[paper].trends()
    assert rows
    for r in rows:
        assert r.trend
        if r.ours.seeds == 1 and r.printed.unit != "tau":  # taus have their bootstrap over cells
            assert r.lent or r.verdict == "one seed"
        if r.verdict not in ("one seed",):
            assert r.interval is not None
            assert r.interval[0] < r.interval[1]


def test_the_spread_of_tinysnns_energy_is_at_most_that_of_its_counts() -> None:
    """Spikes or weights written, whichever differ more between seeds: about .15 % of the mean."""
    found = tinysnn.spread_of_counts()
    assert found.relative
    assert 0.001**2 < found.variance < 0.002**2
    rows = [r for r in tinysnn.trends() if r.printed.table == "Fig. 8"]
    for r in rows:
        assert r.ours.value is not None
        assert r.interval is not None
        reach = 2 * (2 * found.variance) ** 0.5 * (r.ours.value + 1)
        assert r.interval == pytest.approx((r.ours.value - reach, r.ours.value + reach))


def test_tinysnns_memory_by_each_count() -> None:
    """N = 400: (313,600 + 1,600) 4 bytes over 313,600 + 800 4 bytes, and so on (reports/tinysnn/cost.md)."""
    assert tinysnn.memory_bytes(400, True, "learned", 32, 32) == 1_260_800
    found = [round(tinysnn.memory_saving(400, c, b), 2) for c in tinysnn.COUNTED for b in (32, 8)]
    assert found == [3.98, 4.01, 6.0, 6.05, 5.33, 5.36]
    assert tinysnn.memory_bytes(4900, True, "dense", 32, 32) == 207_524_800


def test_rows_of_networks_with_average_pools_say_that_their_threshold_is_lower() -> None:
    """benchmarks/autosnn/plan.py trains SNN_2, SNN_4, CIFARNet-Wu and the ResNets at 0.5."""
    rows = [r for r in rows_of("autosnn", False, lambda *_: None) if r.ours.how == "trained small"]
    told = [r for r in rows if "threshold of 0.5" in r.ours.note]
    names = ("SNN_2", "SNN_4", "CIFARNet-Wu", "ResNet11-Lee", "ResNet19-Zheng")
    assert told == [r for r in rows if any(name in r.printed.row for name in names)]
    assert {r.trend for r in told} == {True, False}


def test_table_6_has_what_both_larger_spaces_found_and_how_good_their_supernets_are() -> None:
    """75.6 % and 4,607.9 spikes: reports/autosnn/runs.csv, the winner of `deep` with lambda -0.08."""
    place = "TBD before pools: AutoSNN lambda -.08"
    assert row("autosnn", "6", place, "accuracy") == (pytest.approx(75.6), "not comparable")
    assert row("autosnn", "6", place, "spikes") == (pytest.approx(4.6079), "not comparable")
    note = answered(find("autosnn", "6", place, "accuracy"), autosnn.RULES).ours.note
    assert "a supernet of 18.8 %" in note


def test_a_whole_paper_has_every_number_and_hides_none() -> None:
    rows = rows_of("tinysnn", False, lambda *_: None)
    printed = [r for r in rows if not r.trend and r.verdict != "beside"]
    assert len(printed) == len(numbers("tinysnn")) == 9
    assert all(r.ours.note for r in rows if r.verdict in ("not reproduced", "not comparable", "differs"))
    assert {r.verdict for r in rows if r.printed.table == "Fig. 7" and r.printed.text} == {"differs"}


def test_committed_results_are_read_from_the_checkout() -> None:
    lines = committed.lines("training/efficientlif.csv")
    with (Path(committed.directory()) / "training" / "efficientlif.csv").open(encoding="utf-8") as file:
        assert len(lines) == sum(1 for _ in csv.reader(file)) - 1
