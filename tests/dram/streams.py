"""Random DRAM tables and request streams, and the engine's answers as plain Python values."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from hypothesis import strategies as st

import hwsim
from hwsim.dram.engine import Engine, Served, Totals, Trace
from hwsim.dram.state import COMMANDS
from hwsim.dram.table import DramTable
from tests.dram.audit import Asked, Command, place

TABLES = Path(hwsim.__file__).parent / "tables" / "dram"

MAPPINGS = (
    "row:rank:bank:bankgroup:column:channel", "row:rank:bank:column:bankgroup:channel",
    "channel:rank:row:column:bank:bankgroup", "row:column:channel:rank:bankgroup:bank",
)  # fmt: skip


def shipped(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((TABLES / f"{name}.yaml").read_text(encoding="utf-8"))
    return values


def small(
    *, channels: int = 1, ranks: int = 1, mapping: str = MAPPINGS[0], policy: str = "open", queue: int = 8,
    age: int = 2000, base: str = "ddr4_2400", **timing: int,
) -> dict[str, Any]:  # fmt: skip
    """A DRAM with few rows, so that random addresses meet, and with a tRC longer than tRAS + tRP."""
    table = shipped(base)
    table["sources"] = {}
    banked = table["banked"]
    banked["organization"] |= {"channels": channels, "ranks": ranks, "rows": 4, "columns": 8}
    banked |= {"mapping": mapping, "page_policy": policy, "queue_bursts": queue, "age_limit_cycles": age}
    banked["timing_cycles"] |= {"REFI": 2400, "RC": banked["timing_cycles"]["RC"] + 4} | timing
    return table


def capacity(table: dict[str, Any]) -> int:
    sizes = table["banked"]["organization"].values()
    return int(np.prod([int(s) for s in sizes])) * int(table["burst_bytes"])


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    return small(
        channels=draw(st.sampled_from([1, 1, 2, 4])),
        ranks=draw(st.sampled_from([1, 1, 2])),
        mapping=draw(st.sampled_from(MAPPINGS)),
        policy=draw(st.sampled_from(["open", "closed"])),
        queue=draw(st.sampled_from([2, 3, 8, 32])),
        age=draw(st.sampled_from([200, 2000])),
        base=draw(st.sampled_from(["ddr4_2400", "lpddr4_2400"])),
    )


@st.composite
def streams(draw: st.DrawFn, table: dict[str, Any], most: int = 60) -> list[Asked]:
    """Runs and jumps, of all sizes, in bursts and with gaps of up to several refreshes."""
    end = capacity(table)
    found, arrival, address = [], 0, 0
    for _ in range(draw(st.integers(1, most))):
        arrival += draw(st.sampled_from([0, 0, 0, 0, 1, 5, 50, 700, 6000]))
        if draw(st.booleans()):
            address = draw(st.integers(0, end - 1))
        size = min(draw(st.sampled_from([1, 64, 64, 64, 100, 640, 5000])), end - address)
        found.append(Asked(arrival, address, size, draw(st.sampled_from([False, False, True]))))
        address = (address + size) % end
    return found


def trace(asked: list[Asked]) -> Trace:
    columns = zip(*((a.arrival, a.address, a.size, a.write) for a in asked), strict=True)
    arrival, address, size, write = (np.array(c, np.int64) for c in columns)
    return Trace(arrival, address, size, write.astype(np.uint8))


def run(
    table: dict[str, Any], asked: list[Asked], *, bulk: bool = True, log: bool = False, **loosened: int
) -> tuple[Engine, Served, Totals]:
    """Serve the stream; ``loosened`` changes constraints in the kernel that the table keeps."""
    engine = Engine(DramTable.model_validate(table), bulk=bulk, log=log)
    engine.timing = engine.timing._replace(**loosened)
    served = engine.feed(trace(asked), final=True)
    return engine, served, engine.totals()


def commands(engine: Engine, table: dict[str, Any]) -> dict[int, list[Command]]:
    """The log of every channel in the auditor's terms; the address of a burst is found by trying."""
    own: dict[int, list[Command]] = {}
    organization = table["banked"]["organization"]
    per_rank = organization["bank_groups"] * organization["banks"]
    for channel in range(organization["channels"]):
        addresses = [
            a for a in range(0, capacity(table), table["burst_bytes"]) if place(a, table).channel == channel
        ]
        own[channel] = [
            Command(
                int(time), COMMANDS[command], int(rank), int(bank) % per_rank if bank >= 0 else -1, int(row),
                addresses[local] if local >= 0 else -1,
            )
            for time, command, rank, bank, row, local in engine.log(channel).tolist()
        ]  # fmt: skip
    return own
