"""Sharing put on weights that were trained without it."""

import json

from typer.testing import CliRunner

from hwsim.cli import app


def estimated(*options: str) -> dict[str, object]:
    run = CliRunner().invoke(app, ["estimate", "fashion", "--samples", "4", "--json", *options])
    assert run.exit_code == 0, run.output
    found: dict[str, object] = json.loads(run.stdout)
    return found


def test_its_accuracy_is_unknown_and_said_to_be() -> None:
    found = estimated("--sharing", "C2")
    assert found["accuracy"] is None
    assert str(found["model"]["notes"]["accuracy"]).startswith("unknown: the weights were not trained")  # type: ignore[index]


def test_its_spikes_are_those_of_the_shared_execution() -> None:
    shared, alone = estimated("--sharing", "C2"), estimated()
    assert alone["accuracy"] is not None
    assert shared["totals"]["spikes"] != alone["totals"]["spikes"]  # type: ignore[index]
