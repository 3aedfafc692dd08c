"""An auditor of DRAM commands in plain Python: it knows the table and the standard's rules, not the kernel.

A command is compared with every earlier one near enough to matter, pair by pair.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

NAMES = ("ACT", "RD", "WR", "PRE", "PREA", "REF")
FREE = -1000  # no constraint; the command bus, which an auto-precharge does not take, has a check of its own


@dataclass(frozen=True)
class Command:
    """``bank``: counted in its rank; -1 for PREA and REF. ``address``: of the burst, for RD and WR."""

    time: int
    name: str
    rank: int
    bank: int = -1
    row: int = -1
    address: int = -1


@dataclass(frozen=True)
class Place:
    channel: int
    rank: int
    bank: int
    row: int
    column: int


def place(address: int, table: dict[str, Any]) -> Place:
    """Where a byte lies: the mapping read from its lowest field upward."""
    organization = table["banked"]["organization"]
    sizes = {
        "channel": organization["channels"], "rank": organization["ranks"], "row": organization["rows"],
        "bankgroup": organization["bank_groups"], "bank": organization["banks"],
        "column": organization["columns"],
    }  # fmt: skip
    rest = address // table["burst_bytes"]
    found = {}
    for name in reversed(table["banked"]["mapping"].split(":")):
        rest, found[name] = divmod(rest, sizes[name])
    assert rest == 0
    bank = found["bankgroup"] * sizes["bank"] + found["bank"]
    return Place(found["channel"], found["rank"], bank, found["row"], found["column"])


def of_one_bank(t: dict[str, int]) -> dict[tuple[str, str], int]:
    """Cycles between commands of one bank that others do not see."""
    return {
        ("ACT", "RD"): t["RCD"], ("ACT", "WR"): t["RCD"], ("ACT", "PRE"): t["RAS"], ("RD", "PRE"): t["RTP"],
        ("WR", "PRE"): t["CWL"] + t["BL"] + t["WR"], ("PRE", "ACT"): t["RP"], ("PREA", "ACT"): t["RPab"],
        ("PRE", "REF"): t["RP"], ("PREA", "REF"): t["RPab"], ("ACT", "REF"): t["RC"],
    }  # fmt: skip


def least(a: Command, b: Command, t: dict[str, int], within: dict[tuple[str, str], int], banks: int) -> int:  # noqa: PLR0911
    """Cycles that must lie between an earlier command ``a`` and a later ``b``; ``within`` one bank."""
    first, second = a.name.rstrip("A") if a.name in ("RDA", "WRA") else a.name, b.name.removesuffix("A")
    second = "PRE" if b.name in ("PRE", "PREA") else second
    same_rank = a.rank == b.rank
    same_bank = same_rank and (a.bank == b.bank or b.bank < 0 or a.bank < 0)
    same_group = same_rank and a.bank // banks == b.bank // banks
    pair = (first, second)
    if pair == ("ACT", "ACT"):
        if not same_rank:
            return FREE
        return t["RC"] if same_bank else t["RRD_L"] if same_group else t["RRD_S"]
    if pair in (("RD", "RD"), ("WR", "WR")):
        return (t["CCD_L"] if same_group else t["CCD_S"]) if same_rank else t["BL"] + t["RTRS"]
    if pair == ("RD", "WR"):
        gap = t["RTW"] if same_rank else max(t["RTW"], t["RTRS"])
        return t["CL"] + t["BL"] + gap - t["CWL"]
    if pair == ("WR", "RD"):
        if same_rank:
            return t["CWL"] + t["BL"] + (t["WTR_L"] if same_group else t["WTR_S"])
        return t["CWL"] + t["BL"] + t["RTRS"] - t["CL"]
    if not same_bank:
        return FREE
    return within.get(pair, FREE)


def farthest(t: dict[str, int], banks: int) -> int:
    """The longest of all gaps: commands farther apart concern each other no more."""
    within, places = of_one_bank(t), ((0, 0), (0, 1), (0, banks), (1, 0))
    every = [Command(0, name, rank, bank) for name in NAMES for rank, bank in places]
    return max(least(a, b, t, within, banks) for a in every for b in every)


def audit(commands: Iterable[Command], table: dict[str, Any]) -> list[str]:
    """Everything that is wrong with the commands of one channel, each in words; none of it if it is empty."""
    wrong: list[str] = []
    t = table["banked"]["timing_cycles"]
    organization = table["banked"]["organization"]
    banks = organization["banks"]
    near: list[Command] = []
    within, far = of_one_bank(t), farthest(t, banks)
    open_rows: dict[tuple[int, int], int] = {}
    opened: dict[tuple[int, int], int] = {}
    activates: dict[int, list[int]] = {}
    refreshes: dict[int, list[int]] = {r: [] for r in range(organization["ranks"])}
    bus_free, last_time, end = 0, -1, 0

    def check(later: Command) -> None:
        for earlier in near:
            # a precharge of all banks concerns those that are open
            if later.name == "PREA" and earlier.bank >= 0 and (later.rank, earlier.bank) not in open_rows:
                continue
            gap = least(earlier, later, t, within, banks)
            if later.time - earlier.time < gap:
                wrong.append(f"{later} comes less than {gap} cycles after {earlier}")

    for c in commands:
        if c.time <= last_time:
            wrong.append(f"{c} shares the command bus with another, or goes back in time")
        last_time = end = c.time
        near = [e for e in near if c.time - e.time < far]
        check(c)
        key = (c.rank, c.bank)
        if refreshes[c.rank] and c.time - refreshes[c.rank][-1] < t["RFC"]:
            wrong.append(f"{c} comes during a refresh")
        match c.name:
            case "ACT":
                if key in open_rows:
                    wrong.append(f"{c}: the bank is open")
                window = activates.setdefault(c.rank, [])
                window.append(c.time)
                if len(window) > 4 and window[-1] - window[-5] < t["FAW"]:
                    wrong.append(f"{c} is the fifth ACT in less than {t['FAW']} cycles")
                open_rows[key], opened[key] = c.row, c.time
            case "PRE":
                if open_rows.pop(key, None) is None:
                    wrong.append(f"{c}: the bank is closed")
            case "PREA":
                for other in [k for k in open_rows if k[0] == c.rank]:
                    del open_rows[other]
            case "REF":
                if any(k[0] == c.rank for k in open_rows):
                    wrong.append(f"{c}: a bank is open")
                refreshes[c.rank].append(c.time)
            case "RD" | "WR" | "RDA" | "WRA":
                p = place(c.address, table)
                if (p.rank, p.bank, p.row) != (c.rank, c.bank, c.row) or open_rows.get(key) != c.row:
                    wrong.append(f"{c}: its row is not open")
                is_read = c.name.startswith("RD")
                data = c.time + (t["CL"] if is_read else t["CWL"])
                if data < bus_free:
                    wrong.append(f"{c}: its data meets other data on the bus")
                bus_free = data + t["BL"]
                if c.name.endswith("A"):
                    recovery = t["RTP"] if is_read else t["CWL"] + t["BL"] + t["WR"]
                    closing = max(c.time + recovery, opened[key] + t["RAS"])
                    near.append(Command(closing, "PRE", c.rank, c.bank))
                    open_rows.pop(key, None)
            case _:
                wrong.append(f"{c}: no such command")
        near.append(c)
    for rank, times in refreshes.items():
        # JESD79-4: at most eight refreshes may be postponed; none of ours comes before it is due
        for n, time in enumerate(times):
            due = t["REFI"] * (rank + 1) // organization["ranks"] + n * t["REFI"]
            if not due <= time <= due + t["REFI"]:
                wrong.append(f"refresh {n} of rank {rank} is due at {due} and comes at {time}")
        if len(times) < end // t["REFI"] - 1:
            wrong.append(f"rank {rank} had {len(times)} refreshes in {end} cycles")
    return wrong


@dataclass(frozen=True)
class Asked:
    arrival: int
    address: int
    size: int
    write: bool


def account(
    asked: list[Asked], completions: list[int], commands: dict[int, list[Command]], table: dict[str, Any]
) -> list[str]:
    """Whether each request was served once: all its bursts, in order where one writes, done when it says."""
    wrong: list[str] = []
    size, t = table["burst_bytes"], table["banked"]["timing_cycles"]
    moves: dict[int, list[tuple[int, bool]]] = {}
    for channel, listed in commands.items():
        for c in listed:
            if c.name[:2] in ("RD", "WR"):
                if place(c.address, table).channel != channel:
                    wrong.append(f"{c} is in channel {channel}")
                moves.setdefault(c.address, []).append((c.time, c.name.startswith("WR")))
    wanted: dict[int, list[bool]] = {}
    for request, completion in zip(asked, completions, strict=True):
        latency = t["BL"] + (t["CWL"] if request.write else t["CL"])
        first, last = request.address // size, (request.address + request.size - 1) // size
        ends = set()
        for address in range(first * size, last * size + 1, size):
            wanted.setdefault(address, []).append(request.write)
            own = [
                at for at, write in moves.get(address, []) if write == request.write and at >= request.arrival
            ]
            ends |= {at + latency for at in own}
            if not any(at + latency <= completion for at in own):
                wrong.append(f"{request}: burst {address} did not move before {completion}")
        if completion not in ends:
            wrong.append(f"{request}: no data ends at its completion {completion}")
    for address in wanted.keys() | moves.keys():
        if [write for _, write in moves.get(address, [])] != wanted.get(address, []):
            wrong.append(f"burst {address}: asked {wanted.get(address)}, moved {moves.get(address)}")
    return wrong
