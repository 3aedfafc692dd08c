"""What a chip can do at most in a cycle: the roofs of a roofline."""

from typing import Any

from hwsim.hardware import Hardware


def bounds(hardware: Hardware, timesteps: int) -> dict[str, Any]:
    """Operations of all PEs, bytes of the DRAM's pins and bytes of each buffer's words, a cycle.

    Operations: R C lanes, at most the timesteps. DRAM: bandwidth / clock. A buffer: word_bits / 8 times
    banks and ports.
    """
    return {
        "operations_per_cycle": hardware.peak_operations(timesteps),
        "dram_bytes_per_cycle": hardware.dram.bandwidth / hardware.clock_hz,
        "buffer_bytes_per_cycle": {
            name: buffer.word_bits * buffer.banks * buffer.ports / 8
            for name, buffer in hardware.buffers.present().items()
        },
    }


def bounds_of_tiles(hardware: Hardware, timesteps: int, tiles: int) -> dict[str, Any]:
    """The same of each of ``tiles`` in use: of the DRAM's channels together (``grid.dram_channels``) an equal
    part."""
    assert hardware.grid is not None
    found = bounds(hardware, timesteps)
    return found | {
        "dram_bytes_per_cycle": found["dram_bytes_per_cycle"] * hardware.grid.dram_channels / tiles
    }
