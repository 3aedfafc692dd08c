"""What the commands do with their arguments: open, call the pipeline, show."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hwsim import cost, hardware, operations, pipeline
from hwsim.configuration import describe
from hwsim.errors import HwsimError, nearest
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.loading import Inputs, Opened, load_inputs, open_model
from hwsim.mapping import Mapping, load_mapping
from hwsim.network import Network
from hwsim.report import console
from hwsim.result import Result


def estimate(
    model: str,
    chip: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int,
    timesteps: int | None,
    mapping_file: Path | None,
    options: dict[str, str | None],
    skip: str | None,
    table: str,
    engine: str,
) -> Result:
    """Everything cheap is checked before anything long begins."""
    tile = hardware.load_hardware(chip)
    if skip is not None:
        tile = tile.with_skip(_choice("skip", skip, hardware.Skip))
    prices = cost.load_table(table)
    cost.unit_energies(prices, tile)
    cost.chip_area(prices, tile)
    mapping = _mapping(mapping_file, options)
    chosen: pipeline.Engine = _choice("engine", engine, pipeline.Engine)
    opened = open_model(model, weights)
    data = _inputs(opened, inputs, samples)
    with _progress() as progress:
        work = pipeline.workload(
            opened.model, data.values, _timesteps(opened, timesteps), opened.name, data.labels, progress
        )
        work = replace(work, origin=_origin(model, opened, inputs or opened.inputs))
        return pipeline.estimate(work, tile, mapping, prices, chosen, progress)


def check_output(output: Path | None) -> None:
    """Refuse an output directory that cannot be one before any work begins."""
    if output is None:
        return
    standing = next(p for p in (output, *output.absolute().parents) if p.exists())
    if not standing.is_dir():
        raise HwsimError(f"{output}: {standing} is a file; name a directory")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise HwsimError(f"{output}: {standing} cannot be written")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends with a message and status 130; nothing is half-written."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing half-written\n")
        sys.exit(130)


def deliver(result: Result, output: Path | None, as_json: bool) -> None:
    """Print the result as a table or as JSON; write the files if a directory is given.

    Raises HwsimError, after all that, if the network does not compute what PyTorch computed.
    """
    values = result.as_dict()
    if as_json:
        _print(json.dumps(values, indent=1, allow_nan=False))
    else:
        console.show(values, console.terminal())
    paths = {} if output is None else _write(result, output)
    for name, path in paths.items():
        if not as_json:
            _print(f"{name}: {path}")
    if values["agreement"] and not values["agreement"]["trusted"]:
        raise HwsimError(
            "the captured network does not compute what the model computes, so these costs are not the "
            f"model's: {values['agreement']['sentence']}"
        )


def _write(result: Result, output: Path) -> dict[str, Path]:
    """All files or none: they are written aside and moved in together."""
    from hwsim.report import page

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as aside:
            made = result.save(Path(aside)) | {"report": page.write(result.as_dict(), Path(aside))}
            output.mkdir(exist_ok=True)
            return {name: path.replace(output / path.name) for name, path in made.items()}
    except OSError as error:
        raise HwsimError(f"{output}: cannot be written: {error.strerror or error}") from None


def inspect(
    model: str, inputs: Path | None, weights: Path | None, timesteps: int | None, as_json: bool
) -> None:
    opened = open_model(model, weights)
    if isinstance(opened.model, Network):
        network = opened.model
    else:
        values = _one_input(opened, inputs)
        network = pipeline.workload(opened.model, values, _timesteps(opened, timesteps), opened.name).network
    shown = console.network_values(network)
    if as_json:
        _print(json.dumps(shown, indent=1))
    else:
        console.show_network(shown, console.terminal())


def count_operations(
    model: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int,
    timesteps: int | None,
    as_json: bool,
) -> None:
    """Run the model on its inputs and print its operations in every definition.

    Raises HwsimError, after that, if the network does not compute what PyTorch computed.
    """
    opened = open_model(model, weights)
    data = _inputs(opened, inputs, samples)
    with _progress() as progress:
        work = pipeline.workload(
            opened.model, data.values, _timesteps(opened, timesteps), opened.name, progress=progress
        )
        encoded = encode(work.network, work.inputs)
        trace = execute(work.network, encoded, lambda done, total: progress("execute", done, total))
    agreement = agree(work.network, trace, work.reference) if work.reference else None
    counted = operations.count(work.network, trace).as_dict()
    sentence = None if agreement is None else agreement.sentence()
    if as_json:
        _print(json.dumps(counted | {"agreement": sentence}, indent=1, allow_nan=False))
    else:
        console.show_operations(counted, console.terminal())
        _print(sentence or "")
    if agreement is not None and not agreement.trusted:
        raise HwsimError(f"the captured network does not compute what the model computes: {sentence}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _choice(name: str, value: str, allowed: Any) -> Any:
    if value not in get_args(allowed):
        raise HwsimError(f"--{name} {value!r}.{nearest(value, list(get_args(allowed)))}")
    return value


def _mapping(path: Path | None, options: dict[str, str | None]) -> Mapping:
    base = load_mapping(path) if path else Mapping()
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Mapping.model_validate(base.model_dump() | given)
    except ValidationError as error:
        raise HwsimError(describe(error, Mapping, "options")) from None


def _inputs(opened: Opened, path: Path | None, samples: int) -> Inputs:
    chosen = path or opened.inputs
    if chosen is None:
        raise HwsimError(
            f"{opened.name!r} comes without inputs; give real ones with --inputs FILE.npz (images, labels)"
        )
    return load_inputs(chosen, samples)


def _one_input(opened: Opened, path: Path | None) -> NDArray[np.float32]:
    """One sample to look at a model's structure with: a real one, or ones of the shape that the zoo names."""
    if path is None and opened.inputs is None and opened.shape is not None:
        return np.ones((1, *opened.shape), np.float32)
    return _inputs(opened, path, 1).values


def _origin(model: str, opened: Opened, inputs: Path | None) -> dict[str, Any]:
    """Where model and inputs came from, for the provenance: file names, never whole paths."""
    card = json.loads(opened.card.read_text(encoding="utf-8")) if opened.card else None
    return {"model": Path(model).name, "inputs_file": inputs.name if inputs else None, "checkpoint": card}


def _timesteps(opened: Opened, given: int | None) -> int:
    if isinstance(opened.model, Network):
        if given not in (None, opened.model.timesteps):
            raise HwsimError(
                f"this saved network has {opened.model.timesteps} timesteps; capture it again for {given}"
            )
        return opened.model.timesteps
    steps = given or opened.timesteps
    if steps is None:
        raise HwsimError(f"say how many timesteps {opened.name!r} runs: --timesteps T")
    return steps


@contextmanager
def _progress() -> Iterator[pipeline.Progress]:
    """Progress bars on stderr, one a stage, only on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        yield report
