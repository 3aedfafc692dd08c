"""What the commands do with their arguments: open, call the pipeline, show."""

import json
import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from hwsim import cost, hardware, inspection, operations, pipeline
from hwsim.area import check_own, parse_own
from hwsim.configuration import describe
from hwsim.delivery import progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, HwsimWarning, nearest
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import structure
from hwsim.lists import parts_of
from hwsim.manycore.chips import open_chip
from hwsim.mapping import Mapping, load_mapping
from hwsim.memories import DramTiming
from hwsim.network import Network
from hwsim.over_time import over_time as by_steps
from hwsim.pe_array import Skip
from hwsim.report import console, network_console
from hwsim.report.claim import claim
from hwsim.result import Result
from hwsim.storage import write_text
from hwsim.variants import varied
from hwsim.workloads import WorkloadSpec

ESTIMATED, COUNTED = 128, 16
"""Inputs that estimate and ops take if they are not told how many."""

TABLE = "sata_kernels"
"""Prices of chips with arrays, if not told which."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A chip of one tile and what is asked of it."""

    tile: hardware.Hardware
    mapping: Mapping
    prices: cost.CostTable
    engine: pipeline.Engine
    own_areas: dict[str, float] | None = None

    @staticmethod
    def of(
        chip_name: str,
        mapping_file: Path | None,
        options: dict[str, Any],
        skip: str | None,
        dram: str | None,
        table: str | None,
        engine: str | None,
        area: str | None = None,
    ) -> "Asked":
        """From names and files; ``options`` are fields of the mapping. Raises HwsimError for what they
        cannot be, before any work begins."""
        tile, prices = chip(chip_name, skip, dram), cost.load_table(table or TABLE)
        check_priced(prices, tile, chip_name, "mac_issued", "relu_update")
        chosen = choice("engine", engine or "kernel", pipeline.Engine)
        own_areas = parse_own(area) if area is not None else None
        if own_areas:
            check_own(own_areas, [tile])
        return Asked(tile, mapping(mapping_file, options), prices, chosen, own_areas)


def estimate(spec: WorkloadSpec, asked: Asked, over_time: bool = False) -> Result:
    """The model on one tile, and with ``over_time`` answers after fewer steps. That costs are not the
    model's is for :func:`deliver` to say."""
    with progress_bars() as progress:
        work, _ = spec.workload(ESTIMATED, progress)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", re.escape(pipeline.UNTRUSTED), HwsimWarning)
            found = pipeline.estimate(work, asked.tile, asked.mapping, asked.prices, asked.engine, progress)
        found = replace(found, own_areas=asked.own_areas)
        if not over_time:
            return found
        rows = by_steps(found, lambda done, steps: progress("fewer steps", done, steps))
        return replace(found, over_time=rows)


def deliver(result: Result, output: Path | None, as_json: bool, claimed: bool = False) -> None:
    """Print the result as a table or as JSON; write the files if a directory is given. ``claimed``: also the
    paragraph to cite, which stands beside no JSON.

    Raises HwsimError, after all that, if the network does not compute what PyTorch computed.
    """
    values = result.as_dict()
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
    else:
        console.show(values, console.terminal())
        if claimed:
            say(claim(values))
    if output is not None:
        tell(_write(result, output, claim(values) if claimed else None), as_json)
    if values["agreement"] and not values["agreement"]["trusted"]:
        raise HwsimError(f"{pipeline.UNTRUSTED}: {values['agreement']['sentence']}")


def _write(result: Result, output: Path, paragraph: str | None) -> dict[str, Path]:
    from hwsim.report import page

    def make(directory: Path) -> dict[str, Path]:
        paths = result.save(directory) | {"report": page.write(result.as_dict(), directory)}
        if paragraph is None:
            return paths
        write_text(directory / "claim.txt", paragraph + "\n")
        return paths | {"claim": directory / "claim.txt"}

    return write_together(output, make)


def inspect(spec: WorkloadSpec) -> tuple[Network, dict[str, Any]]:
    """The network as asked for and what :func:`hwsim.inspection.describe` says of it."""
    spec.check()
    opened, variant = spec.timed(), spec.variant
    steps = spec.steps(opened)
    with progress_bars() as progress:
        if isinstance(opened.model, Network):
            nothing = np.zeros((0, *opened.model.input.shape), np.float32)
            work, _ = varied(pipeline.Workload(opened.model, nothing), opened, variant, False, progress)
            return work.network, inspection.describe(work.network)
        values, synthetic = spec.looked_at(opened, steps)
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
        network_console.show_network(shown, console.terminal())
    if output is None:
        return
    from hwsim.report import graph

    def make(directory: Path) -> dict[str, Path]:
        paths = graph.write(network, shown, directory)
        write_text(directory / "inspect.json", json.dumps(shown, indent=1) + "\n")
        return paths | {"inspect": directory / "inspect.json"}

    tell(write_together(output, make), as_json)


def count_operations(spec: WorkloadSpec, as_json: bool) -> None:
    """Run the model on its inputs and print its operations in every definition.

    Raises HwsimError, after that, if the network does not compute what PyTorch computed.
    """
    with progress_bars() as progress:
        work, _ = spec.workload(COUNTED, progress)
        encoded = encode(work.network, work.inputs)
        trace = execute(work.network, encoded, lambda done, total: progress("execute", done, total))
    agreement = agree(work.network, trace, work.reference) if work.reference else None
    counted = operations.count(work.network, trace).as_dict()
    sentence = None if agreement is None else agreement.sentence()
    if as_json:
        say(json.dumps(counted | {"agreement": sentence}, indent=1, allow_nan=False))
    else:
        network_console.show_operations(counted, console.terminal())
        say(sentence or "")
    if agreement is not None and not agreement.trusted:
        raise HwsimError(f"the captured network does not compute what the model computes: {sentence}")


def choice(name: str, value: str, allowed: Any) -> Any:
    """The value of an option, one of those of a Literal. Raises HwsimError for any other."""
    if value not in get_args(allowed):
        raise HwsimError(f"--{name} {value!r}.{nearest(value, list(get_args(allowed)))}")
    return value


def chip(
    name: str | Path | hardware.Hardware, skip: str | None, dram: str | None = None
) -> hardware.Hardware:
    """The chip, with another way to treat dead inputs and to time its DRAM if asked."""
    chip = name if isinstance(name, hardware.Hardware) else open_chip(str(name))
    if not isinstance(chip, hardware.Hardware):
        raise HwsimError(f"{name}: a chip of event-driven cores: hwsim estimate and hwsim map take it")
    if skip is not None:
        chip = chip.with_skip(choice("skip", skip, Skip))
    return chip if dram is None else chip.with_dram(choice("dram", dram, DramTiming))


def scaled(tables: str | None, node: int | None, vdd: float | None) -> str | None:
    """Names of tables, separated by commas, as scaled to a node and a voltage; unchanged without either.

    Raises HwsimError for a table that cannot be.
    """
    if node is None and vdd is None:
        return tables
    names = []
    for name in parts_of("table", tables or TABLE):
        table = cost.load_table(name)
        to = table.node_nm if node is None else node
        table.scaled(to, vdd)
        names.append(name + cost.suffix(to, vdd))
    return ",".join(names)


def table_of(table: cost.CostTable | str | Path | None) -> cost.CostTable:
    """A table as it is, by its name or file, or without any TABLE."""
    if isinstance(table, cost.CostTable):
        return table
    return cost.load_table(TABLE if table is None else str(table))


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


def mapping(source: Mapping | str | Path | None, options: dict[str, Any]) -> Mapping:
    """A mapping, that of a file, or the default, with the options that are given in place of its own."""
    base = source if isinstance(source, Mapping) else load_mapping(Path(source)) if source else Mapping()
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Mapping.model_validate(base.model_dump() | given)
    except ValidationError as error:
        raise HwsimError(describe(error, Mapping, "options")) from None
