"""From a Program to a Ledger: the counts it carries, and the time that the chip takes for them."""

from dataclasses import dataclass

import numpy as np

from hwsim.cycle.state import PASS_WORDS, Channel, Ends, Ints, Machine, banks_of, channel_to, ends_of
from hwsim.cycle.timeline import timeline
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, DRAM_COMMANDS, Ledger
from hwsim.program import LOADED, Jobs, Program

MOST = 2**62
"""What fits a count with room to spare."""


@dataclass(frozen=True, eq=False)
class Times:
    """What ``jobs`` take on a chip, by layer: cycles of every unit by cause (layers, CAUSE_COLUMNS),
    ``pe_cycles`` = occupied * (preload + busy + fill) (P4), DRAM ``commands`` where they are played (S6)."""

    jobs: Jobs
    cycles: Ints
    pe_cycles: Ints
    commands: Ints | None

    def ledger(self, program: Program) -> Ledger:
        """Of a program of these jobs."""
        counts = program.counts.copy()
        counts[:, list(ACTIONS).index("pe_cycles")] = self.pe_cycles
        if self.commands is not None:
            counts[:, [list(ACTIONS).index(action) for action in DRAM_COMMANDS]] = self.commands
        return Ledger(program.layers, counts, self.cycles)


def run(program: Program, hardware: Hardware) -> Ledger:
    """Play the program on the tile. Raises HwsimError if what it moves does not fit the chip's DRAM."""
    return times(program, hardware).ledger(program)


def times(program: Program, hardware: Hardware) -> Times:
    """Raises HwsimError if what the program moves does not fit the chip's DRAM."""
    countable(program, hardware)
    channel = channel_to(program, hardware)
    cycles, _ = play(program, hardware, channel)
    return Times(program.jobs, cycles, pe_cycles(program), channel.counts if channel.commands else None)


def play(program: Program, hardware: Hardware, channel: Channel) -> tuple[Ints, Ends]:
    """Cycles of every unit by layer and cause (layers, CAUSE_COLUMNS), and when each job's stages ended."""
    array, jobs = hardware.pe_array, program.jobs
    slots = min(program.output_slots, len(jobs.layer) + 1)
    freed = banks_of(jobs.closes, array.partial_sum_banks)
    machine = Machine(hardware.load_buffers, freed, slots, array.overlap)
    cycles = np.zeros((len(program.layers), len(CAUSE_COLUMNS)), np.int64)
    state, parts = np.zeros(PASS_WORDS, np.int64), np.zeros(len(LOADED) + 1, np.int64)
    ends = ends_of(len(jobs.layer))
    timeline(jobs, machine, channel, ends, state, parts, cycles)
    return cycles, ends


def pe_cycles(program: Program) -> Ints:
    """Of each layer, occupied * (preload + busy + fill) over its jobs (P4)."""
    jobs = program.jobs
    spent = jobs.preload + jobs.stream + jobs.imbalance + jobs.conflict + jobs.decode + jobs.fill
    found = np.zeros(len(program.layers), np.int64)
    np.add.at(found, jobs.layer, jobs.occupied * spent)
    return found


def countable(program: Program, hardware: Hardware) -> None:
    """Raises HwsimError if all work and transfers one after the other could leave 64 bits."""
    jobs, (clock, bandwidth) = program.jobs, hardware.clock_per_byte
    worked = (jobs.preload, jobs.stream, jobs.imbalance, jobs.conflict, jobs.decode, jobs.fill)
    staged = (jobs.update, jobs.serialization, jobs.laned)
    moved = [m.sum(dtype=np.float64) for m in (jobs.load_bytes, jobs.store_bytes)]
    transfers = sum(moved) * clock / bandwidth + 9 * len(jobs.layer) * (1.0 + hardware.latency_cycles)
    cycles = sum(column.sum(dtype=np.float64) for column in (*worked, *staged)) + transfers
    largest = max(int(m.max(initial=0)) for m in (jobs.load_bytes, jobs.store_bytes))
    device, array = hardware.dram.banked, hardware.pe_array
    faster = device.clock_hz / hardware.clock_hz if device else 1.0
    if cycles * max(faster, array.rows * array.columns) > MOST or largest * clock > MOST:
        raise HwsimError(
            f"hardware {hardware.name!r}: the run takes about {cycles:.1e} cycles, more than are counted; "
            f"clock_hz is {hardware.clock_hz}, its DRAM moves {hardware.dram.bandwidth} bytes a second"
        )
