"""``hwsim replay dram``: a CSV of requests through the DRAM engine, chunk by chunk."""

import csv
import json
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.delivery import output_directory, progress_bars, say
from hwsim.dram.energy import core_pj, energy_pj
from hwsim.dram.engine import NOTHING, Served, Totals, engine_of
from hwsim.dram.state import OUTCOMES
from hwsim.dram.table import DramTable, load_dram
from hwsim.errors import HwsimError
from hwsim.replay.dram_requests import ADDED, read_chunks
from hwsim.storage import atomic_path, check_apart, check_file, is_dir, is_same

Progress = Callable[[str, int, int], None]


class Latencies:
    """Least, mean and largest latency in stretches of the trace, at most ``2 * stretches`` of them."""

    def __init__(self, stretches: int = 100) -> None:
        self.stretches, self.width = stretches, 1
        self.rows: list[tuple[int, int, int, int, int]] = []

    def add(self, arrival: NDArray[np.int64], latency: NDArray[np.int64]) -> None:
        """Append requests, in order; neighbours are merged when there are too many stretches."""
        for i in range(0, len(arrival), self.width):
            part = latency[i : i + self.width]
            self.rows.append((int(arrival[i]), int(part.min()), int(part.sum()), int(part.max()), len(part)))
        while len(self.rows) > 2 * self.stretches:
            pairs = [self.rows[i : i + 2] for i in range(0, len(self.rows), 2)]
            self.rows = [
                (
                    p[0][0],
                    min(r[1] for r in p),
                    sum(r[2] for r in p),
                    max(r[3] for r in p),
                    sum(r[4] for r in p),
                )
                for p in pairs
            ]
            self.width *= 2

    def columns(self) -> tuple[list[int], list[int], list[float], list[int]]:
        """Arrival (cycle), least, mean and largest latency (cycles) of every stretch."""
        return (
            [r[0] for r in self.rows],
            [r[1] for r in self.rows],
            [r[2] / r[4] for r in self.rows],
            [r[3] for r in self.rows],
        )


def deliver(
    trace: Path,
    output: Path,
    chosen: tuple[str, str | None, str | None],
    plot: Path | None,
    as_json: bool,
) -> None:
    """Replay a trace; print the summary; write the served trace and, if asked, the picture.

    ``chosen``: table, mapping and page policy; the last two None for the table's own.
    """
    check_apart(trace=trace, output=output, plot=plot)
    name, mapping, page_policy = chosen
    table = load_dram(name).changed(mapping, page_policy)
    for path in (output, *((plot,) if plot else ())):
        if is_dir(path):
            raise HwsimError(f"{path}: is a directory; name a file")
        output_directory(str(path.parent))
    if plot is not None and plot.suffix != ".png":
        raise HwsimError(f"--plot {plot}: the picture is a .png")
    with progress_bars() as progress:
        totals, latencies = replay(trace, output, table, progress)
    show(summary(table, totals), as_json)
    if plot is not None:
        from hwsim.report import latency

        latency.draw(plot, f"{table.name}: {trace.name}", latencies.columns())
    if not as_json:
        say(f"served: {output}")
        if plot is not None:
            say(f"plot: {plot}")


def replay(
    source: Path, output: Path, table: DramTable, progress: Progress = lambda *_: None
) -> tuple[Totals, Latencies]:
    """Serve every request of ``source`` and write it, with its completion and row outcome, to ``output``.

    Raises HwsimError naming file and line of a row that is not a request, and writes nothing then.
    """
    check_file(source)
    if is_same(output, source):
        raise HwsimError(f"{output}: is the trace itself; name another file")
    engine, latencies = engine_of(table), Latencies()
    waiting: list[list[str]] = []
    arrivals = np.zeros(0, np.int64)
    size = source.stat().st_size
    try:
        with source.open("rb") as raw, atomic_path(output) as aside:
            lines = TextIOWrapper(raw, encoding="utf-8-sig", newline="")
            with aside.open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out, lineterminator="\n")
                chunks = read_chunks(source, lines, table.capacity_bytes)
                header = next(chunks)[0]
                writer.writerow([*header[0], *ADDED])
                for rows, trace in chunks:
                    served = engine.feed(trace)
                    waiting += rows
                    arrivals = np.concatenate([arrivals, trace.arrival])
                    waiting, arrivals = _write(writer, waiting, arrivals, served, latencies)
                    progress("bytes of the trace", raw.tell(), size)
                served = engine.feed(NOTHING, final=True)
                waiting, arrivals = _write(writer, waiting, arrivals, served, latencies)
                assert not waiting
    except UnicodeDecodeError as error:
        raise HwsimError(f"{source}: not a text file ({error})") from None
    except OSError as error:
        raise HwsimError(f"{error.filename or output}: {error.strerror or error}") from None
    return engine.totals(), latencies


def _write(
    writer: Any, waiting: list[list[str]], arrivals: NDArray[np.int64], served: Served, latencies: Latencies
) -> tuple[list[list[str]], NDArray[np.int64]]:
    """Write the rows that are served; returns what is left of rows and arrivals."""
    n = len(served.completion)
    completion, outcome = served.completion.tolist(), served.outcome.tolist()
    writer.writerows([*row, completion[i], OUTCOMES[outcome[i]]] for i, row in enumerate(waiting[:n]))
    latencies.add(arrivals[:n], served.completion - arrivals[:n])
    return waiting[n:], arrivals[n:]


def summary(table: DramTable, totals: Totals) -> dict[str, Any]:
    """Totals, commands, energy by command and rates of a replay, as JSON values."""
    seconds = totals.cycles / table.clock_hz
    energies = energy_pj(table, totals)
    banked = table.banked
    return {
        "dram": table.name,
        "mapping": banked.mapping if banked else None,
        "page_policy": banked.page_policy if banked else None,
        "queue_bursts": banked.queue_bursts if banked else None,
        "clock_hz": table.clock_hz,
        "cycles": totals.cycles,
        "seconds": seconds,
        "requests": totals.requests,
        "bytes_asked": totals.bytes_asked,
        "bytes_moved": totals.bytes_moved,
        "bandwidth_bytes_per_s": totals.bytes_moved / seconds if totals.cycles else 0.0,
        "peak_bandwidth_bytes_per_s": table.peak_bytes_per_s,
        "commands": {
            "activate": totals.activates,
            "read": totals.reads,
            "write": totals.writes,
            "refresh": totals.refreshes,
        },
        "row_outcomes": {"hit": totals.hits, "closed": totals.closed, "conflict": totals.conflicts},
        "row_hit_rate": totals.hits / totals.bursts if banked and totals.bursts else None,
        "active_cycles": totals.active_cycles,
        "precharged_cycles": totals.precharged_cycles,
        "energy_pj": energies,
        "energy_without_io_pj": core_pj(energies),
        "unpriced": [name for name, value in energies.items() if value is None],
    }


def show(values: dict[str, Any], as_json: bool) -> None:
    """Print the summary: one JSON object, or lines for people."""
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
        return
    rate = values["row_hit_rate"]
    say(f"{values['dram']}: {values['requests']:,} requests, {values['bytes_moved']:,} bytes moved")
    say(f"cycles: {values['cycles']:,} ({values['seconds'] * 1e6:,.3f} us)")
    share = values["bandwidth_bytes_per_s"] / values["peak_bandwidth_bytes_per_s"]
    say(f"bandwidth: {values['bandwidth_bytes_per_s'] / 1e9:.2f} GB/s, {share:.1%} of the pins")
    say("commands: " + ", ".join(f"{name} {count:,}" for name, count in values["commands"].items()))
    say("row hit rate: " + ("none: no rows" if rate is None else f"{rate:.1%}"))
    for name, energy in values["energy_pj"].items():
        say(f"energy, {name}: " + ("not priced" if energy is None else f"{energy / 1e3:,.1f} nJ"))
