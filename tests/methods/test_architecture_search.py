"""Searches of a small trained supernet: what is found, and that nothing is lost."""

import json
from pathlib import Path
from typing import Any

import pytest

import hwsim
from hwsim.architecture_search import TASKS, csv_rows, search, train_command, train_spec
from hwsim.architectures import Candidates
from hwsim.errors import HwsimError
from hwsim.methods.spike_aware.fitness import power
from hwsim.methods.spike_aware.supernet import Supernet
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from hwsim.tasks import Done, Task, done, here
from tests.methods.small_supernet import PATH, SUPERNET, spec, trained


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("supernet") / "net")


def test_the_fitness_of_every_path_follows_from_its_accuracy_and_cost(
    directory: Path, tmp_path: Path
) -> None:
    found = search(spec(directory, cost="energy_pj"), tmp_path, here)
    rows, mean = found["candidates"], found["mean_cost"]
    assert [row["round"] for row in rows] == [1, 1, 1, 2, 2, 2]
    assert len({tuple(row["path"]) for row in rows}) == 6
    for row in rows:
        assert row["fitness"] == power(row["accuracy"], row["costs"]["energy_pj"], mean, -0.08)
    assert rows[found["best"]]["fitness"] == max(row["fitness"] for row in rows)
    beaten = [
        i for i, a in enumerate(rows)
        if any(
            b["accuracy"] >= a["accuracy"] and b["costs"]["energy_pj"] <= a["costs"]["energy_pj"]
            and (b["accuracy"], b["costs"]["energy_pj"]) != (a["accuracy"], a["costs"]["energy_pj"])
            for b in rows
        )
    ]  # fmt: skip
    assert found["front"] == [i for i in range(6) if i not in beaten]


def test_a_search_stopped_anywhere_goes_on_to_the_same_result(directory: Path, tmp_path: Path) -> None:
    whole = search(spec(directory), tmp_path / "whole", here)
    lines = (tmp_path / "whole" / TASKS).read_bytes().splitlines(keepends=True)
    for kept in (0, 2, 7, len(lines) - 1):
        stopped = tmp_path / f"stopped{kept}"
        stopped.mkdir()
        (stopped / "search.yaml").write_bytes((tmp_path / "whole" / "search.yaml").read_bytes())
        (stopped / TASKS).write_bytes(b"".join(lines[:kept]) + lines[kept][:20])
        asked: list[Task] = []

        def counting(tasks: Any, asked: list[Task] = asked) -> Any:
            asked.extend(tasks)
            return here(tasks)

        assert search(spec(directory), stopped, counting) == whole
        assert len(asked) == len(lines) - kept


def test_another_search_of_the_same_supernet_takes_over_what_is_known(
    directory: Path, tmp_path: Path
) -> None:
    search(spec(directory), tmp_path / "first", here)

    def never(tasks: Any) -> Any:
        raise AssertionError(tasks)

    again = search(
        spec(directory, factor=-0.0801, rounds=1), tmp_path / "second", never, known=[tmp_path / "first"]
    )
    assert len(again["candidates"]) == 3


def test_a_path_that_the_chip_cannot_hold_has_no_fitness_and_the_search_goes_on(
    directory: Path, tmp_path: Path
) -> None:
    def failing(tasks: Any) -> Any:
        for task in tasks:
            refused = "samples" in task.arguments and task.arguments["path"][0] == "scb3"
            yield Done(task.id, {"costs": None, "refused": "too large"}) if refused else done(task)

    found = search(spec(directory, rounds=4), tmp_path, failing)
    refused = [row for row in found["candidates"] if row["path"][0] == "scb3"]
    assert refused
    assert all(row["fitness"] is None and row["refused"] == "too large" for row in refused)
    assert found["candidates"][found["best"]]["path"][0] != "scb3"
    assert not {i for i, row in enumerate(found["candidates"]) if row["refused"]} & set(found["front"])
    assert len({len(line) for line in csv_rows(found)}) == 1


def test_a_search_in_which_no_path_runs_says_why(directory: Path, tmp_path: Path) -> None:
    def failing(tasks: Any) -> Any:
        refused = {"costs": None, "refused": "too large"}
        return (Done(t.id, refused) if "samples" in t.arguments else done(t) for t in tasks)

    with pytest.raises(HwsimError, match="no random path of 3 runs on sata: too large"):
        search(spec(directory), tmp_path / "a", failing)
    with pytest.raises(HwsimError, match="no path runs on sata: too large"):
        search(spec(directory, factor=0.0), tmp_path / "b", failing)


@pytest.mark.parametrize("factor", [0.0, -0.08])
def test_a_refused_path_is_no_parent_whatever_lambda_is(
    directory: Path, tmp_path: Path, factor: float
) -> None:
    """The best path of the unrestricted search is refused: it has no fitness, another one is the best."""
    free = search(spec(directory, factor=factor), tmp_path / "free", here)
    best = free["candidates"][free["best"]]["path"]

    def without_it(tasks: Any) -> Any:
        for task in tasks:
            refused = "samples" in task.arguments and task.arguments["path"] == best
            yield Done(task.id, {"costs": None, "refused": "too large"}) if refused else done(task)

    found = search(spec(directory, factor=factor), tmp_path / "without", without_it)
    (row,) = (row for row in found["candidates"] if row["path"] == best)
    assert (row["fitness"], row["refused"]) == (None, "too large")
    assert found["candidates"][found["best"]]["path"] != best


def test_a_task_that_fails_ends_the_search_and_is_done_again(directory: Path, tmp_path: Path) -> None:
    def failing(tasks: Any) -> Any:
        for task in tasks:
            killed = "validation" in task.arguments
            yield Done(task.id, error="its worker was killed") if killed else done(task)

    with pytest.raises(HwsimError, match="its worker was killed"):
        search(spec(directory), tmp_path / "a", failing)
    assert search(spec(directory), tmp_path / "a", here) == search(spec(directory), tmp_path / "b", here)


def test_a_path_that_costs_nothing_has_no_power_and_the_search_goes_on(
    directory: Path, tmp_path: Path
) -> None:
    def silent(tasks: Any) -> Any:
        for task in tasks:
            found = done(task)
            if "samples" in task.arguments and task.arguments["path"][0] == "skip":
                found = Done(task.id, {"costs": found.value["costs"] | {"spikes": 0.0}, "refused": None})
            yield found

    rows = search(spec(directory, rounds=4), tmp_path, silent)["candidates"]
    none = [row for row in rows if row["path"][0] == "skip"]
    assert none
    assert all(row["fitness"] is None and "take --fitness linear" in row["refused"] for row in none)


def test_a_directory_goes_on_only_with_the_supernet_and_the_chip_it_began_with(
    directory: Path, tmp_path: Path
) -> None:
    chip = tmp_path / "mine.yaml"
    text = (Path(hwsim.__file__).parent / "tables" / "hardware" / "sata.yaml").read_text(encoding="utf-8")
    chip.write_text(text, encoding="utf-8")
    asked = spec(directory, hardware=str(chip))
    search(asked, tmp_path / "out", here)
    faster = tmp_path / "faster.yaml"
    faster.write_text(text.replace("clock_hz: 400_000_000", "clock_hz: 800_000_000"), encoding="utf-8")
    task = Candidates.of(spec(directory, hardware=str(faster))).costs(PATH)
    faster.write_text(text, encoding="utf-8")
    chip.write_text(text.replace("clock_hz: 400_000_000", "clock_hz: 200_000_000"), encoding="utf-8")
    with pytest.raises(HwsimError, match="the chip changed since this run began"):
        search(asked, tmp_path / "out", here)
    assert "changed since the search began" in str(done(task).error)


def test_what_was_taken_over_is_kept_in_the_directory_too(directory: Path, tmp_path: Path) -> None:
    search(spec(directory), tmp_path / "first", here)

    def never(tasks: Any) -> Any:
        raise AssertionError(tasks)

    asked = spec(directory, factor=-0.0801, rounds=1)
    again = search(asked, tmp_path / "second", never, known=[tmp_path / "first"])
    assert search(asked, tmp_path / "second", never) == again
    with pytest.raises(HwsimError, match="is of another search"):
        search(spec(directory, factor=-0.5), tmp_path / "second", here)


def test_lambda_0_is_accuracy_alone(directory: Path, tmp_path: Path) -> None:
    found = search(spec(directory, factor=0.0), tmp_path, here)
    assert found["mean_cost"] is None
    assert all(row["fitness"] == row["accuracy"] for row in found["candidates"])


def test_the_best_is_trained_as_the_supernet_was_by_the_command_that_is_told(
    directory: Path, tmp_path: Path
) -> None:
    asked = spec(directory)
    found = search(asked, tmp_path, here)
    alone = train_spec(asked, found)
    assert alone.path == found["candidates"][found["best"]]["path"]
    assert alone.model_copy(update={"path": []}) == TrainSpec.of(SUPERNET)
    command = train_command(asked, found, tmp_path)
    assert f"--path {','.join(alone.path)}" in command
    assert "--set channels=4 --set options=skip,scb3,srb3" in command


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"validation": 2000}, "trained on 300 of 1,4"),
        ({"calibration": 301}, "calibration 301: .* was trained on 300 images"),
        ({"cost": "joules"}, "cost 'joules' on sata"),
        ({"cost": "area_um2", "hardware": "loihi"}, "cost 'area_um2' on loihi"),
        ({"hardware": "nothing"}, "unknown hardware preset"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_runs(
    directory: Path, tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        search(spec(directory, **fields), tmp_path / "out", here)
    assert not (tmp_path / "out").exists()


def test_a_training_without_choices_is_no_supernet(tmp_path: Path) -> None:
    alone = SUPERNET | {"path": list(PATH), "train_samples": 50}
    train(TrainSpec.of(alone), tmp_path / "alone")
    with pytest.raises(HwsimError, match="has no choices of layers"):
        Supernet.of(tmp_path / "alone")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pool": 1}, "mutations 1, crossovers 1: more than a pool of 1"),
        ({"mutations": 4, "crossovers": None}, "mutations 4, crossovers 0: more than a pool of 3"),
        ({"samples": 100}, "samples 100: more than the 60"),
        ({"fitness": "cubic"}, "fitness: found 'cubic'"),
        ({"rho": 0.0}, "rho: found 0"),
    ],
)
def test_a_search_that_means_nothing_is_refused(
    directory: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        spec(directory, **fields)


def test_results_are_plain_json(directory: Path, tmp_path: Path) -> None:
    found = search(spec(directory), tmp_path, here)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
