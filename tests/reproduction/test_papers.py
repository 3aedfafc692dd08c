"""Numbers that the papers print, and ours beside them: those that must come out, and what is not hidden."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hwsim.reproduction import autosnn, committed, efficientlif, fig10, snasnet, tinysnn
from hwsim.reproduction.networks import network, state_mib
from hwsim.reproduction.printed import find
from hwsim.reproduction.rules import answered
from hwsim.reproduction.run import rows_of


def row(paper: str, table: str, name: str, column: str) -> tuple[float | None, str]:
    rules = efficientlif.rules(False) if paper == "efficientlif" else autosnn.RULES
    found = answered(find(paper, table, name, column), rules)
    return found.ours.value, found.verdict


@pytest.mark.parametrize(
    ("name", "column", "mib", "verdict"),
    [
        ("VGG16 CIFAR10 base", "LIF forward memory", 1.8046875, "equal"),  # 473,088 * 4 / 2^20
        ("VGG16 CIFAR10 L+C#2", "LIF forward memory", 0.61328125, "within 2 %"),  # 321,536 / 2 words
        ("VGG16 N-Caltech101 base", "LIF backward memory", 40.60546875, "equal"),  # T = 10
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


def test_kendalls_tau_of_ties_and_opposites() -> None:
    order = np.array([1.0, 2.0, 3.0, 4.0])
    assert snasnet.kendall(order, order) == 1.0
    assert snasnet.kendall(order, -order) == -1.0
    # pairs: 5 untied in the second, of which 4 concordant and 1 discordant; 6 in the first
    assert snasnet.kendall(order, np.array([1.0, 1.0, 3.0, 2.0])) == pytest.approx(3 / (6 * 5) ** 0.5)


def test_scores_and_accuracy_have_the_taus_of_the_report() -> None:
    found, cells = snasnet.taus()
    assert cells == 100
    assert round(found["SAHD"], 2) == -0.02
    assert round(found["HD"], 2) == 0.11


def test_tinysnns_memory_by_each_count() -> None:
    """N = 400: (313,600 + 1,600) 4 bytes over 313,600 + 800 4 bytes, and so on (reports/tinysnn/cost.md)."""
    assert tinysnn.memory_bytes(400, True, "learned", 32, 32) == 1_260_800
    found = [round(tinysnn.memory_saving(400, c, b), 2) for c in tinysnn.COUNTED for b in (32, 8)]
    assert found == [3.98, 4.01, 6.0, 6.05, 5.33, 5.36]
    assert tinysnn.memory_bytes(4900, True, "dense", 32, 32) == 207_524_800


def test_a_whole_paper_has_every_number_and_hides_none() -> None:
    rows = rows_of("tinysnn", False, lambda *_: None)
    printed = [r for r in rows if r.noise is None and r.verdict != "beside"]
    assert len(printed) == 9 - 1  # "higher" is a word, and stands beside
    assert all(r.ours.note for r in rows if r.verdict in ("not reproduced", "not comparable", "differs"))
    assert {r.verdict for r in rows if r.printed.table == "Fig. 7" and r.printed.text} == {"differs"}


def test_committed_results_are_read_from_the_checkout() -> None:
    lines = committed.lines("training/efficientlif.csv")
    with (Path(committed.directory()) / "training" / "efficientlif.csv").open(encoding="utf-8") as file:
        assert len(lines) == sum(1 for _ in csv.reader(file)) - 1
