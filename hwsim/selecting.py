"""What ``hwsim select`` does: learn or find candidates, price them, say who wins for which mu."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hwsim import learning_cost, pipeline
from hwsim.commands import chip
from hwsim.comparison import KEYS
from hwsim.configuration import load_yaml, save_yaml, shown
from hwsim.cost import CostTable, load_table
from hwsim.delivery import interruptible, progress_bars, say, tell
from hwsim.errors import HwsimError, one_line
from hwsim.hardware import Hardware
from hwsim.json_text import parsed
from hwsim.lists import parts_of
from hwsim.manycore.asked import refuse
from hwsim.mapping import Mapping as Schedule
from hwsim.methods.learning_cost.prices import Prices
from hwsim.methods.learning_cost.words import Words
from hwsim.methods.run_directory import alone, check_own, differences
from hwsim.methods.selection import (
    MEMORY,
    Candidate,
    Choice,
    Limit,
    checked_cost,
    choices,
    reward,
    selected,
    within,
)
from hwsim.methods.stdp.candidates import FLOAT, Kind, Space, kinds, spec_of
from hwsim.methods.stdp.learn import Learned, finished, learn
from hwsim.methods.stdp.spec import ModelName
from hwsim.report import console, selection_console, selection_picture
from hwsim.report.csv_files import text_of
from hwsim.storage import check_file, is_dir, is_file, write_text
from hwsim.workloads import WorkloadSpec

SPEC, TOLD, TABLE, PICTURE = "selection.yaml", "selection.json", "selection.csv", "selection.png"
MUS = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
SIMULATED = 1
"""Samples whose latency is that of a candidate: of steps with about as many spikes all take about as long."""

TOO_WIDE = "bits, the chip has"
"""Of the caveat that an area is that of other widths (:func:`hwsim.cost.width_caveats`)."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Asked:
    """A chip that is built for the words of each candidate, what prices it, and how candidates are judged."""

    chip: Hardware
    table: CostTable
    mus: tuple[float, ...]
    limits: tuple[Limit, ...]
    cost: str
    reference: str | None

    @staticmethod
    def of(
        hardware: str, table: str, mus: str | None, limits: Sequence[str], cost: str, reference: str | None
    ) -> "Asked":
        """From texts. Raises HwsimError for what they cannot be."""
        given = MUS if mus is None else tuple(_mu(part) for part in parts_of("mu", mus))
        found = tuple(Limit.of(text) for text in limits)
        return Asked(
            chip(hardware, None), load_table(table), given, found, checked_cost("cost", cost), reference
        )


def run(values: Mapping[str, Any], asked: Asked, output: Path | None, as_json: bool) -> None:
    """Learn all candidates of the Space that ``values`` say, those that are None left out, into directories
    of ``output``, price them and tell who wins; write selection.json, .csv and .png. Where the model is a
    comparison, its rows are judged.

    Ctrl-C ends with status 130 and says how to go on. Raises HwsimError for a directory of something else.
    """
    given = {name: value for name, value in values.items() if value is not None}
    model = str(given["model"])
    if model not in get_args(ModelName) and (is_dir(Path(model)) or is_file(Path(model))):
        refuse({n: v for n, v in given.items() if n != "model"}, "of candidates that learn; these are rows")
        judge(Path(model), asked, output, as_json)
        return
    space = Space.of(given)
    if output is None:
        raise HwsimError("-o DIRECTORY: candidates are learned into a directory each; name one")
    _check(output, space)
    _check_prices(space, asked)
    with (
        interruptible(f"the same command goes on with the candidates learned in {output}"),
        progress_bars() as progress,
    ):
        save_yaml(output / SPEC, space)
        with alone(output):
            candidates = [_evaluated(kind, space, asked, output, progress) for kind in _told(space, progress)]
    of = f"candidates on {asked.chip.name} by {asked.table.name}"
    _deliver({"of": of} | described(candidates, asked) | {"space": space.model_dump()}, output, as_json)


def judge(comparison: Path, asked: Asked, output: Path | None, as_json: bool) -> None:
    """Judge the rows of a compare.json, or of the directory that has one. Raises HwsimError for rows none of
    which knows its accuracy."""
    path = comparison / "compare.json" if is_dir(comparison) else comparison
    candidates = of_comparison(path)
    if not candidates:
        raise HwsimError(f"{path}: no row knows its accuracy; compare on inputs with labels")
    _deliver({"of": f"rows of {path.name}"} | described(candidates, asked), output, as_json)


def _deliver(found: dict[str, Any], output: Path | None, as_json: bool) -> None:
    if as_json:
        say(json.dumps(found, indent=1, allow_nan=False))
    else:
        selection_console.show(found, console.terminal())
    if output is None:
        return
    write_text(output / TOLD, json.dumps(found, indent=1, allow_nan=False) + "\n")
    write_text(output / TABLE, text_of(csv_rows(found)))
    selection_picture.draw(output / PICTURE, found)
    tell({name: output / name for name in (TOLD, TABLE, PICTURE)}, as_json)


def described(candidates: Sequence[Candidate], asked: Asked) -> dict[str, Any]:
    """Candidates with their costs, who keeps the limits, and the winners, as JSON values.

    Raises HwsimError for a cost or a reference that no candidate has, and where none keeps all limits.
    """
    reference = _reference(candidates, asked)
    kept, refused = within(candidates, asked.limits)
    kept = [one for one in kept if asked.cost in one.costs]
    if not kept:
        raise HwsimError(
            f"no candidate keeps all limits: {'; '.join(f'{n}: {w}' for n, w in refused.items())}"
        )
    return {
        "cost": asked.cost,
        "reference": {"name": reference.name, "cost": reference.costs[asked.cost]},
        "limits": [str(limit) for limit in asked.limits],
        "candidates": [
            {
                "name": one.name,
                "accuracy": one.accuracy,
                "costs": dict(one.costs),
                "refused": refused.get(one.name),
            }
            for one in candidates
        ],
        "winners": [_winner(kept, mu, reference, asked.cost) for mu in asked.mus],
        "ranges": [_range(choice) for choice in choices(kept, reference.costs[asked.cost], asked.cost)],
    }


def csv_rows(found: dict[str, Any]) -> list[list[Any]]:
    """A head and a line a candidate."""
    names = list(dict.fromkeys(cost for one in found["candidates"] for cost in one["costs"]))
    lines = [
        [one["name"], one["accuracy"], *(one["costs"].get(name) for name in names), one["refused"]]
        for one in found["candidates"]
    ]
    return [["candidate", "accuracy", *names, "refused"], *lines]


def _told(space: Space, progress: Progress) -> list[Kind]:
    found = list(kinds(space))
    progress("candidates", 0, len(found))
    return found


def _evaluated(kind: Kind, space: Space, asked: Asked, output: Path, progress: Progress) -> Candidate:
    directory = output / kind.name
    learned = learn(
        spec_of(kind, space, output), directory, lambda s, d, n: progress(f"{kind.name}: {s}", d, n)
    )
    every = list(kinds(space))
    progress("candidates", every.index(kind) + 1, len(every))
    return Candidate(kind.name, learned.card["test_accuracy"], costs_of(learned, asked))


def costs_of(learned: Learned, asked: Asked) -> dict[str, float]:
    """What a candidate takes, on a chip built for its words (float32 as 32 bits).

    ``memory_bytes`` is tinySNN's M = N_w B_w + N_n B_n. ``energy_pj``, ``dram_bytes`` of an inference and
    ``learning_energy_pj`` of an image learned are of the counts of all images (docs/learning-cost.md), the
    latter of what was only rounded that of its float learning; ``latency_ns`` of an inference and
    ``area_um2`` are the simulator's.
    """
    told = _priced(learned, asked)
    source = learned if learned.spec.passes else finished(Path(learned.spec.initial or ""))
    inference, learning = told["inference"], _priced(source, asked)["learning"]
    return {
        MEMORY: told["model_bytes"]["learned"],
        "energy_pj": inference["energy_pj"] / inference["images"],
        "dram_bytes": inference["dram_bytes"] / inference["images"],
        "learning_energy_pj": learning["energy_pj"] / learning["images"],
    } | _simulated(learned, asked)


def _priced(learned: Learned, asked: Asked) -> dict[str, Any]:
    of = learning_cost.Asked(asked.chip, asked.table, "learned", "lazy", "input")
    return learning_cost.described(learned, of)


def of_comparison(path: Path) -> list[Candidate]:
    """Rows of a compare.json that know their accuracy, named by what tells them apart; ``memory_bytes`` is of
    weights and states. Raises HwsimError for other files."""
    check_file(path)
    try:
        rows = [
            row for row in parsed(path.read_text(encoding="utf-8"))["rows"] if row["accuracy"] is not None
        ]
        apart = [key for key in KEYS if len({row[key] for row in rows}) > 1] or ["model"]
        names = [" ".join(str(row[key]) for key in apart) for row in rows]
        names = [f"{n} ({i})" if names.count(n) > 1 else n for i, n in enumerate(names, 1)]
        return [
            Candidate(name, float(row["accuracy"]), _costs(row))
            for name, row in zip(names, rows, strict=True)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise HwsimError(f"{path}: no compare.json of this version ({one_line(error)})") from None


def _costs(row: dict[str, Any]) -> dict[str, float]:
    totals, samples = row["totals"], row["samples"]
    each = {name: totals[name] for name in ("energy_pj", "dram_bytes", "latency_ns")}
    found = {name: value / samples for name, value in each.items() if value is not None}
    if totals["area_um2"] is not None:
        found["area_um2"] = totals["area_um2"]
    if row["weight_bytes"] is not None and row["lif"]["memory_bytes"] is not None:
        found[MEMORY] = row["weight_bytes"] + row["lif"]["memory_bytes"]
    return found


def _check_prices(space: Space, asked: Asked) -> None:
    """Raises HwsimError, before anything learns, for a table that has no prices of floats."""
    words = Words.of(space.plain(space.neurons[0]), asked.chip, "learned")
    try:
        Prices(asked.table, asked.chip.alone, words)
    except HwsimError as error:
        raise HwsimError(
            f"--table {asked.table.name}: it must price the float candidates, too ({error})"
        ) from None


def _simulated(learned: Learned, asked: Asked) -> dict[str, float]:
    """Without ``area_um2`` where the table has no areas as wide as its words."""
    words = Words.of(learned.spec, asked.chip, "learned")
    widths = {
        "weight_bits": words.weight.bits, "partial_sum_bits": words.sum.bits, "state_bits": words.state.bits,
    }  # fmt: skip
    tile = asked.chip.model_copy(update={"precision": asked.chip.precision.model_copy(update=widths)})
    work, _ = WorkloadSpec(str(learned.directory), samples=SIMULATED).workload(SIMULATED)
    result = pipeline.estimate(work, tile.alone, Schedule(), asked.table).as_dict()
    totals = result["totals"]
    found = {"latency_ns": totals["latency_ns"] / SIMULATED, "area_um2": totals["area_um2"]}
    if totals["area_um2"] is None or any(TOO_WIDE in line for line in result["caveats"]):
        del found["area_um2"]
    return found


def _reference(candidates: Sequence[Candidate], asked: Asked) -> Candidate:
    """The candidate whose cost is M0, above 0: the one that is named, else the dearest."""
    known = [one for one in candidates if one.costs.get(asked.cost)]
    if asked.reference is not None:
        known = [one for one in known if one.name == asked.reference]
    if not known:
        names = ", ".join(one.name for one in candidates)
        whom = f"--reference {shown(asked.reference)}" if asked.reference else f"--cost {asked.cost}"
        raise HwsimError(
            f"{whom}: none of the candidates with a known {asked.cost} above 0; they are {names}"
        )
    return max(known, key=lambda one: one.costs[asked.cost])


def _winner(kept: Sequence[Candidate], mu: float, reference: Candidate, cost: str) -> dict[str, Any]:
    best = selected(kept, mu, reference.costs[cost], cost)
    return {"mu": mu, "name": best.name, "reward": reward(best, mu, reference.costs[cost], cost)}


def _range(choice: Choice) -> dict[str, Any]:
    high = None if math.isinf(choice.high) else choice.high
    return {"from_mu": choice.low, "to_mu": high, "name": choice.winner.name}


def _check(output: Path, space: Space) -> None:
    """Raises HwsimError where the directory is of another selection, or holds something else."""
    path = output / SPEC
    if is_file(path) and (told := differences(load_yaml(path, Space), space)):
        raise HwsimError(
            f"{output} is of another selection ({told}); give the same options to go on with it, or another "
            "directory"
        )
    check_own(output, SPEC, "selection")


def _mu(text: str) -> float:
    try:
        mu = float(text)
    except ValueError:
        mu = math.nan
    if not (math.isfinite(mu) and mu >= 0):
        raise HwsimError(f"--mu {shown(text)}: numbers from 0 on, separated by commas")
    return mu


def whole(option: str, text: str | None, floats: bool = False) -> list[int] | None:
    """Whole numbers separated by commas; ``floats``: ``float`` among them is left out, being there anyway."""
    if text is None:
        return None
    parts = [part for part in parts_of(option, text) if not (floats and part == FLOAT)]
    if wrong := [part for part in parts if not part.isdecimal()]:
        raise HwsimError(f"--{option} {shown(wrong[0])}: whole numbers, separated by commas")
    return [int(part) for part in parts]


def names(option: str, text: str | None) -> list[str] | None:
    """Names separated by commas."""
    return None if text is None else parts_of(option, text)
