"""What mini-batches mean for figures told per inference, in words."""

from typing import Any


def beginning(values: dict[str, Any]) -> str:
    """What begins with empty buffers."""
    size = values["mapping"]["batch"]
    if size == 1:
        return "each alone from empty buffers"
    return f"in mini-batches of {size}, each from empty buffers"


def latency(values: dict[str, Any]) -> str:
    """What the time of an inference is called: in mini-batches it is its part of theirs."""
    size = values["mapping"]["batch"]
    return "latency" if size == 1 else f"time per inference, mini-batches of {size}"


def spread(values: dict[str, Any]) -> str:
    """What the percentiles are over."""
    samples, size = values["samples"], values["mapping"]["batch"]
    if size == 1:
        return f"{samples:,} {'sample' if samples == 1 else 'samples'}"
    return f"mini-batches of {size}, each shared equally by its samples; of spikes over {samples:,} samples"


def counterpart(values: dict[str, Any]) -> str:
    """How the ANN ran."""
    together = values["ann"]["samples"]
    return "run once" if together == 1 else f"run on one mini-batch of {together}"
