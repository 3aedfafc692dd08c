"""What figures and tables call components, operands, units and causes, and the color series of each.

A color means the same thing in every figure: a component, the operand that moves there, and the wait for it
share one.
"""

COMPONENTS: dict[str, tuple[str, str]] = {
    "pe_array": ("PE array", "array"),
    "lif_units": ("LIF units", "lif"),
    "vector_lanes": ("vector lanes", "vector"),
    "weight_buffer": ("weight buffer", "weight"),
    "input_buffer": ("input buffer", "input"),
    "output_buffer": ("output buffer", "output"),
    "membrane_buffer": ("membrane buffer", "membrane"),
    "partial_sum_buffer": ("partial-sum buffer", "sums"),
    "dram": ("DRAM", "dram"),
    "synaptic_operations": ("synaptic operations", "array"),
}
"""Label and series of every component."""

OPERANDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "weights": ("weights read", ("dram_weight_read_bytes",), "weight"),
    "inputs": ("inputs read", ("dram_input_read_bytes",), "input"),
    "outputs": ("outputs written", ("dram_output_write_bytes",), "output"),
    "membrane": (
        "membrane read and written",
        ("dram_membrane_read_bytes", "dram_membrane_write_bytes"),
        "membrane",
    ),
    "hold": ("held sums read and written", ("dram_hold_read_bytes", "dram_hold_write_bytes"), "hold"),
    "spill": ("partial sums read and written", ("dram_spill_read_bytes", "dram_spill_write_bytes"), "sums"),
}
"""Label, actions and series of every operand that moves to or from DRAM."""

UNITS = {"array": "PE array", "lif": "LIF units", "dma": "DRAM channel"}

WORK = {"array": ("stream", "preload", "fill_drain"), "lif": ("update", "serialization", "vector")}
"""Causes in which a unit works; the DRAM channel works in all but ``idle``."""

CAUSE_LABELS: dict[str, dict[str, tuple[str, str]]] = {
    "array": {
        "stream": ("streams", "array"),
        "imbalance": ("waits for its longest stream", "imbalance"),
        "conflict": ("waits for weight banks", "weight"),
        "decode": ("waits for the spike decoder", "input"),
        "preload": ("preloads the stationary operand", "fill"),
        "fill_drain": ("fills and drains", "fill"),
        "weight": ("waits for weights", "weight"),
        "input": ("waits for inputs", "input"),
        "membrane": ("waits for membranes", "membrane"),
        "hold": ("waits for held sums", "hold"),
        "spill": ("waits for partial sums", "sums"),
        "store": ("waits behind a store", "output"),
        "dependency": ("waits for a store it depends on", "output"),
        "partial_sum": ("waits for the LIF units", "lif"),
        "drain": ("finished", "idle"),
    },
    "lif": {
        "update": ("updates neurons", "lif"),
        "serialization": ("channel groups in turn", "lif"),
        "vector": ("vector lanes", "vector"),
        "array": ("waits for the array", "idle"),
        "output": ("waits for the output buffer", "output"),
        "drain": ("finished", "idle"),
    },
    "dma": {
        "weight": ("loads weights", "weight"),
        "input": ("loads inputs", "input"),
        "membrane": ("loads membranes", "membrane"),
        "hold": ("loads held sums", "hold"),
        "spill": ("loads partial sums", "sums"),
        "store": ("stores", "output"),
        "idle": ("idle", "idle"),
    },
}
"""Label and series of every cause of every unit."""
