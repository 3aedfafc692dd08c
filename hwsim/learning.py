"""What ``hwsim learn`` does: learn by STDP into a directory, show the card."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwsim.delivery import progress_bars, say
from hwsim.errors import HwsimError
from hwsim.methods.stdp.learn import SPEC, Learned, learn
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.storage import is_dir, is_file


def run(values: Mapping[str, Any], output: Path, command: str, as_json: bool) -> None:
    """Learn as the ``values`` of a LearnSpec say, those that are None left out, and print the card.

    ``formats`` are texts as ``weights=8.7``: bits, fraction bits. Ctrl-C ends with status 130 and says how to
    go on. Raises HwsimError for a directory that holds something else than a learning.
    """
    given = {name: value for name, value in values.items() if value is not None}
    rounding = given.pop("rounding", None)
    texts = given.pop("formats", None) or []
    if rounding is not None and not texts:
        raise HwsimError(f"--rounding {rounding} is for fixed point; give --format, as in weights=8.7")
    given["formats"] = dict(_format(text, rounding) for text in texts)
    spec = LearnSpec.of(given)
    if is_dir(output) and not is_file(output / SPEC) and any(_known(output)):
        raise HwsimError(f"{output}: holds files that are of no learning; name a new directory")
    try:
        with progress_bars() as progress:
            learned = learn(spec, output, progress, command)
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted; the same command goes on from the last state kept in {output}\n")
        sys.exit(130)
    say(json.dumps(learned.card, indent=1, allow_nan=False) if as_json else _told(learned))


def _known(directory: Path) -> list[Path]:
    """What is in it, but for the temporary files of a learning that was killed."""
    return [path for path in directory.iterdir() if not path.name.startswith(f".{SPEC}.")]


def _format(text: str, rounding: str | None) -> tuple[str, dict[str, Any]]:
    """``weights=8.7`` to its name and fields."""
    name, _, digits = text.partition("=")
    bits, _, fraction = digits.partition(".")
    if not bits.isdecimal() or not fraction.removeprefix("-").isdecimal():
        raise HwsimError(
            f"--format {text}: write NAME=BITS.FRACTION, as in weights=8.7 of 8 bits, 7 behind the point"
        )
    form: dict[str, Any] = {"bits": int(bits), "fraction": int(fraction)}
    return name, form if rounding is None else form | {"rounding": rounding}


def _told(learned: Learned) -> str:
    card = learned.card
    counts, images = card["learning_counts"], card["learning_counts"]["images"]
    operations = sum(counts[f"{kind}_operations"] for kind in ("input", "relay", "inhibition"))
    lines = [
        f"{card['model']}, {card['neurons']} neurons, on {card['data']}: {card['test_accuracy']:.2%} of "
        f"{card['test_samples']:,} test samples, after {images:,} images in {card['minutes']:.1f} minutes",
        f"rule {card['method']}, {card['timesteps']} timesteps; for each image learned "
        f"{counts['excitatory_spikes'] / images:.1f} spikes, {operations / images:,.0f} synaptic operations, "
        f"{(counts['weight_writes'] + counts['norm_writes']) / images:,.0f} weights written",
        f"neurons of each class: {' '.join(map(str, card['neurons_of_class']))}",
    ]
    here = learned.directory
    lines += [f"directory: {here}", f"next: hwsim estimate {here}, hwsim learn-cost {here}"]
    return "\n".join(lines)
