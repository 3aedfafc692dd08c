"""What mini-batches mean for figures told per inference, in words."""

from typing import Any

UNTRAINED = (
    "Its weights are the SNN's, not trained for ReLU, and its accuracy is unknown; an ANN of the same "
    "accuracy is not known, so none is compared with."
)
"""What is known of an ANN of the accuracy of the SNN."""


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
    return (
        f"The ANN is the same network with ReLU in place of LIF, {ran}, densely, on the same chip. "
        f"{UNTRAINED}"
    )


def counterpart_on_cores(values: dict[str, Any]) -> str:
    """The same of a chip of many cores; nothing of results of before that do not tell."""
    if values.get("ann"):
        return (
            "The ANN is the same network with ReLU in place of LIF, run once, densely, on the same tiles. "
            f"{UNTRAINED}"
        )
    why = values.get("ann_missing")
    return f"There is no ANN to compare with. {why[:1].upper()}{why[1:]}." if why else ""
