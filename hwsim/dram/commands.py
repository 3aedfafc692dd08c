"""Numba: what each command does to its channel, and the first cycles for what may follow it."""

import numpy as np
from numba import njit

from hwsim.dram.state import (
    ACT,
    ACT_READY,
    ACTIVE_CYCLES,
    ACTIVE_FROM,
    BANK_ACT,
    BANK_COLUMN,
    BANK_PRE,
    DUE,
    FAW_AT,
    FAW_FIRST,
    HITS,
    L_BANK,
    L_COMMAND,
    L_LOCAL,
    L_RANK,
    L_ROW,
    L_TIME,
    LAST_CLOSE,
    LOGGED,
    N_ACT,
    N_READ,
    N_REFRESH,
    N_WRITE,
    OPEN_BANKS,
    OPEN_ROW,
    PRE,
    PREA,
    RD,
    RDA,
    READ_READY,
    REF,
    S_BANK,
    S_ROW,
    SEGMENTS,
    WRITE_READY,
)
from hwsim.jit import BARE


@njit(**BARE)
def note(ch, time, command, rank, bank, row, local):
    """Write a command into the log, if there is one."""
    if len(ch.log):
        line = ch.log[ch.clock[LOGGED]]
        line[L_TIME] = time
        line[L_COMMAND] = command
        line[L_RANK] = rank
        line[L_BANK] = bank
        line[L_ROW] = row
        line[L_LOCAL] = local
        ch.clock[LOGGED] += 1


@njit(**BARE)
def column_ready(ch, layout, bank, write):
    """First cycle for a RD or WR of the open row of ``bank``."""
    ready = ch.group[bank >> layout.bank_bits, WRITE_READY if write else READ_READY]
    return max(ch.bank[bank, BANK_COLUMN], ready)


@njit(**BARE)
def activate(ch, layout, timing, time, bank, row):
    group = bank >> layout.bank_bits
    r = group >> layout.group_bits
    rank = ch.rank[r]
    if rank[OPEN_BANKS] == 0 and time > rank[LAST_CLOSE]:
        rank[ACTIVE_CYCLES] += rank[LAST_CLOSE] - rank[ACTIVE_FROM]
        rank[ACTIVE_FROM] = time
    rank[OPEN_BANKS] += 1
    rank[FAW_FIRST + rank[FAW_AT]] = time + timing.FAW
    rank[FAW_AT] = (rank[FAW_AT] + 1) % 4
    for g in range(r * layout.groups, (r + 1) * layout.groups):
        gap = timing.RRD_L if g == group else timing.RRD_S
        ch.group[g, ACT_READY] = max(ch.group[g, ACT_READY], time + gap)
    b = ch.bank[bank]
    b[OPEN_ROW] = row
    b[BANK_ACT] = time + timing.RC
    b[BANK_PRE] = time + timing.RAS
    b[BANK_COLUMN] = time + timing.RCD
    b[HITS] = 0
    segment = ch.segment
    for i in range(ch.clock[SEGMENTS]):
        k = ch.order[i]
        b[HITS] += segment[k, S_BANK] == bank and segment[k, S_ROW] == row
    ch.counts[N_ACT] += 1
    note(ch, time, ACT, r, bank, row, -1)


@njit(**BARE)
def close(ch, layout, time, bank, recovery):
    """The bank's row is closed from ``time`` on."""
    b = ch.bank[bank]
    b[OPEN_ROW] = -1
    b[HITS] = 0
    b[BANK_ACT] = max(b[BANK_ACT], time + recovery)
    rank = ch.rank[bank >> layout.bank_bits >> layout.group_bits]
    rank[OPEN_BANKS] -= 1
    rank[LAST_CLOSE] = max(rank[LAST_CLOSE], time)


@njit(**BARE)
def precharge(ch, layout, timing, time, bank):
    note(ch, time, PRE, bank >> layout.bank_bits >> layout.group_bits, bank, ch.bank[bank, OPEN_ROW], -1)
    close(ch, layout, time, bank, timing.RP)


@njit(**BARE)
def refresh_ready(ch, layout, r):
    """First cycle for the next step of a refresh that is due: PREA while a bank is open, then REF."""
    banks = layout.groups * layout.banks
    is_open = ch.rank[r, OPEN_BANKS] > 0
    ready = np.int64(0)
    for bank in range(r * banks, (r + 1) * banks):
        if not is_open:
            ready = max(ready, ch.bank[bank, BANK_ACT])
        elif ch.bank[bank, OPEN_ROW] >= 0:
            ready = max(ready, ch.bank[bank, BANK_PRE])
    return ready


@njit(**BARE)
def refresh(ch, layout, timing, time, r):
    """The step that :func:`refresh_ready` speaks of."""
    banks = layout.groups * layout.banks
    if ch.rank[r, OPEN_BANKS] > 0:
        note(ch, time, PREA, r, -1, -1, -1)
        for bank in range(r * banks, (r + 1) * banks):
            if ch.bank[bank, OPEN_ROW] >= 0:
                close(ch, layout, time, bank, timing.RPab)
        return
    note(ch, time, REF, r, -1, -1, -1)
    for bank in range(r * banks, (r + 1) * banks):
        ch.bank[bank, BANK_ACT] = time + timing.RFC
    ch.rank[r, DUE] += timing.REFI
    ch.counts[N_REFRESH] += 1


@njit(**BARE)
def column(ch, layout, timing, time, bank, write):
    """Constraints that a RD or WR at ``time`` sets on the commands after it."""
    group = bank >> layout.bank_bits
    r = group >> layout.group_bits
    ready = ch.group
    for g in range(len(ready)):
        if write:
            data_end = time + timing.CWL + timing.BL
            if g >> layout.group_bits == r:
                to_write = time + (timing.CCD_L if g == group else timing.CCD_S)
                to_read = data_end + (timing.WTR_L if g == group else timing.WTR_S)
            else:
                to_write = time + timing.BL + timing.RTRS
                to_read = data_end + timing.RTRS - timing.CL
        else:
            to_write = time + timing.CL + timing.BL + timing.RTW - timing.CWL
            if g >> layout.group_bits == r:
                to_read = time + (timing.CCD_L if g == group else timing.CCD_S)
            else:
                to_read = time + timing.BL + timing.RTRS
                to_write = max(to_write, time + timing.CL + timing.BL + timing.RTRS - timing.CWL)
        ready[g, READ_READY] = max(ready[g, READ_READY], to_read)
        ready[g, WRITE_READY] = max(ready[g, WRITE_READY], to_write)
    b = ch.bank[bank]
    recovery = timing.CWL + timing.BL + timing.WR if write else timing.RTP
    b[BANK_PRE] = max(b[BANK_PRE], time + recovery)


@njit(**BARE)
def read_or_write(ch, layout, timing, time, bank, write, closes, local):
    """One RD or WR, with auto-precharge (RDA, WRA) if it ``closes`` the row."""
    kind = (RDA if closes else RD) + write
    note(ch, time, kind, bank >> layout.bank_bits >> layout.group_bits, bank, ch.bank[bank, OPEN_ROW], local)
    column(ch, layout, timing, time, bank, write)
    ch.counts[N_WRITE if write else N_READ] += 1
    if closes:
        close(ch, layout, ch.bank[bank, BANK_PRE], bank, timing.RP)
