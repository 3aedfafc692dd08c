"""What ``hwsim train`` does: train into a directory, draw the course, show the card."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwsim.delivery import interruptible, progress_bars, say
from hwsim.lists import parts_of
from hwsim.methods.run_directory import as_path, check_own
from hwsim.methods.train import SPEC, Trained, train
from hwsim.methods.train_spec import TrainSpec

CURVE = "curve.png"


def run(values: Mapping[str, Any], output: Path, command: str, as_json: bool) -> None:
    """Train as the ``values`` of a TrainSpec say, those that are None left out, and print the card.

    Texts of several augmentations, milestones or options of a path are separated by commas.

    Ctrl-C ends with status 130 and says how to go on. Raises HwsimError for a directory that holds something
    else than a training.
    """
    from hwsim.report import training_curve

    given = {name: value for name, value in values.items() if value is not None}
    for name in {"augment", "milestones"} & given.keys():
        given[name] = [int(p) if p.isdecimal() else p for p in parts_of(name, given[name])]
    if "path" in given:
        given["path"] = [option.strip() for option in given["path"].split(",")]
    spec = TrainSpec.of(given)
    check_own(output, SPEC, "training")

    def draw(history: list[dict[str, Any]]) -> None:
        training_curve.draw(output / CURVE, _title(spec), history)

    with (
        interruptible(f"the same command goes on from the last whole epoch in {output}"),
        progress_bars() as progress,
    ):
        trained = train(spec, output, progress, command, draw)
        draw(trained.history)
    say(json.dumps(trained.card, indent=1, allow_nan=False) if as_json else _told(trained))


def _title(spec: TrainSpec) -> str:
    return ", ".join(filter(None, (spec.model, spec.data, spec.method, spec.sharing.replace("none", ""))))


def _told(trained: Trained) -> str:
    card, rates = trained.card, trained.card["spike_rates"]
    mean = sum(rates.values()) / len(rates) if rates else 0.0
    lines = [
        f"{card['model']} on {card['data']}: {card['test_accuracy']:.2%} of {card['test_samples']:,} test "
        f"samples, after {card['epochs']} epochs in {card['minutes']:.1f} minutes",
        f"method {card['method']}, sharing {card['sharing']}, {card['timesteps']} timesteps, "
        f"{card['parameters']:,} parameters, {mean:.3f} spikes per neuron and step (mean of layers)",
    ]
    if card["sparsity"] is not None:
        lines.append(f"{card['sparsity']:.2%} of the weights of convolutions and linear layers are zero")
    here = shlex.quote(as_path(trained.directory))
    return "\n".join([*lines, f"directory: {trained.directory}", f"next: hwsim estimate {here}"])
