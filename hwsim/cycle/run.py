"""From a Program to a Ledger: the counts it carries, and the time that the chip takes for them."""

import numpy as np

from hwsim.cycle.state import PASS_WORDS, Machine, banks_of, channel_to, ends_of
from hwsim.cycle.timeline import timeline
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, DRAM_COMMANDS, Ledger
from hwsim.program import LOADED, Program


def run(program: Program, hardware: Hardware) -> Ledger:
    """Play the program on the tile. Raises HwsimError if what it moves does not fit the chip's DRAM.

    pe_cycles = occupied * (preload + busy + fill) (P4). DRAM commands are counted where they are played (S6).
    """
    array, jobs = hardware.pe_array, program.jobs
    channel = channel_to(program, hardware)
    slots = min(program.output_slots, len(jobs.layer) + 1)
    freed = banks_of(jobs.closes, array.partial_sum_banks)
    machine = Machine(hardware.load_buffers, freed, slots, array.overlap)
    cycles = np.zeros((len(program.layers), len(CAUSE_COLUMNS)), np.int64)
    state, parts = np.zeros(PASS_WORDS, np.int64), np.zeros(len(LOADED) + 1, np.int64)
    timeline(jobs, machine, channel, ends_of(len(jobs.layer)), state, parts, cycles)
    counts = program.counts.copy()
    spent = jobs.preload + jobs.stream + jobs.imbalance + jobs.conflict + jobs.decode + jobs.fill
    pe_cycles = np.zeros(len(program.layers), np.int64)
    np.add.at(pe_cycles, jobs.layer, jobs.occupied * spent)
    counts[:, list(ACTIONS).index("pe_cycles")] = pe_cycles
    commands = [list(ACTIONS).index(action) for action in DRAM_COMMANDS]
    if channel.commands:
        counts[:, commands] = channel.counts
    return Ledger(program.layers, counts, cycles)
