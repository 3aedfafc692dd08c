"""What ``hwsim learn`` does: learn by STDP into a directory, show the card."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from hwsim.delivery import interruptible, progress_bars, say
from hwsim.errors import HwsimError
from hwsim.fixed_point import MOST_BITS
from hwsim.methods.run_directory import as_path, check_own
from hwsim.methods.stdp.fixed import fraction_bits
from hwsim.methods.stdp.learn import SPEC, Learned, highest, learn
from hwsim.methods.stdp.spec import LearnSpec, Word

WORDS: tuple[Word, ...] = get_args(Word)


def run(values: Mapping[str, Any], output: Path, command: str, as_json: bool) -> None:
    """Learn as the ``values`` of a LearnSpec say, those that are None left out, and print the card.

    ``formats`` are texts as ``weights=8.7``: bits, fraction bits; without these they follow from the range,
    that of theta and membranes from the float learning in the directory ``ranges``, or ``initial``. Ctrl-C
    ends with status 130 and says how to go on. Raises HwsimError for a directory that holds something else.
    """
    given = {name: value for name, value in values.items() if value is not None}
    rounding = given.pop("rounding", None)
    texts = given.pop("formats", None) or []
    if rounding is not None and not texts:
        raise HwsimError(f"--rounding {rounding} is for fixed point; give --format, as in weights=8.7")
    ranges = given.pop("ranges", None)
    if ranges is not None and all("." in text for text in texts):
        raise HwsimError(f"--ranges {ranges} is for formats without fraction bits, as in theta=12")
    ranges, plain = ranges or given.get("initial"), LearnSpec.of(given)
    formats = [_format(text, rounding, plain, ranges) for text in texts]
    named = [name for name, _ in formats]
    if twice := [name for name in named if named.count(name) > 1]:
        raise HwsimError(f"--format {twice[0]}: is there twice")
    given["formats"] = dict(formats)
    spec = LearnSpec.of(given)
    check_own(output, SPEC, "learning")
    with (
        interruptible(f"the same command goes on from the last state kept in {output}"),
        progress_bars() as progress,
    ):
        learned = learn(spec, output, progress, command)
    say(json.dumps(learned.card, indent=1, allow_nan=False) if as_json else _told(learned))


def _format(
    text: str, rounding: str | None, spec: LearnSpec, ranges: str | None
) -> tuple[str, dict[str, Any]]:
    """``weights=8.7``, or ``weights=8`` for what ``spec`` learns, to its name and fields."""
    name, _, digits = text.partition("=")
    bits, point, fraction = digits.partition(".")
    if not bits.isdecimal() or (point and not fraction.removeprefix("-").isdecimal()) or name not in WORDS:
        raise HwsimError(
            f"--format {text}: write NAME=BITS.FRACTION, as in weights=8.7 of 8 bits, 7 behind the point, or "
            f"NAME=BITS; names are {', '.join(WORDS)}"
        )
    if not point and name != "weights" and ranges is None:
        raise HwsimError(
            f"--format {text}: its integer bits follow from the thresholds of a float learning; name its "
            "directory with --ranges, or give the fraction bits"
        )
    if not 1 <= int(bits) <= MOST_BITS:
        raise HwsimError(f"--format {text}: {bits} bits; allowed are 1 to {MOST_BITS}")
    reached = 0.0 if point or ranges is None else highest(Path(ranges), name)
    behind = int(fraction) if point else fraction_bits(spec, name, int(bits), reached)
    form: dict[str, Any] = {"bits": int(bits), "fraction": behind}
    return name, form if rounding is None else form | {"rounding": rounding}


def _told(learned: Learned) -> str:
    card, spec, here = learned.card, learned.spec, shlex.quote(as_path(learned.directory))
    counts, images = card["learning_counts"], card["learning_counts"]["images"]
    after = f"{images:,} images in {card['minutes']:.1f} minutes" if images else f"rounding {spec.initial}"
    lines = [
        f"{card['model']}, {card['neurons']} neurons, on {card['data']}: {card['test_accuracy']:.2%} of "
        f"{card['test_samples']:,} test samples, after {after}"
    ]
    if images:
        operations = sum(counts[f"{kind}_operations"] for kind in ("input", "relay", "inhibition"))
        lines.append(
            f"rule {card['method']}, {card['timesteps']} timesteps; for each image learned "
            f"{counts['excitatory_spikes'] / images:.1f} spikes, {operations / images:,.0f} synaptic "
            f"operations, {(counts['weight_writes'] + counts['norm_writes']) / images:,.0f} weights written"
        )
    lines += [
        f"neurons of each class: {' '.join(map(str, card['neurons_of_class']))}",
        f"directory: {learned.directory}",
        f"next: hwsim estimate {here}, hwsim learn-cost {here}",
    ]
    return "\n".join(lines)
