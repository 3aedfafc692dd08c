"""What Python calls: ``hwsim.estimate`` and ``hwsim.compare``, with the options of the command line."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hwsim import commands, cost, pipeline
from hwsim.compare_all import Given, compare_all
from hwsim.compared import Comparison
from hwsim.comparing import Asked
from hwsim.errors import HwsimError
from hwsim.frontends.arguments import as_array, checked_path, checked_texts
from hwsim.frontends.loading import Model
from hwsim.hardware import Hardware
from hwsim.manycore import command
from hwsim.manycore.asked import of_many
from hwsim.manycore.pipeline import estimate_chip
from hwsim.manycore.result import ChipResult
from hwsim.mapping import Mapping
from hwsim.over_time import over_time as by_steps
from hwsim.result import Result
from hwsim.saved import Saved, is_saved, load_saved, of_cores
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec

Values = str | int | Sequence[str | int]
"""One value, several, or several in a text, separated by commas."""


def estimate(
    model: Model | str | Path,
    inputs: Any = None,
    hardware: str | Path | Hardware = "sata",
    *,
    labels: Any = None,
    timesteps: int | None = None,
    samples: int | None = None,
    table: str | Path | cost.CostTable | None = None,
    mapping: Mapping | str | Path | None = None,
    schedule: str | None = None,
    batch: int | None = None,
    sharing: str = "none",
    init: str | None = None,
    rate: float | None = None,
    shape: str | None = None,
    weights: str | Path | None = None,
    settings: Sequence[str] = (),
    coding: str | None = None,
    layout: str | None = None,
    skip: str | None = None,
    dram: str | None = None,
    over_time: bool = False,
) -> Result | ChipResult:
    """What ``hwsim estimate`` works out: a Result, of a chip of many cores by name a ChipResult.

    ``model``: an nn.Module, a Network, or what the command takes. ``inputs``: an array or tensor (samples,
    ...), or a file; None takes the model's own. ``hardware``, ``table`` and ``mapping``: names, files or
    values; without a table sata_kernels, of event-driven cores every row of prices of the chip. ``schedule``
    and ``batch`` override the mapping's. ``over_time``: also what an answer costs that is read out after
    fewer steps. Raises HwsimError for what does not fit.
    """
    variant = Variant(
        checked_texts("settings", settings), shape, sharing, init, rate, None, None, coding, layout
    )
    spec = _spec(model, inputs, labels, weights, samples, timesteps, variant)
    if isinstance(hardware, str | Path) and of_many(str(hardware), False):
        if over_time:
            raise HwsimError("over_time is of one tile")
        file = None if mapping is None else checked_path("mapping", mapping)
        of_tile = {"schedule": schedule, "batch": batch, "dram": dram}
        many = command.Estimate.of(str(hardware), file, None, None, table, skip, None, None, None, of_tile)
        work, _ = spec.workload(command.SAMPLES)
        return estimate_chip(
            work, many.asked.chip, many.asked.mapping, many.prices, mapping_file=many.asked.mapping_file
        )
    chip = commands.chip(hardware, skip, dram)
    prices = commands.table_of(table)
    commands.check_priced(prices, chip, chip.name, "mac_issued", "relu_update")
    asked = commands.mapping(mapping, {"schedule": schedule, "batch": batch})
    work, _ = spec.workload(commands.ESTIMATED)
    result = pipeline.estimate(work, chip, asked, prices)
    return replace(result, over_time=by_steps(result)) if over_time else result


def compare(
    *models: Model | Result | ChipResult | str | Path,
    inputs: Any = None,
    labels: Any = None,
    timesteps: int | None = None,
    samples: int | None = None,
    sharing: Values = "none",
    hardware: Values = "sata",
    schedule: Values | None = None,
    batch: Values | None = None,
    table: Values | None = None,
    prices: Values | None = None,
    mapping: str | Path | None = None,
    init: str | None = None,
    rate: float | None = None,
    shape: str | None = None,
    weights: str | Path | None = None,
    settings: Sequence[str] = (),
    coding: str | None = None,
    layout: str | None = None,
    dram: str | None = None,
    bits: Values | None = None,
) -> Comparison:
    """What ``hwsim compare`` works out; every combination of the options' values is a row.

    ``models``: as in :func:`estimate`, results of it, and saved ones by directory, result.json or
    chip.json. ``bits``: e.g. ``["float", 8, "4/12"]``, the float model quantized to these after training
    (docs/quantization.md). ``inputs`` are those of all models; results are not run again. A table's name
    scales it, as in ``horowitz45@28nm_0.9V``. Raises HwsimError for what does not fit.
    """
    if not models:
        raise HwsimError("nothing to compare: give a model or a result")
    variant = Variant(
        checked_texts("settings", settings), shape, "none", init, rate, None, None, coding, layout
    )
    given: list[Given] = []
    for one in models:
        if isinstance(one, Result):
            given.append(Saved.of(one))
        elif isinstance(one, ChipResult):
            given.append(of_cores(one))
        elif isinstance(one, str | Path) and is_saved(str(one)):
            given.append(load_saved(Path(one)))
        else:
            given.append(_spec(one, inputs, labels, weights, samples, timesteps, variant))
    of_models = sum(isinstance(one, WorkloadSpec) for one in given)
    if not of_models:
        return compare_all(given, Asked.of_saved(_text(table)))
    if of_models > 1 and weights is not None:
        raise HwsimError(f"weights are those of one model, not of {of_models}")
    asked = Asked.of(
        _text(sharing), _text(hardware), _text(schedule), _text(batch), _text(table),
        None if mapping is None else checked_path("mapping", mapping), dram, _text(prices), bits=_text(bits),
    )  # fmt: skip
    return compare_all(given, asked)


def _spec(
    model: Model | str | Path,
    inputs: Any,
    labels: Any,
    weights: str | Path | None,
    samples: int | None,
    timesteps: int | None,
    variant: Variant,
) -> WorkloadSpec:
    if isinstance(model, Path):
        model = str(model)
    if labels is not None and (inputs is None or isinstance(inputs, str | Path)):
        raise HwsimError("labels go with inputs that are an array; a file has its own")
    values: Path | NDArray[Any] | None
    if inputs is None or isinstance(inputs, str | Path):
        values = None if inputs is None else checked_path("inputs", inputs)
    else:
        values = as_array(inputs)
    told = None if labels is None else cast(NDArray[np.int64], np.asarray(labels))
    file = None if weights is None else checked_path("weights", weights)
    return WorkloadSpec(model, values, file, samples, timesteps, variant, told)


def _text(values: Values | None) -> str | None:
    """As the command line has it: separated by commas."""
    if values is None or isinstance(values, str):
        return values
    return ",".join(map(str, values)) if isinstance(values, Sequence) else str(values)
