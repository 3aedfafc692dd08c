"""``hwsim replay noc TRACE``: packets of a file through the network, chunk by chunk."""

import json
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hwsim.delivery import output_directory, progress_bars, say
from hwsim.errors import HwsimError, nearest
from hwsim.noc.config import Delays, NocTable, load_noc
from hwsim.noc.counts import Totals
from hwsim.noc.network import LONGEST, Deliveries, Network
from hwsim.replay.noc_trace import Reader
from hwsim.report.numbers import amount
from hwsim.storage import atomic_path, check_file, is_dir, is_same

COLUMNS = ("pid", "src", "dst", "ctime", "itime", "atime", "hops")

Progress = Callable[[str, int, int], None]


def network(table: str, size: str | None, delays: list[str] | None, **options: Any) -> NocTable:
    """The table with what the command line changes. Raises HwsimError naming what is wrong."""
    sides: dict[str, Any] = {}
    if size is not None:
        try:
            sides = dict(zip(("width", "height"), map(int, size.lower().split("x")), strict=True))
        except ValueError:
            raise HwsimError(f"--size {size!r}; must be two whole numbers as in 8x8") from None
    cycles: dict[str, int] = {}
    for text in delays or ():
        name, _, value = text.partition("=")
        if name not in Delays.model_fields:
            raise HwsimError(f"--delay {text!r}.{nearest(name, list(Delays.model_fields))}")
        if not value.isdecimal():
            raise HwsimError(f"--delay {text!r}; must be {name}=cycles, a whole number")
        cycles[name] = int(value)
    return load_noc(table).changed(**sides, delays=cycles, **options)


def from_trace(
    trace: Path | None, pattern: str | None, rate: str | None, plot: Path | None, multicast: str | None
) -> bool:
    """Whether a trace is to be replayed, not a pattern. Raises HwsimError if it is not clear."""
    if (trace is None) == (pattern is None):
        raise HwsimError("give a trace or --pattern, one of them")
    if trace is None and rate is None:
        raise HwsimError("--pattern needs --rate, e.g. --rate 0.05,0.1,0.2")
    if trace is not None and (rate is not None or plot is not None):
        raise HwsimError(f"{'--rate' if rate is not None else '--plot'} belongs to --pattern")
    if trace is None and multicast is not None:
        raise HwsimError("--multicast belongs to a trace: packets of a pattern go to one tile each")
    return trace is not None


def check_output(*paths: Path) -> None:
    for path in paths:
        if is_dir(path):
            raise HwsimError(f"{path}: is a directory; name a file")
        output_directory(str(path.parent))


def deliver(trace: Path, output: Path, table: NocTable, packet_size: int, as_json: bool) -> None:
    """Replay a trace, print the summary, write a row for each tile that a packet reaches."""
    check_output(output)
    if packet_size > LONGEST:
        raise HwsimError(f"--packet-size {packet_size}; must be 1 to {LONGEST}")
    with progress_bars() as progress:
        totals, rows = replay(trace, output, table, packet_size, progress)
    values = summary(table, totals, rows)
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
        return
    reached = f" to {amount(rows.written, 'tile')}" if rows.written != rows.packets else ""
    packets, cycles = amount(rows.packets, "packet"), amount(values["cycles"], "cycle")
    say(f"{values['network']}: {packets}{reached} in {cycles}")
    if rows.packets:
        say(f"mean latency: {values['mean_latency_cycles']:,.2f} cycles")
    say(f"flit-hops: {values['flit_hops']:,}, over links {values['link_traversals']:,}")
    say("stalls: " + ", ".join(f"{name} {count:,}" for name, count in values["stall_cycles"].items()))
    say(f"packets: {output}")


def replay(
    source: Path, output: Path, table: NocTable, packet_size: int, progress: Progress = lambda *_: None
) -> tuple[Totals, "Rows"]:
    """Write every packet of ``source`` with its times to ``output``.

    Raises HwsimError naming line and field of what is not a packet, and writes nothing then.
    """
    check_file(source)
    if is_same(output, source):
        raise HwsimError(f"{output}: is the trace itself; name another file")
    engine, reader = Network(table), Reader(source, table.tiles, packet_size)
    total = source.stat().st_size
    try:
        with source.open("rb") as raw, atomic_path(output) as aside:
            lines = TextIOWrapper(raw, encoding="utf-8-sig")
            with aside.open("w", encoding="utf-8", newline="") as out:
                rows = Rows(out)
                for groups, given in reader.chunks(lines):
                    engine.add_groups(groups)
                    engine.feed(given)
                    rows.expect(given.deliveries(engine.groups))
                    engine.advance(int(given.created[-1]))
                    rows.add(engine.take())
                    progress("bytes of the trace", raw.tell(), total)
                engine.run()
                rows.add(engine.take())
    except UnicodeDecodeError as error:
        raise HwsimError(f"{source}: not a text file ({error})") from None
    except OSError as error:
        raise HwsimError(f"{error.filename or output}: {error.strerror or error}") from None
    return engine.totals(), rows


class Rows:
    """Deliveries as rows of a CSV, by packet and then tile: each packet waits for all of those before it.

    ``due``: the packets of the rows that are not written yet; ``latency``: the sum over all rows.
    """

    def __init__(self, out: IO[str]) -> None:
        self.out, self.packets, self.written, self.latency = out, 0, 0, 0
        self.due = np.zeros(0, np.int64)
        self.waiting = np.zeros((0, len(COLUMNS)), np.int64)
        out.write(",".join(COLUMNS) + "\n")

    def expect(self, tiles: NDArray[np.int64]) -> None:
        """The next packets will reach so many ``tiles`` each."""
        number = self.packets + np.arange(len(tiles))
        self.due = np.concatenate([self.due, np.repeat(number, tiles)])
        self.packets += len(tiles)

    def add(self, found: Deliveries) -> None:
        self.latency += int((found.arrived - found.created).sum())
        rows = np.concatenate([self.waiting, np.stack(found, axis=1)])
        rows = rows[np.lexsort((rows[:, 2], rows[:, 0]))]
        late = np.flatnonzero(rows[:, 0] != self.due[: len(rows)])
        ready = int(late[0]) if len(late) else len(rows)
        if ready < len(self.due):
            ready = int(np.searchsorted(self.due, self.due[ready]))
        self.out.writelines(",".join(map(str, row)) + "\n" for row in rows[:ready].tolist())
        self.waiting, self.due, self.written = rows[ready:], self.due[ready:], self.written + ready


def summary(table: NocTable, totals: Totals, rows: Rows) -> dict[str, Any]:
    """What went through the network, as JSON values."""
    return {
        **facts(table),
        "cycles": totals.cycles,
        "multicast": table.multicast,
        "packets": rows.packets,
        "deliveries": rows.written,
        "mean_latency_cycles": rows.latency / rows.written if rows.written else None,
        "flits_injected": int(totals.injected.sum()),
        "flits_ejected": totals.ejected,
        "forks": totals.forks,
        "flit_hops": totals.flit_hops,
        "saved_flit_hops": totals.saved_flit_hops,
        "link_traversals": totals.link_traversals,
        "buffer_writes": int(totals.buffer_writes.sum()),
        "buffer_reads": int(totals.buffer_reads.sum()),
        "crossbar_traversals": int(totals.buffer_reads.sum()),
        "vc_allocations": int(totals.vc_allocations.sum()),
        "stall_cycles": totals.stall_cycles(),
    }


def facts(table: NocTable) -> dict[str, Any]:
    """What tells one network from another."""
    return {
        "network": table.name,
        "topology": table.topology,
        "width": table.width,
        "height": table.height,
        "routing": table.routing,
        "virtual_channels": table.virtual_channels,
        "buffer_flits": table.buffer_flits,
        "delays": table.delays.model_dump()
        | {"link_y": table.delays.links[1], "credit_link_y": table.delays.credit_links[1]},
        "receive_queue_flits": table.receive_queue_flits,
        "drain_cycles": table.drain_cycles,
    }
