"""``hwsim replay noc --pattern``: a load-latency curve as CSV, JSON and picture."""

import csv
import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsim.delivery import progress_bars, say
from hwsim.errors import HwsimError
from hwsim.noc.config import NocTable
from hwsim.noc.curves import Method, Point, curve
from hwsim.noc.network import LONGEST
from hwsim.noc.patterns import pattern_of
from hwsim.replay.noc_replay import check_output, facts
from hwsim.storage import atomic_path, check_apart


@dataclass(frozen=True)
class Load:
    """What a curve is to be made of."""

    pattern: str
    rates: list[float]
    seeds: list[int]
    packet_size: int
    method: Method


def asked(pattern: str, rates: str, seeds: str, packet_size: int, method: Method) -> Load:
    """Read the options of the command line. Raises HwsimError naming a wrong one."""
    pattern_of(pattern)
    if packet_size > LONGEST:
        raise HwsimError(f"--packet-size {packet_size}; must be 1 to {LONGEST}")
    try:
        found = [float(text) for text in rates.split(",")]
    except ValueError:
        found = [-1.0]
    for rate in found:
        if not 0 < rate <= 1:
            raise HwsimError(f"--rate {rates!r}; must be numbers above 0 up to 1, separated by commas")
    if not all(text.strip().isdecimal() for text in seeds.split(",")):
        raise HwsimError(f"--seeds {seeds!r}; must be whole numbers, separated by commas")
    return Load(pattern, found, [int(text) for text in seeds.split(",")], packet_size, method)


def deliver(output: Path, table: NocTable, load: Load, plot: Path | None, as_json: bool) -> None:
    """Measure the curve; print it; write it and, if asked, its picture."""
    check_apart(output=output, plot=plot)
    check_output(output, *((plot,) if plot else ()))
    if plot is not None and plot.suffix not in (".png", ".svg"):
        raise HwsimError(f"--plot {plot}: the picture is a .png or an .svg")
    with progress_bars() as progress:
        points = curve(table, load.pattern, load.rates, load.packet_size, load.seeds, load.method, progress)
    rows = [_finite(point) for point in points]
    try:
        with atomic_path(output) as aside, aside.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, [f.name for f in dataclasses.fields(Point)], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise HwsimError(f"{output}: {error.strerror or error}") from None
    if plot is not None:
        from hwsim.report import load_latency

        title = f"{table.topology} {table.width} x {table.height}, {load.pattern}, {load.packet_size} flits"
        load_latency.draw(plot, title, [(p.offered, p.accepted, p.latency, p.stable) for p in points])
    if as_json:
        say(json.dumps({**facts(table), "points": rows}, indent=1, allow_nan=False))
        return
    say("rate    latency  accepted  hops  (cycles; flits per tile and cycle)")
    for p in points:
        end = "" if p.stable else "  saturated or not converged"
        say(f"{p.rate:<7g} {p.latency:7.2f}  {p.accepted:8.4f}  {p.hops:4.2f}{end}")
    say(f"curve: {output}")
    if plot is not None:
        say(f"plot: {plot}")


def _finite(point: Point) -> dict[str, Any]:
    """A point as JSON values: None where nothing arrived."""
    values = dataclasses.asdict(point)
    return {name: None if isinstance(v, float) and math.isnan(v) else v for name, v in values.items()}
