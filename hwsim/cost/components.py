"""Which actions of a ledger cost energy, by the component that spends it."""

from hwsim.ledger import DRAM_BYTES

COMPONENTS: dict[str, tuple[str, ...]] = {
    "pe_array": ("ac_issued", "mac_issued", "pe_cycles"),
    "lif_units": (
        "lif_update", "decay_shift", "decay_add", "decay_multiply", "bias_add",
        "readout_update", "relu_update",
        "membrane_register_read", "membrane_register_write", "hold_register_read", "hold_register_write",
    ),
    "vector_lanes": ("vector_add", "vector_mac", "pool_or"),
    "weight_buffer": ("weight_buffer_read", "weight_buffer_write"),
    "input_buffer": ("input_buffer_read", "input_buffer_write"),
    "output_buffer": ("output_buffer_read", "output_buffer_write"),
    "membrane_buffer": ("membrane_buffer_read", "membrane_buffer_write"),
    "partial_sum_buffer": ("partial_sum_buffer_read", "partial_sum_buffer_write"),
    "dram": (*DRAM_BYTES, "dram_activates", "dram_reads", "dram_writes"),
}  # fmt: skip
"""Which actions cost energy, and where. Actions in none of them are counts only."""

OPERATIONS = ("ac", "mac")
"""Useful operations: priced by tables of whole chips alone, whose number holds all components, as one more
that is called ``WHOLE``."""

WHOLE = "synaptic_operations"

STANDING = ("dram_refreshes", "dram_active_cycles", "dram_precharged_cycles")
"""What a DRAM spends because time passes: priced, and told beside the energy of the work."""
