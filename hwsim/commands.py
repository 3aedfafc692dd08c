"""What the commands do with their arguments: open, call the pipeline, show."""

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from hwsim import cost, hardware, inspection, operations, pipeline
from hwsim.area import parse_own
from hwsim.chips import open_chip
from hwsim.configuration import describe
from hwsim.delivery import progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, HwsimWarning, nearest
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import Inputs, Opened, fitted, load_inputs, timed
from hwsim.mapping import Mapping, load_mapping
from hwsim.methods.calibration import SAMPLES
from hwsim.network import Network
from hwsim.report import console
from hwsim.result import Result
from hwsim.storage import write_text
from hwsim.variants import AS_IT_IS, Variant, made_inputs, varied

ESTIMATED, COUNTED = 128, 16
"""Inputs that estimate and ops take if they are not told how many."""


def estimate(
    model: str,
    chip_name: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int | None,
    timesteps: int | None,
    mapping_file: Path | None,
    options: dict[str, Any],
    skip: str | None,
    dram: str | None,
    table: str,
    engine: str,
    variant: Variant = AS_IT_IS,
    area: str | None = None,
) -> Result:
    """Everything cheap is checked before anything long begins. That costs are not the model's is for
    :func:`deliver` to say."""
    own_areas = parse_own(area) if area else None
    variant.check(weights, inputs, timesteps)
    tile = chip(chip_name, skip, dram)
    prices = cost.load_table(table)
    check_priced(prices, tile, chip_name, "mac_issued", "relu_update")
    chosen_mapping = mapping(mapping_file, options)
    chosen: pipeline.Engine = _choice("engine", engine, pipeline.Engine)
    with progress_bars() as progress:
        work, _ = _workload(model, inputs, weights, samples or ESTIMATED, timesteps, variant, progress)
        _tell_fewer(samples, work)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", re.escape(pipeline.UNTRUSTED), HwsimWarning)
            found = pipeline.estimate(work, tile, chosen_mapping, prices, chosen, progress)
    return replace(found, own_areas=own_areas)


def _workload(
    model: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int,
    timesteps: int | None,
    variant: Variant,
    progress: pipeline.Progress,
) -> tuple[pipeline.Workload, Opened]:
    """The model as asked for, on its inputs: real ones, or synthetic ones for calibrated thresholds."""
    opened = variant.open(model, weights)
    if variant.shape and not variant.calibrated:
        raise HwsimError(
            "--shape is that of synthetic inputs, on which a model runs only with --init calibrated"
        )
    synthetic = variant.calibrated and not _real(opened, inputs, variant)
    if synthetic:
        data = Inputs(made_inputs(opened, variant, samples, _timesteps(opened, timesteps)), None)
    else:
        data = _inputs(opened, inputs, samples)
    opened = fitted(opened, data.values, timesteps, variant.coding_asked())
    work = pipeline.workload(
        opened.model, data.values, _timesteps(opened, timesteps), opened.name, data.labels, progress,
        variant.coding_of(opened), variant.layout_of(),
    )  # fmt: skip
    work = replace(work, origin=_origin(model, opened, inputs or (None if synthetic else opened.inputs)))
    return varied(work, opened, variant, synthetic, progress)[0], opened


def compared(
    model: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int | None,
    default: int,
    timesteps: int | None,
    variant: Variant,
) -> tuple[pipeline.Workload, Opened]:
    """The workload that variants are compared on, and the model it is of; ``default`` samples if not told."""
    variant.check(weights, inputs, timesteps)
    with progress_bars() as progress:
        work, opened = _workload(model, inputs, weights, samples or default, timesteps, variant, progress)
    _tell_fewer(samples, work)
    return work, opened


def deliver(result: Result, output: Path | None, as_json: bool) -> None:
    """Print the result as a table or as JSON; write the files if a directory is given.

    Raises HwsimError, after all that, if the network does not compute what PyTorch computed.
    """
    values = result.as_dict()
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
    else:
        console.show(values, console.terminal())
    if output is not None:
        tell(_write(result, output), as_json)
    if values["agreement"] and not values["agreement"]["trusted"]:
        raise HwsimError(f"{pipeline.UNTRUSTED}: {values['agreement']['sentence']}")


def _write(result: Result, output: Path) -> dict[str, Path]:
    from hwsim.report import page

    return write_together(output, lambda d: result.save(d) | {"report": page.write(result.as_dict(), d)})


def inspect(
    model: str,
    inputs: Path | None,
    weights: Path | None,
    timesteps: int | None,
    variant: Variant = AS_IT_IS,
) -> tuple[Network, dict[str, Any]]:
    """The network as asked for and what :func:`hwsim.inspection.describe` says of it."""
    variant.check(weights, inputs, timesteps)
    opened = timed(variant.open(model, weights), timesteps or 1, variant.coding_asked())
    steps = _timesteps(opened, timesteps)
    with progress_bars() as progress:
        if isinstance(opened.model, Network):
            nothing = np.zeros((0, *opened.model.input.shape), np.float32)
            work, _ = varied(pipeline.Workload(opened.model, nothing), opened, variant, False, progress)
            return work.network, inspection.describe(work.network)
        values, synthetic = _looked_at(opened, inputs, variant, steps)
        coding, layout = variant.coding_of(opened), variant.layout_of()
        network = structure(opened.model, values[:1], steps, opened.name, coding, layout)
        work = pipeline.Workload(network, values)
        work, rates = varied(work, opened, variant, synthetic, progress)
    parameters = sum(p.numel() for p in opened.model.parameters())
    return work.network, inspection.describe(work.network, parameters, rates)


def deliver_inspection(network: Network, shown: dict[str, Any], output: Path | None, as_json: bool) -> None:
    """Print a network's description as a table or as JSON; write it and drawings of the graph if asked."""
    if as_json:
        say(json.dumps(shown, indent=1))
    else:
        console.show_network(shown, console.terminal())
    if output is None:
        return
    from hwsim.report import graph

    def make(directory: Path) -> dict[str, Path]:
        paths = graph.write(network, shown, directory)
        write_text(directory / "inspect.json", json.dumps(shown, indent=1) + "\n")
        return paths | {"inspect": directory / "inspect.json"}

    tell(write_together(output, make), as_json)


def count_operations(
    model: str,
    inputs: Path | None,
    weights: Path | None,
    samples: int | None,
    timesteps: int | None,
    variant: Variant,
    as_json: bool,
) -> None:
    """Run the model on its inputs and print its operations in every definition.

    Raises HwsimError, after that, if the network does not compute what PyTorch computed.
    """
    variant.check(weights, inputs, timesteps)
    with progress_bars() as progress:
        work, _ = _workload(model, inputs, weights, samples or COUNTED, timesteps, variant, progress)
        _tell_fewer(samples, work)
        encoded = encode(work.network, work.inputs)
        trace = execute(work.network, encoded, lambda done, total: progress("execute", done, total))
    agreement = agree(work.network, trace, work.reference) if work.reference else None
    counted = operations.count(work.network, trace).as_dict()
    sentence = None if agreement is None else agreement.sentence()
    if as_json:
        say(json.dumps(counted | {"agreement": sentence}, indent=1, allow_nan=False))
    else:
        console.show_operations(counted, console.terminal())
        say(sentence or "")
    if agreement is not None and not agreement.trusted:
        raise HwsimError(f"the captured network does not compute what the model computes: {sentence}")


def _choice(name: str, value: str, allowed: Any) -> Any:
    if value not in get_args(allowed):
        raise HwsimError(f"--{name} {value!r}.{nearest(value, list(get_args(allowed)))}")
    return value


def chip(name: str, skip: str | None, dram: str | None = None) -> hardware.Hardware:
    """The chip, with another way to treat dead inputs and to time its DRAM if asked."""
    chip = open_chip(name)
    if not isinstance(chip, hardware.Hardware):
        raise HwsimError(f"{name}: a chip of event-driven cores: hwsim estimate and hwsim map take it")
    if skip is not None:
        chip = chip.with_skip(_choice("skip", skip, hardware.Skip))
    return chip if dram is None else chip.with_dram(_choice("dram", dram, hardware.DramTiming))


def scaled(tables: str | None, default: str, node: int | None, vdd: float | None) -> str | None:
    """Names of tables, separated by commas, as scaled to a node and a voltage; unchanged without either.

    Raises HwsimError for a table that cannot be.
    """
    if node is None and vdd is None:
        return tables
    names = []
    for name in (tables or default).split(","):
        table = cost.load_table(name.strip())
        to = table.node_nm if node is None else node
        table.scaled(to, vdd)
        names.append(name.strip() + cost.suffix(to, vdd))
    return ",".join(names)


def check_priced(table: cost.CostTable, chip: hardware.Hardware, name: str, *actions: str) -> None:
    """Raises HwsimError before any work begins where the table does not reach to the chip's memories, or to
    its widths for what every spiking network does and for these actions.

    ``name``: the preset or file that the chip is of.
    """
    try:
        cost.unit_energies(table, chip)
        cost.check_widths(table, chip, ("ac_issued", "pe_cycles", "lif_update", *actions))
        cost.chip_area(table, chip)
    except HwsimError as error:
        raise HwsimError(f"{name}: {error}") from None


def mapping(path: Path | None, options: dict[str, Any]) -> Mapping:
    """The mapping of a file, or the default, with the options that are given in place of its own."""
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
            ", or run it on synthetic ones with --init calibrated"
        )
    return load_inputs(chosen, samples)


def _tell_fewer(asked: int | None, work: pipeline.Workload) -> None:
    """Warn where there are fewer inputs than were asked for."""
    if asked is not None and len(work.inputs) < asked:
        warnings.warn(
            f"{asked} samples asked for, {len(work.inputs)} inputs are there and were taken",
            HwsimWarning,
            stacklevel=2,
        )


def _looked_at(
    opened: Opened, path: Path | None, variant: Variant, timesteps: int
) -> tuple[NDArray[np.float32], bool]:
    """Samples to look at a model's structure with, and whether they are synthetic: real ones, ones of the
    shape that is known, and synthetic ones where thresholds are to be calibrated."""
    if _real(opened, path, variant):
        return _inputs(opened, path, SAMPLES if variant.calibrated else 1).values, False
    if variant.calibrated:
        return made_inputs(opened, variant, SAMPLES, timesteps), True
    return np.ones_like(made_inputs(opened, variant, 1, timesteps)), False


def _real(opened: Opened, path: Path | None, variant: Variant) -> bool:
    """Whether there are real inputs: given ones, or the zoo's own if the network still takes their shape."""
    if path is not None or opened.inputs is None:
        return path is not None
    own = load_inputs(opened.inputs, 1).values.shape[1:]
    return variant.input_shape(opened) in (None, own)


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
