"""``hwsim estimate`` on a chip of many cores, event-driven or tiles: what it takes, prints and writes."""

import json
import re
import warnings
from collections.abc import Mapping as Options
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from hwsim import commands, cost
from hwsim.area import check_own, parse_own
from hwsim.chip.config import Chip
from hwsim.chip.timeline import timeline as traced
from hwsim.delivery import output_directory, progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.hardware import Hardware
from hwsim.manycore.asked import Asked, check_engine, cores_alone, of_cores, refuse, with_barrier
from hwsim.manycore.pipeline import Prices, estimate_chip
from hwsim.manycore.result import RESULT, ChipResult
from hwsim.pipeline import UNTRUSTED, Engine
from hwsim.report import chip_console, console
from hwsim.storage import check_apart, write_text
from hwsim.workloads import WorkloadSpec

SAMPLES = 8
"""Inputs that run if not told how many."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """What is asked of a chip, and the files that are to be written."""

    asked: Asked
    engine: Engine
    timeline: Path | None
    output: Path | None

    @staticmethod
    def of(
        hardware: str,
        mapping: Path | None,
        barrier: str | None,
        prices: str | None,
        table: cost.CostTable | str | Path | None,
        skip: str | None,
        timeline: Path | None,
        output: Path | None,
        engine: str | None,
        of_one_tile: Options[str, Any],
        area: str | None = None,
    ) -> "Estimate":
        own, tables = parse_own(area) if area is not None else None, [commands.table_of(table)]
        asked = Asked.of(hardware, mapping, prices, tables, skip, of_one_tile, own)
        if isinstance(asked.chip, Chip):
            refuse({"table": table}, of_cores(asked.chip))
        else:
            refuse({"prices": prices}, cores_alone())
            check_own(own or {}, [asked.chip])
        chosen = check_engine(engine, asked.chip)
        if barrier is not None:
            asked = replace(asked, chip=with_barrier(asked.chip, barrier))
        if timeline is not None:
            if timeline.suffix != ".json":
                raise HwsimError(f"--timeline {timeline}: its name must end in .json")
            output_directory(str(timeline.parent))
            check_apart(result=output / RESULT if output else None, timeline=timeline)
        return Estimate(asked, chosen, timeline, output)

    @property
    def prices(self) -> Prices:
        if isinstance(self.asked.chip, Hardware):
            return cast(cost.CostTable, self.asked.prices[0])
        return cast(Prices, self.asked.prices)


def estimate(spec: WorkloadSpec, told: Estimate, as_json: bool) -> None:
    """Run the model on the chip, print what it does and costs, write the files that are asked for.

    Raises HwsimError for a network that the cores cannot hold and, after all else, for one that does not
    compute what PyTorch computed.
    """
    with progress_bars() as progress, warnings.catch_warnings():
        work, _ = spec.workload(SAMPLES, progress)
        warnings.filterwarnings("ignore", re.escape(UNTRUSTED), HwsimWarning)
        result = estimate_chip(work, told.asked.chip, told.asked.mapping, told.prices, progress, told.engine)
    result = replace(result, own_areas=told.asked.own_areas)
    values = result.as_dict()
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
    else:
        chip_console.show(values, console.terminal())
    if told.output is not None:
        tell(_write(result, values, told.output), as_json)
    if told.timeline is not None:
        write_text(told.timeline, json.dumps(traced(result.run), allow_nan=False))
        tell({"timeline": told.timeline}, as_json)
    if values["agreement"] and not values["agreement"]["trusted"]:
        raise HwsimError(f"{UNTRUSTED}: {values['agreement']['sentence']}")


def _write(result: ChipResult, values: dict[str, Any], output: Path) -> dict[str, Path]:
    from hwsim.report import chip_page

    return write_together(output, lambda d: result.save(d) | chip_page.write(values, d))
