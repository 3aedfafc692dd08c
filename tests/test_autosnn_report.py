"""The report of AutoSNN: what is planned, what verdicts follow from numbers, what a page says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from benchmarks.autosnn import searches as searching
from benchmarks.autosnn.page import page
from benchmarks.autosnn.plan import CHOICES, HAND_MADE, MACROS, POOLED, Search, drawn, plan, winner
from benchmarks.autosnn.plan import searches as planned_searches
from benchmarks.autosnn.report import REPORT, write
from benchmarks.autosnn.results import Found, LayerRow, Of, Point, Row, load
from benchmarks.autosnn.searches import HOW, Outcome, run_search
from benchmarks.autosnn.spikes import answered, spikes_of
from benchmarks.autosnn.trends import compare, falling, rank, trends, verdict
from hwsim.datasets import load_dataset
from hwsim.methods.train_data import Feed
from hwsim.methods.train_spec import TrainSpec
from hwsim.nn import LIF
from hwsim.reproduction import autosnn
from hwsim.reproduction.samples import Spread

ROW = Row("macro", "snn1-scb3", 0, 0.7, 0.72, 4000.0, 9000, 0.11, 15_000, 4, 4, 0.5)


def rows(*given: tuple[str, str, int, float, float]) -> list[Row]:
    """Of group, row, seed, accuracy and spikes."""
    return [
        replace(ROW, group=group, row=row, seed=seed, accuracy=accuracy, spikes=spikes)
        for group, row, seed, accuracy, spikes in given
    ]


def point(accuracies: list[float], spikes: list[float], seeds_differ: bool = True) -> Point:
    """Of one seed, or of several; trainings like these differ by 3 points and a tenth of the spikes."""
    lent: dict[Of, Spread] = {"accuracy": Spread(9.0, 5, ""), "spikes": Spread(0.01, 5, "", relative=True)}
    return Point(
        dict(enumerate(accuracies)), dict(enumerate(spikes)), 0.1, 1000, lent if seeds_differ else {}
    )


def test_every_training_of_the_plan_has_a_name_and_a_spec_of_its_own() -> None:
    runs = plan()
    assert len({run.name for run in runs}) == len(runs)
    specs = [TrainSpec.of({"data": "digits", "seed": run.seed} | run.values) for run in runs]
    assert len({spec.model_dump_json() for spec in specs}) == len(specs)


def test_neurons_behind_average_pools_have_a_threshold_they_can_reach() -> None:
    """Except where the plan asks what comes of the paper's."""
    for run in plan():
        told = [s for s in run.values["settings"] if s.startswith("pool_threshold")]
        pooled = run.values["model"].removeprefix("autosnn/") in POOLED
        assert told == ([f"pool_threshold={1.0 if run.group == 'causes' else 0.5}"] if pooled else [])
    assert {"snn2", "snn4"} < set(POOLED) < {*MACROS, *HAND_MADE}
    assert set(autosnn.POOLED) == set(POOLED)  # of which the paper's page says so


def test_the_drawn_architectures_are_different_and_always_the_same() -> None:
    assert drawn(9) == drawn(30)[:9]
    assert len(set(drawn(30))) == 30
    assert {block for one in drawn(30) for block in one} == set(CHOICES)


def test_two_searches_with_one_winner_are_one_training() -> None:
    names = [
        run.name
        for search in (Search("base", "evolution", "0", 0), Search("base", "random", "-0.08", 1))
        for run in winner(search, "skip-scb3-scb3-srb5-skip")
    ]
    assert len(names) == 4
    assert len(set(names)) == 2
    [larger] = winner(Search("deep", "evolution", "-0.08", 0), "skip-scb3-scb3-srb5-skip-skip-skip-skip")
    assert larger.values["model"] == "autosnn/snn1-deep"
    assert "block=skip,scb3,scb3,srb5,skip,skip,skip,skip" in larger.values["settings"]


@pytest.mark.parametrize(
    ("differences", "told"),
    [
        ([4.0, 3.0], "yes (2 seeds)"), ([5.0], "yes (one seed)"), ([9.0, 1.0], "open"), ([9.0, -9.0], "open"),
        ([-4.0, -9.0], "no, the contrary (2 seeds)"),
        ([1.0, -2.0], "no difference beyond the noise (2 seeds)"),
    ],
)  # fmt: skip
def test_a_verdict_needs_all_seeds_beyond_the_noise(differences: list[float], told: str) -> None:
    assert verdict(differences, 2.9).startswith(told)


@pytest.mark.parametrize(
    ("accuracy", "of_accuracy", "spikes", "of_spikes"),
    [
        (69.2, "no difference beyond the noise (one seed)", 3.9, "no difference beyond the noise (one seed)"),
        (69.3, "yes (one seed)", 4.4, "no, the contrary (one seed)"),
        (49.2, "no, the contrary (one seed)", 2.0, "yes (one seed)"),
    ],
)
def test_a_difference_with_one_seed_is_held_against_the_spread_between_seeds(
    accuracy: float, of_accuracy: str, spikes: float, of_spikes: str
) -> None:
    """Of 60 and 64 % the mean is 62, of variance 8 / 2, of one seed 9: 2 sqrt(13) = 7.2 points, and not 2.9.
    Of spikes 3 and 3.2 the variance is .02 / 2, of one seed .01 x^2: .2 + .8, so .2 sqrt(1 + x^2)."""
    a, b = point([accuracy], [spikes]), point([60.0, 64.0], [3.0, 3.2])
    assert compare("Table 1", "", a, b, "accuracy", 1, ("a", "b")).verdict == of_accuracy
    assert compare("Table 1", "", a, b, "spikes", -1, ("a", "b")).verdict == of_spikes
    assert compare("Table 1", "", a, None, "spikes", -1, ("a", "b")).verdict == "not trained"


def test_one_seed_shows_nothing_where_no_spread_is_known() -> None:
    a, b = (point([value], [value], seeds_differ=False) for value in (90.0, 10.0))
    assert compare("Table 1", "", a, b, "accuracy", 1, ("a", "b")).verdict.startswith("open: one seed")
    assert falling([a, b]).startswith("open: one seed")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([4, 2, 1], "yes"),
        ([4, 3.5, 2], "from the first to the last"),  # .5 is less than .2 sqrt(4^2 + 3.5^2)
        ([4, 2, 3.5], "no"),
    ],
)
def test_a_fall_is_told_step_by_step_beyond_the_spread_between_seeds(values: list[float], told: str) -> None:
    assert falling([point([70.0], [value]) for value in values]).startswith(told)


def test_the_spread_of_one_seed_is_the_one_that_the_papers_page_lends() -> None:
    spreads = load(Path("nothing"), REPORT).spreads
    for column in ("accuracy", "spikes"):
        lent = autosnn.spread(column)
        assert lent is not None
        found = spreads[column]  # type: ignore[index]
        assert (found.variance, found.freedom) == (pytest.approx(lent.variance), lent.freedom)


def test_a_page_says_how_good_each_trained_supernet_is_and_which_are_near_chance() -> None:
    told = " ".join(page(Found(rows(("supernet", "snn3", 0, 0.21, 0), ("supernet", "base", 0, 0.6, 0)),
                               [], [])).split())  # fmt: skip
    assert "drawn last: base 60.0 % (24 epochs), snn3 21.0 % (16 epochs). `snn3`: near chance (10 %)" in told
    assert "deep 1" not in told


def test_kendalls_tau_counts_pairs_in_the_same_order() -> None:
    """Of (1, 1), (2, 3), (3, 2) two pairs of three agree; by chance 1.96 sqrt(2 * 11 / (9 * 3 * 2))."""
    points = {str(a): point([float(a)], [float(s)]) for a, s in ((1, 1), (2, 3), (3, 2))}
    tau, chance = rank(points)
    assert tau == pytest.approx(1 / 3)
    assert chance == pytest.approx(1.96 * (22 / 54) ** 0.5)


def outcome(search: Search, winner_: str, fitness: float) -> Outcome:
    return Outcome(
        search.space, search.method, search.exponent, search.seed, winner_, 0.6, 3000.0, fitness, 3500.0, 100,
        f"{fitness / 2:.4f} {fitness:.4f}", 60.0,
    )  # fmt: skip


def test_trends_follow_from_the_rows() -> None:
    search = [Search("base", method, "0", 0) for method in ("evolution", "random")]
    found = Found(
        rows(("macro", "snn1-scb3", 0, 0.7, 4000), ("macro", "snn1-scb3", 1, 0.72, 4100),
             ("macro", "snn4-scb3", 0, 0.5, 5000), ("macro", "snn4-scb3", 1, 0.55, 5100)),
        [], [outcome(search[0], "a-b", 0.6), outcome(search[1], "c-d", 0.5)],
    )  # fmt: skip
    told = {(t.source, t.claim): t.verdict for t in trends(found)}
    assert told["Table 1, scb3", "average pools cost accuracy"] == "yes (2 seeds)"
    assert told["Table 1, scb3", "average pools cost spikes"] == "yes (2 seeds)"
    assert told["Table 1, scb3", "GAP costs accuracy"] == "not trained"
    assert told["Table 5", "evolution finds more than random search, lambda 0"] == "open: one search of each"


def test_a_page_of_nothing_says_that_nothing_is_trained() -> None:
    told = " ".join(page(Found([], [], [])).split())
    assert "Not trained, or not all of it: Table 1, scb3; Table 8, srb3; " in told
    assert "### Why" not in told


def test_a_page_explains_silent_pools_and_too_little_training_only_where_they_are() -> None:
    causes = rows(("causes", "snn4-threshold-1", 0, 0.1, 900))
    silent = [LayerRow("causes", "snn4-threshold-1", 0, 3, "neurons", 10, 0.0, 0.0)]
    assert "SNN_4 at the paper's threshold of 1: 10.0 %" in page(Found(causes, silent, []))
    assert "1 of SNN_4" in page(Found(causes, silent, []))
    assert "threshold of 1:" not in page(Found(causes, [replace(silent[0], spikes=1.0)], []))
    ones, threes = (
        rows(*(("macro", f"snn{n}-scb3", seed, accuracy, 4000) for seed in (0, 1)))
        for n, accuracy in ((1, 0.7), (3, 0.5))
    )
    behind = [replace(three, train_accuracy=0.5) for three in threes]
    told = " ".join(page(Found([*ones, *behind], [], [])).split())
    assert "behind SNN_1: SNN_3 scb3 50 (SNN_1 72) %." in told
    ahead = [replace(three, train_accuracy=0.9) for three in threes]
    assert "Less training" not in page(Found([*ones, *ahead], [], []))
    assert "Less training" not in page(Found([ones[0], behind[0]], [], []))  # no spread is known


def test_a_page_tells_what_pools_do_to_rates() -> None:
    """From .1 to .2 at a max pool, from .1 to .05 behind an average pool."""
    rates = {("snn1-scb3", "pool"): (0.1, 0.2), ("snn4-scb3", "neurons"): (0.1, 0.05)}
    layers = [
        LayerRow("macro", row, 0, place, "neurons" if place == 0 else kind, 10, 1.0, rate)
        for (row, kind), both in rates.items()
        for place, rate in enumerate(both)
    ]
    told = " ".join(page(Found([], layers, [])).split())
    assert "rates rise 2.0 times" in told
    assert "rates fall to 0.50" in told


def test_a_page_says_which_search_missed_a_path_that_another_found() -> None:
    """By lambda 0 fitness is accuracy: .6 of the other is more than .5."""
    cheap = replace(outcome(Search("base", "evolution", "-0.08", 0), "a-b", 0.7), accuracy=0.6)
    lost = replace(outcome(Search("base", "evolution", "0", 0), "c-d", 0.5), accuracy=0.5)
    told = " ".join(page(Found([], [], [lost, cheap])).split())
    assert "lambda 0 (seed 0) ended at a fitness of 0.500" in told
    assert "the winner of lambda -0.08 (seed 0) has 0.600 by the same measure" in told
    assert "miss paths" not in page(Found([], [], [replace(lost, fitness=0.6), cheap]))


def test_a_report_is_the_same_from_its_own_tables(tmp_path: Path) -> None:
    """What is no longer in the store stays as the tables have it."""
    [search] = [s for s in planned_searches() if (s.space, s.seed) == ("relu", 0)]
    layer = LayerRow("macro", "snn1-scb3", 0, 0, "neurons", 2048, 500.5, 0.0611)
    found = Found([ROW], [layer], [outcome(search, "skip-scb3-scb3-srb5-skip", 0.5)])
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        directory.mkdir()
    write(found, first)
    again = load(tmp_path / "nothing", first)
    assert (again.runs, again.layers, again.outcomes) == (found.runs, found.layers, found.outcomes)
    write(again, second)
    assert (first / "README.md").read_text() == (second / "README.md").read_text()


def test_spikes_are_those_of_neurons_and_what_max_pools_hand_on() -> None:
    """Every neuron fires at every step: 2 * 8 * 8 of the layer, 2 * 4 * 4 of the pool, 10 of the votes."""
    body = [nn.Conv2d(1, 2, 1), LIF(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32, 10), LIF()]
    for layer in (body[0], body[4]):
        nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
        nn.init.constant_(layer.bias, 5.0)  # type: ignore[arg-type]
    spec = TrainSpec.of({"model": "x", "data": "digits", "timesteps": 3, "test_samples": 40})
    feed = Feed.of(load_dataset("digits"), spec, None)
    accuracy, layers = answered(nn.Sequential(*body), feed, feed.test)
    assert [(one.kind, one.size, one.spikes) for one in layers] == [
        ("neurons", 128, 384.0), ("pool", 32, 96.0), ("neurons", 10, 30.0),
    ]  # fmt: skip
    assert spikes_of(layers) == 510.0
    assert accuracy == float((feed.test.labels == 0).mean())


def test_a_search_asks_each_path_once_and_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The more skips, the better and the cheaper: evolution ends at five of them."""
    asked: list[str] = []

    def evaluated(paths: searching.Paths, architectures: list[tuple[str, ...]]) -> list[list[float]]:
        asked.extend("-".join(a) for a in architectures if "-".join(a) not in paths.known)
        skips = [a.count("skip") for a in architectures]
        paths.known |= {
            "-".join(a): [0.1 + n / 10, 100.0 - n] for a, n in zip(architectures, skips, strict=True)
        }
        return [paths.known["-".join(a)] for a in architectures]

    monkeypatch.setattr(searching.Paths, "of", evaluated)
    search = Search("base", "evolution", "-0.08", 0)
    found = run_search(search, tmp_path)
    assert found.winner == "-".join(["skip"] * 5)
    assert found.evaluated == HOW.budget
    assert len(asked) == len(set(asked))
    best = [float(value) for value in found.best.split()]
    assert best == sorted(best)
    assert len(best) == HOW.rounds
    told = json.loads(search.path(tmp_path).read_text())
    assert told["winner"] == found.winner
    asked.clear()
    assert run_search(search, tmp_path) == found
    assert not asked
