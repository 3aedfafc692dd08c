"""SimPy reference of the chip: slow, and steps every cycle of the PE array and every transfer.

It is the truth that the lowering and the kernel are held against and uses none of their formulas.
Rules are cited by their numbers in docs/machine.md. Read in this order: chart and layers (what is
where), jobs (in which order), plan (which bytes each job moves) with weights, inputs, memory and
outputs, streams and array (the PEs), chip (time), account (whose cycle it was).
The package systolic stands alone: dense products in the three dataflows (docs/systolic.md).
"""

from hwsim.cycle.reference.chip import simulate

__all__ = ["simulate"]
