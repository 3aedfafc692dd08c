"""``hwsim estimate --over-time`` and ``--claim``."""

import json
from pathlib import Path

import hwsim.report.claim as cited
from tests.cli.running import SAMPLES, STEPS, Command

ASKED = ("--samples", SAMPLES)


def test_answers_after_fewer_steps_are_told(estimate: Command, tmp_path: Path) -> None:
    ran = estimate(*ASKED, "--over-time", "-o", tmp_path / "out")
    assert "Read out after fewer steps" in ran.out
    values = json.loads((tmp_path / "out" / "result.json").read_text())
    rows = values["over_time"]
    assert [row["timesteps"] for row in rows] == [*range(1, STEPS + 1)]
    assert [row["accuracy"] for row in rows] == values["accuracy"]["by_timestep"]
    assert rows[-1]["totals"] == values["totals"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Accuracy over energy, read out after fewer steps" in page
    assert "Accuracy over energy" not in estimate(*ASKED).out


def test_without_it_nothing_is_told(estimate: Command) -> None:
    assert estimate(*ASKED, "--json").json["over_time"] is None


def test_the_paragraph_is_printed_and_written(estimate: Command, tmp_path: Path) -> None:
    ran = estimate(*ASKED, "--claim", "-o", tmp_path / "out")
    values = json.loads((tmp_path / "out" / "result.json").read_text())
    paragraph = cited.claim(values)
    assert paragraph in ran.out
    assert (tmp_path / "out" / "claim.txt").read_text() == f"{paragraph}\n"


def test_a_paragraph_stands_beside_no_json(estimate: Command, tmp_path: Path) -> None:
    assert estimate("--claim", "--json").error.startswith("--claim prints a paragraph, --json one object")
    ran = estimate(*ASKED, "--claim", "--json", "-o", tmp_path / "out")
    assert ran.json["samples"] == SAMPLES
    assert (tmp_path / "out" / "claim.txt").exists()


def test_a_chip_of_many_cores_takes_neither(estimate: Command) -> None:
    ran = estimate("--hardware", "loihi", "--over-time", "--claim")
    assert ran.error.startswith("--over-time, --claim: of one tile; loihi is a chip of many cores")
