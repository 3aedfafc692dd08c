"""What the kernel keeps of one channel: arrays whose columns are named here, and nothing else."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.dram.mapping import places, without_channel
from hwsim.dram.table import Banked

Int = NDArray[np.int64]

NOW, OCCUPIED, SEGMENTS, FRONT, FRONT_LOCAL, FRONT_END, LOGGED, SCAN, TAIL, CLOCK_WORDS = range(10)
"""Columns of ``clock``: the next cycle with a free command bus, bursts and segments in the queue, the
request whose bursts enter next, its next burst and its last + 1, commands in the log,
searches for a command, whether the youngest segment holds the burst that entered last."""

DUE, OPEN_BANKS, ACTIVE_FROM, LAST_CLOSE, ACTIVE_CYCLES, FAW_AT, FAW_FIRST = range(7)
RANK_WORDS = FAW_FIRST + 4
"""Columns of ``rank``: next refresh, banks open, the cycles in which some is, the last four ACTs."""

READ_READY, WRITE_READY, ACT_READY, GROUP_WORDS = range(4)
"""Columns of ``group``: first cycle in which a bank of this group may take the command."""

OPEN_ROW, BANK_ACT, BANK_PRE, BANK_COLUMN, HITS, SEEN, BANK_WORDS = range(7)
"""Columns of ``bank``: its row (-1: closed), first cycles for ACT, PRE, RD and WR, segments for its row,
the search that looked at it last."""

S_BANK, S_ROW, S_WRITE, S_COUNT, S_REQUEST, S_END, S_LOCAL, S_TOUCH, S_SINCE, SEGMENT_WORDS = range(10)
"""Columns of ``segment``: consecutive bursts of one row in one direction. Bank, row, direction, bursts
left; request of the next burst and that request's last burst + 1; the next burst; what was done for it so
far (an outcome); since when it waits."""

ACT, PRE, RD, WR, RDA, WRA, PREA, REF = range(8)
COMMANDS = ("ACT", "PRE", "RD", "WR", "RDA", "WRA", "PREA", "REF")

HIT, CLOSED, CONFLICT, NONE = range(4)
OUTCOMES = ("hit", "closed", "conflict", "none")
"""A burst found its row open, its bank closed, or another row open; a flat DRAM has no rows."""

N_ACT, N_READ, N_WRITE, N_REFRESH, N_HIT, N_CLOSED, N_CONFLICT, COUNTS = range(8)

L_TIME, L_COMMAND, L_RANK, L_BANK, L_ROW, L_LOCAL, LOG_WORDS = range(7)

DONE, WANTS_REQUESTS, LOG_FULL = range(3)
"""Why the kernel returned."""

NEVER = np.int64(2**62)


class Timing(NamedTuple):
    """Constraints in cycles, and what the controller is set to."""

    CL: int
    CWL: int
    BL: int
    RCD: int
    RP: int
    RPab: int
    RAS: int
    RC: int
    RRD_S: int
    RRD_L: int
    FAW: int
    CCD_S: int
    CCD_L: int
    WTR_S: int
    WTR_L: int
    WR: int
    RTP: int
    RTW: int
    RTRS: int
    REFI: int
    RFC: int
    closed: int
    age_limit: int
    bulk: int


class Layout(NamedTuple):
    """Where the fields lie in the number of a burst, and how many groups and banks there are."""

    burst_bits: int
    channel: int
    channel_at: int
    channel_bits: int
    rank_at: int
    group_at: int
    bank_at: int
    row_at: int
    column_at: int
    ranks: int
    groups: int
    banks: int
    rows: int
    columns: int
    group_bits: int
    bank_bits: int


class Requests(NamedTuple):
    """Requests in order of arrival, bursts of each that are still to come, cycle and outcome so far."""

    arrival: Int
    address: Int
    size: Int
    write: NDArray[np.uint8]
    left: Int
    completion: Int
    outcome: NDArray[np.uint8]


class Channel(NamedTuple):
    """One channel: its clock, ranks, groups, banks, queue (``order``: segments by age), counts and log."""

    clock: Int
    rank: Int
    group: Int
    bank: Int
    segment: Int
    order: Int
    counts: Int
    log: Int


def timing_of(banked: Banked, bulk: bool) -> Timing:
    closed = int(banked.page_policy == "closed")
    return Timing(
        **banked.timing_cycles.model_dump(), closed=closed, age_limit=banked.age_limit_cycles, bulk=int(bulk)
    )


def layout_of(banked: Banked, burst_bytes: int, channel: int) -> Layout:
    o = banked.organization
    sizes = {
        "channel": o.channels, "rank": o.ranks, "bankgroup": o.bank_groups, "bank": o.banks, "row": o.rows,
        "column": o.columns,
    }  # fmt: skip
    place = places(banked.mapping, sizes)
    inside = without_channel(place)
    channel_at, channel_bits = place["channel"]
    return Layout(
        burst_bits=burst_bytes.bit_length() - 1, channel=channel, channel_at=channel_at,
        channel_bits=channel_bits, rank_at=inside["rank"][0], group_at=inside["bankgroup"][0],
        bank_at=inside["bank"][0], row_at=inside["row"][0], column_at=inside["column"][0], ranks=o.ranks,
        groups=o.bank_groups, banks=o.banks, rows=o.rows, columns=o.columns,
        group_bits=inside["bankgroup"][1], bank_bits=inside["bank"][1],
    )  # fmt: skip


def channel_of(banked: Banked, log_rows: int) -> Channel:
    """A channel with all banks closed; ranks refresh in turn, the first after tREFI / ranks."""
    o, queue = banked.organization, banked.queue_bursts
    rank = np.zeros((o.ranks, RANK_WORDS), np.int64)
    rank[:, DUE] = banked.timing_cycles.REFI * np.arange(1, o.ranks + 1) // o.ranks
    bank = np.zeros((o.ranks * o.bank_groups * o.banks, BANK_WORDS), np.int64)
    bank[:, OPEN_ROW] = -1
    clock = np.zeros(CLOCK_WORDS, np.int64)
    clock[FRONT] = -1
    return Channel(
        clock,
        rank,
        np.zeros((o.ranks * o.bank_groups, GROUP_WORDS), np.int64),
        bank,
        np.zeros((queue, SEGMENT_WORDS), np.int64),
        np.arange(queue, dtype=np.int64),
        np.zeros(COUNTS, np.int64),
        np.zeros((log_rows, LOG_WORDS), np.int64),
    )
