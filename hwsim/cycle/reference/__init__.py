"""SimPy reference of the chip: slow, and steps every cycle of the PE array and every transfer.

It is the truth that the lowering and the kernel are held against and uses none of their formulas.
Rules are cited by their numbers in docs/machine.md. Read in this order: layers, jobs, array, chip.
The package systolic stands alone: dense products in the three dataflows (docs/systolic.md).
"""

from hwsim.cycle.reference.chip import simulate

__all__ = ["simulate"]
