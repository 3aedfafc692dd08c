"""The systolic array, PE by PE and cycle by cycle: what its dense dataflows mean (docs/systolic.md).

Matrices lie in SRAMs that count their accesses, move through registers from PE to PE, and the product is
what comes out. No cycle and no access is calculated: they are counted as they happen.

In every cycle each PE takes what its left and upper neighbours held at the end of the cycle before. What
moves right is a flit; it is numbered, so that the pass can end when the last one has crossed the last PE,
and it is empty in rows that the fold leaves unoccupied. Read in this order: parts, outputs_stay,
operand_stays.
"""

from dataclasses import dataclass

from hwsim.cycle.reference.systolic.operand_stays import operand_stationary
from hwsim.cycle.reference.systolic.outputs_stay import output_stationary
from hwsim.cycle.reference.systolic.parts import Cycles, Matrix, Sram, Transposed

__all__ = ["Run", "simulate"]


@dataclass
class Run:
    """A finished product: its values, its cycles by cause, and the accesses to the three SRAMs."""

    product: list[list[int]]
    cycles: Cycles
    ifmap_reads: int
    filter_reads: int
    ofmap_writes: int


def simulate(
    dataflow: str, rows: int, columns: int, inputs: Matrix, weights: Matrix, overlap: bool = False
) -> Run:
    """inputs (M x K) times weights (K x N) on an array of rows x columns PEs.

    Without ``overlap`` a fold begins when the one before it has left the array.
    """
    ifmap, filters = Sram(inputs), Sram(weights)
    ofmap = Sram.zeros(len(inputs), len(weights[0]))
    if dataflow == "os":
        cycles = output_stationary(rows, columns, ifmap, filters, ofmap, overlap)
    elif dataflow == "ws":
        cycles = operand_stationary(rows, columns, filters, ifmap, ofmap, overlap)
    elif dataflow == "is":
        # Y' = B' A': the inputs take the place of the weights, and the weights stream
        by_columns = Transposed(ifmap), Transposed(filters), Transposed(ofmap)
        cycles = operand_stationary(rows, columns, *by_columns, overlap)
    else:
        raise ValueError(f"dataflow {dataflow!r}")
    return Run(ofmap.values, cycles, ifmap.reads, filters.reads, ofmap.writes)
