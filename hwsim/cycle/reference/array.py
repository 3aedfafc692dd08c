"""The reference's PE array, stepped cycle by cycle at register level (docs/machine.md, P1 to P3).

A PE multiplies the two bundles that meet in it field by field and adds: the sum of products, and how many
operations it executed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.cycle.reference.bundles import (
    AC,
    FIELDS,
    MAC,
    VALUE,
    entering,
    inputs_of,
    served,
    weights_of,
    widened,
)
from hwsim.cycle.reference.layers import ceil_div
from hwsim.cycle.reference.streams import (
    Array,
    Beat,
    Operands,
    channel_beats,
    counted,
    k_beats,
    position_beats,
)
from hwsim.memories import Buffer
from hwsim.pe_array import PEArray

NOTHING = -1
"""In place of a beat's number: none is here."""


@dataclass
class ArrayPass:
    """What happened in one pass: ``sums`` (lanes, channels, steps), operations, beats and cycles by cause.

    ``beats``: L, of own streams the sum of all rows' (or PEs'), that read weights (P4); ``decoded``: E.
    """

    sums: Array
    ac: int
    mac: int
    occupied: int
    beats: int = 0
    preload: int = 0
    stream: int = 0
    imbalance: int = 0
    conflict: int = 0
    decode: int = 0
    fill_drain: int = 0
    decoded: int = 0

    @property
    def length(self) -> int:
        """L (P1)."""
        return self.stream + self.imbalance

    @property
    def busy(self) -> int:
        return self.length + self.conflict + self.decode

    @property
    def pe_cycles(self) -> int:
        """Cycles of occupied PEs (P4)."""
        return self.occupied * (self.preload + self.busy + self.fill_drain)


class PEs:
    """R x C processing elements. ``run`` takes the pass of one job; ``window`` is W, ``lists`` of P2."""

    def __init__(self, array: PEArray, weight_buffer: Buffer) -> None:
        self.array, self.buffer = array, weight_buffer
        self.rows, self.columns = array.rows, array.columns
        self.serial = array.time_lanes == "serial"

    def run(self, operands: Operands, window: int, lists: int) -> ArrayPass:
        if self.array.dataflow == "ws":
            return self.weights_stay(operands)
        if self.array.dataflow == "is":
            return self.inputs_stay(operands)
        if self.array.streams == "shared":
            done = self.outputs_stay(operands, window)
        elif self.array.weight_sparsity:
            done = self.own_streams_of_pes(operands, window)
        else:
            done = self.own_streams_of_rows(operands, window)
        self.decode(done, operands, lists)
        return done

    # --- outputs stay ----------------------------------------------------------------------------

    def outputs_stay(self, operands: Operands, window: int) -> ArrayPass:
        """One stream for all: inputs enter along one side, weights along the other (W3, P1).

        A side that holds T carries what the other does not, for every window; a PE takes its own steps.
        """
        beats = k_beats(counted(operands, self.array), window, self.serial)
        inputs = served(inputs_of(operands, self.array.skip), beats)
        weights = served(weights_of(operands), beats)
        steps = inputs.shape[3]
        windows = ceil_div(steps, window)
        held = self.array.holds
        carried = {"M": inputs, "N": weights}
        carried["T"] = np.repeat(weights if "M" in held else inputs, windows, axis=2)
        occupied = [carried[dimension].shape[2] for dimension in held]
        right, below = (
            widened(carried[dimension], size)
            for dimension, size in zip(held, (self.rows, self.columns), strict=True)
        )
        serves = np.ones((self.rows, self.columns, steps), bool)
        for step in range(steps):
            if held[0] == "T":
                serves[:, :, step] = np.arange(self.rows)[:, None] == step // window
            elif held[1] == "T":
                serves[:, :, step] = np.arange(self.columns) == step // window
        totals, cycles = self.meet(right, below, serves)
        lanes, channels = operands.inputs.shape[1], operands.weights.shape[1]
        sums = np.zeros((lanes, channels, steps))
        for i in range(occupied[0]):
            for q in range(occupied[1]):
                at = dict(zip(held, (i, q), strict=True))
                sums[at.get("M", 0), at.get("N", 0)] += totals[VALUE, i, q]
        return ArrayPass(
            sums,
            int(totals[AC].sum()),
            int(totals[MAC].sum()),
            occupied[0] * occupied[1],
            beats=len(beats),
            stream=len(beats),
            fill_drain=cycles - len(beats),
        )

    def meet(self, right: Array, below: Array, serves: NDArray[np.bool_]) -> tuple[Array, int]:
        """Step until the last beat has left the last PE; what every PE (R, C) accumulated, and the cycles."""
        length, steps = right.shape[1], right.shape[3]
        totals = np.zeros((FIELDS, self.rows, self.columns, steps))
        if self.array.fill == "broadcast":
            for j in range(length):
                totals += right[:, j][:, :, None] * below[:, j][:, None] * serves
            return totals, length
        to_right, downward = np.zeros_like(totals), np.zeros_like(totals)
        number = np.full((self.rows, self.columns), NOTHING)
        cycle = 0
        while number[-1, -1] < length - 1:
            to_right[:, :, 1:] = to_right[:, :, :-1]
            to_right[:, :, 0] = entering(right, cycle)
            downward[:, 1:] = downward[:, :-1]
            downward[:, 0] = entering(below, cycle)
            number = self.numbers(number, cycle, length)
            totals += to_right * downward * serves
            cycle += 1
        return totals, cycle

    def numbers(self, number: NDArray[Any], cycle: int, length: int) -> NDArray[Any]:
        """The beat in each PE a cycle later: the j-th enters row i at cycle i + j and moves right (P2)."""
        moved = np.full_like(number, NOTHING)
        moved[:, 1:] = number[:, :-1]
        for i in range(self.rows):
            moved[i, 0] = cycle - i if 0 <= cycle - i < length else NOTHING
        return moved

    # --- an operand stays ------------------------------------------------------------------------

    def weights_stay(self, operands: Operands) -> ArrayPass:
        """Positions stream past the weights; partial sums move down the columns of channels."""
        beats = position_beats(operands.live, self.serial, self.array.skip == "event")
        inputs = inputs_of(operands, self.array.skip).swapaxes(1, 2)
        out, done = self.stationary(weights_of(operands), served(inputs, beats), operands)
        for j, beat in enumerate(beats):
            done.sums[beat.number] += out[VALUE, j, : operands.weights.shape[1]]
        return done

    def inputs_stay(self, operands: Operands) -> ArrayPass:
        """Channels stream past the inputs; partial sums move down the columns of positions."""
        _, lanes, steps = operands.inputs.shape
        beats = channel_beats(operands.weights.shape[1], steps, self.serial)
        weights = weights_of(operands).swapaxes(1, 2)
        out, done = self.stationary(inputs_of(operands, self.array.skip), served(weights, beats), operands)
        for j, beat in enumerate(beats):
            done.sums[:, beat.number] += out[VALUE, j, :lanes]
        return done

    def stationary(self, stays: Array, streams: Array, operands: Operands) -> tuple[Array, ArrayPass]:
        """``stays`` (fields, K, columns, steps), ``streams`` (fields, beats, K, steps).

        Returns what left the last row, (fields, beats, C, steps).
        """
        length, steps = streams.shape[1], streams.shape[3]
        moving = widened(streams, self.rows)
        out = np.zeros((FIELDS, length, self.columns, steps))
        done = ArrayPass(np.zeros((operands.inputs.shape[1], operands.weights.shape[1], steps)), 0, 0, 0)
        done.occupied = stays.shape[1] * stays.shape[2]
        if not length:
            return out, done
        kept, done.preload = self.preloaded(stays)
        cycle = 0
        if self.array.fill == "broadcast":
            for cycle in range(length):
                out[:, cycle] = (moving[:, cycle][:, :, None] * kept).sum(axis=1)
            cycle = length
        else:
            to_right, downward = np.zeros_like(kept), np.zeros_like(kept)
            number = np.full((self.rows, self.columns), NOTHING)
            while number[-1, -1] < length - 1:
                to_right[:, :, 1:] = to_right[:, :, :-1]
                to_right[:, :, 0] = entering(moving, cycle)
                downward[:, 1:] = downward[:, :-1]
                downward[:, 0] = 0
                downward += to_right * kept
                number = self.numbers(number, cycle, length)
                for q in range(self.columns):
                    if number[-1, q] != NOTHING:
                        out[:, number[-1, q], q] = downward[:, -1, q]
                cycle += 1
        done.beats = done.stream = length
        done.fill_drain = cycle - length
        done.ac, done.mac = int(out[AC].sum()), int(out[MAC].sum())
        return out, done

    def preloaded(self, stays: Array) -> tuple[Array, int]:
        """The operand moves down into all rows, one row a cycle."""
        fields, occupied, columns, steps = stays.shape
        rows = np.zeros((fields, self.rows, self.columns, steps))
        rows[:, :occupied, :columns] = stays
        kept = np.zeros_like(rows)
        for cycle in range(self.rows):
            kept[:, 1:] = kept[:, :-1]
            kept[:, 0] = rows[:, self.rows - 1 - cycle]
        return kept, self.rows

    # --- own streams -----------------------------------------------------------------------------

    def own_streams_of_rows(self, operands: Operands, window: int) -> ArrayPass:
        """Each row streams its lane's inputs; equal banks make all rows wait (P1, P2)."""
        live = counted(operands, self.array)
        lanes, channels = operands.inputs.shape[1], operands.weights.shape[1]
        streams = [k_beats(live[:, r : r + 1], window, self.serial) for r in range(lanes)]
        done = self.own(operands, {(r, n): streams[r] for r in range(lanes) for n in range(channels)})
        done.stream = ceil_div(sum(len(stream) for stream in streams), lanes)
        length = max(len(stream) for stream in streams)
        done.imbalance = length - done.stream
        for j in range(length):
            asked = {stream[j].number for stream in streams if j < len(stream)}
            done.beats += len(asked)
            done.conflict += self.cycles_of_banks(asked) - 1
        return done

    def cycles_of_banks(self, asked: set[int]) -> int:
        """Cycles until the banks of the weight buffer have served one access each for the k ``asked`` for."""
        waiting = sorted(asked)
        cycles = 0
        while waiting:
            free = dict.fromkeys(range(self.buffer.banks), self.buffer.ports)
            left = []
            for k in waiting:
                bank = k % self.buffer.banks
                if free[bank]:
                    free[bank] -= 1
                else:
                    left.append(k)
            waiting = left
            cycles += 1
        return cycles

    def own_streams_of_pes(self, operands: Operands, window: int) -> ArrayPass:
        """Each PE takes its lane's inputs whose weights are not zero (weight_sparsity)."""
        lanes, channels = operands.inputs.shape[1], operands.weights.shape[1]
        streams = {}
        for r in range(lanes):
            stream = k_beats(operands.live[:, r : r + 1], window, self.serial)
            for n in range(channels):
                streams[r, n] = [beat for beat in stream if operands.weights[beat.number, n]]
        done = self.own(operands, streams)
        done.beats = sum(len(stream) for stream in streams.values())
        done.stream = ceil_div(done.beats, len(streams))
        done.imbalance = max(len(stream) for stream in streams.values()) - done.stream
        return done

    def own(self, operands: Operands, streams: dict[tuple[int, int], list[Beat]]) -> ArrayPass:
        """Every PE (row, column) executes its own beats, one a cycle."""
        inputs, weights = inputs_of(operands, self.array.skip), weights_of(operands)
        lanes, channels = operands.inputs.shape[1], operands.weights.shape[1]
        totals = np.zeros((FIELDS, lanes, channels, inputs.shape[3]))
        for cycle in range(max(len(stream) for stream in streams.values())):
            for (r, n), stream in streams.items():
                if cycle < len(stream):
                    k, steps = stream[cycle].number, list(stream[cycle].steps)
                    totals[:, r, n, steps] += inputs[:, k, r, steps] * weights[:, k, n, steps]
        return ArrayPass(
            totals[VALUE], int(totals[AC].sum()), int(totals[MAC].sum()), occupied=lanes * channels
        )

    def decode(self, done: ArrayPass, operands: Operands, lists: int) -> None:
        """The decoder merges the lists of spikes level by level; the array waits for what it lacks (P2)."""
        decoder = self.array.decode
        if decoder is None:
            return
        live = operands.live
        if self.array.streams == "shared":
            done.decoded = int(live.any(axis=1).sum())
        else:
            done.decoded = max(int(live[:, r].sum()) for r in range(live.shape[1]))
        levels, merged = 1, decoder.merge_lanes
        while merged < lists:
            levels, merged = levels + 1, merged * decoder.merge_lanes
        cycles, left = 0, levels * done.decoded
        while left > 0:
            cycles, left = cycles + 1, left - decoder.events_per_cycle
        done.decode = max(cycles - done.length - done.conflict, 0)
