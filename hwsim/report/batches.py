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
    """What the ANN is and how it ran, or why there is none."""
    ann = values["ann"]
    if ann is None:
        why = values["ann_missing"]
        return f"There is no ANN to compare with. {why[:1].upper()}{why[1:]}."
    ran = "run once" if ann["samples"] == 1 else f"run on one mini-batch of {ann['samples']}"
    return f"The ANN is the same network with ReLU in place of LIF, {ran}, densely, on the same chip."
