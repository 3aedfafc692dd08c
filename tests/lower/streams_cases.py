"""Random small layers on random arrays: everything that ``streams`` takes, from a seed and a few sizes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.hardware import Hardware
from hwsim.lower.streams import Incoming, Shape

OS_HOLDS = [("M", "N"), ("N", "M"), ("M", "T"), ("T", "M"), ("N", "T"), ("T", "N")]


def chip(*, banks: int = 1, ports: int = 1, **array: Any) -> Hardware:
    """A chip of which only the array, and banks and ports of the weight buffer, matter here."""
    buffer = {"capacity_bytes": 1024, "word_bits": 64}
    return Hardware.model_validate(
        {
            "name": "test", "description": "", "clock_hz": 1000, "node_nm": 28,
            "pe_array": {"partial_sum_banks": 1} | array,
            "lif": {"units": 1, "vector_lanes": 1},
            "precision": {"weight_bits": 8, "partial_sum_bits": 16, "state_bits": 16, "activation_bits": 8},
            "buffers": {
                "weight": buffer | {"banks": banks, "ports": ports}, "input": buffer, "output": buffer,
            },
            "dram": {"bandwidth_bytes_per_s": 1, "burst_bytes": 1},
            "sources": {},
        }
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Case:
    """The arguments of ``streams``, printed by what shrinks."""

    seed: int
    hardware: Hardware
    shape: Shape
    incoming: tuple[Incoming, ...]
    events: tuple[Events, ...]
    samples: range

    @property
    def arguments(self) -> tuple[Hardware, Shape, tuple[Incoming, ...], tuple[Events, ...], range]:
        return self.hardware, self.shape, self.incoming, self.events, self.samples

    def __repr__(self) -> str:
        array = self.hardware.pe_array.model_dump(exclude_defaults=True)
        return f"Case({self.seed}, {array}, {self.hardware.buffers.weight}, {self.shape}, {self.incoming})"


def cases(**array: Any) -> st.SearchStrategy[Case]:
    """Random cases; ``array`` fixes what is given of the PE array."""
    return st.builds(
        draw_case,
        st.integers(0, 2**32 - 1),
        steps=st.integers(1, 7),
        samples=st.integers(1, 3),
        projections=st.integers(1, 3),
        most_channels=st.integers(2, 6),
        side=st.integers(2, 4),
        array=st.just(array),
    )


def draw_array(rng: Generator, given: dict[str, Any]) -> dict[str, Any]:
    def pick(name: str, *choices: Any) -> Any:
        return given.get(name, choices[rng.integers(len(choices))])

    array = {"rows": pick("rows", 1, 3, 4, 6), "columns": pick("columns", 1, 2, 3)}
    array["dataflow"] = pick("dataflow", "os", "os", "os", "ws", "is")
    array["skip"] = pick("skip", "event", "event", "gate", "dense")
    if array["dataflow"] == "is" and array["skip"] == "event":
        array["skip"] = "gate"
    array["time_lanes"] = pick("time_lanes", "parallel", "serial")
    array["window"] = pick("window", 1, 2, 3, "all")
    if array["dataflow"] != "os":
        return array | given
    array["streams"] = pick("streams", "shared", "own")
    if array["streams"] == "own":
        array["fill"] = "broadcast"
        array["weight_sparsity"] = array["skip"] == "event" and pick("weight_sparsity", True, False)
    else:
        array["rows_hold"], array["columns_hold"] = OS_HOLDS[rng.integers(len(OS_HOLDS))]
    on_array = (array.get("rows_hold"), array.get("columns_hold"))
    if array["skip"] == "event" and "T" not in on_array and pick("decoding", True, False):
        array["decode"] = {
            "events_per_cycle": int(rng.integers(1, 4)), "merge_lanes": int(rng.integers(2, 5)),
        }  # fmt: skip
    return {k: v for k, v in (array | given).items() if k != "decoding"}


def draw_case(
    seed: int,
    steps: int,
    samples: int,
    projections: int,
    most_channels: int,
    side: int,
    array: dict[str, Any],
) -> Case:
    rng = np.random.default_rng(seed)
    hardware = chip(banks=int(rng.integers(1, 5)), ports=int(rng.choice([1, 1, 2])), **draw_array(rng, array))
    made = hardware.pe_array
    together, held = bool(rng.integers(6) == 0), bool(steps > 1 and rng.integers(5) == 0)
    plane = (1, 1) if together else (int(rng.integers(1, side + 1)), int(rng.integers(1, side + 1)))
    groups = int(rng.choice([1, 1, 2]))
    window = min(made.window, steps) if made.window != "all" else steps
    pass_steps = min(steps, window * (made.extent("T") if made.dataflow == "os" else 1), 64)
    if rng.integers(5) == 0:
        window = pass_steps = 1
    channels = int(rng.integers(1, 5))
    drawn = [
        draw_projection(rng, plane, groups if i == 0 or rng.integers(2) else 1, most_channels, held)
        for i in range(projections)
    ]
    tiles, k_tiles = draw_tiles(rng, drawn, made.rows if made.dataflow != "os" else None)
    incoming = tuple(
        Incoming(
            **p, tiles=t,
            nonzero=rng.random((channels * groups, p["channels"] * int(np.prod(p["kernel"])))) < 0.5
            if made.weight_sparsity else None,
        )
        for p, t in zip(drawn, tiles, strict=True)
    )  # fmt: skip
    skipped = int(rng.integers(2))
    events = tuple(draw_events(rng, p, skipped + samples + 1, steps, held) for p in incoming)
    lanes = samples if together else plane[0] * plane[1]
    rows = {"os": made.extent("M"), "is": made.columns, "ws": int(rng.integers(1, lanes + 1))}[made.dataflow]
    columns = {"os": made.extent("N"), "ws": made.columns, "is": int(rng.integers(1, channels + 1))}
    order = rng.permutation(channels) if groups == 1 else np.arange(channels)
    shape = Shape(
        plane, groups, tuple(np.array(f) for f in folded(order, columns[made.dataflow])),
        np.array([len(f) for f in folded(np.arange(lanes), rows)], np.int64),
        samples, together, steps, pass_steps, window, k_tiles, held,
    )  # fmt: skip
    return Case(seed, hardware, shape, incoming, events, range(skipped, skipped + samples))


def folded(items: NDArray[Any], width: int) -> list[NDArray[Any]]:
    return [items[i : i + width] for i in range(0, len(items), width)]


def draw_projection(
    rng: Generator, plane: tuple[int, int], groups: int, most_channels: int, held: bool
) -> dict[str, Any]:
    """A convolution into ``plane``; where the input has a few rows too many, they are not read."""
    sides = []
    for size in plane:
        stride, kernel = int(rng.integers(1, 3)), int(rng.integers(1, 4))
        reach = (size - 1) * stride + kernel
        padding = int(rng.integers(0, min(kernel, (reach + 1) // 2)))
        sides.append((reach - 2 * padding + int(rng.integers(stride)), kernel, stride, padding))
    source, kernels, strides, paddings = (tuple(s) for s in zip(*sides, strict=True))
    wide = rng.integers(12) == 0  # more than one 64-bit word
    return {
        "groups": groups, "channels": 66 if wide else int(rng.integers(1, most_channels + 1)),
        "plane": source, "kernel": kernels, "stride": strides, "padding": paddings,
        "delay": 0 if held else int(rng.choice([0, 0, 1, 3])), "binary": bool(rng.integers(2)),
    }  # fmt: skip


def draw_tiles(
    rng: Generator, drawn: list[dict[str, Any]], k_tile: int | None
) -> tuple[list[NDArray[np.int64]], int]:
    """W6: R consecutive k, or by channels, or one tile of all projections."""
    together, made, count = bool(rng.integers(2)), [], 0
    for p in drawn:
        taps = int(np.prod(p["kernel"]))
        depth = p["channels"] * taps
        if k_tile is None and together:
            made.append(np.array([[0, 0, depth]]))
            count = 1
            continue
        size = k_tile or taps * int(rng.integers(1, p["channels"] + 1))
        ends = range(0, depth, size)
        made.append(np.array([[count + i, a, min(a + size, depth)] for i, a in enumerate(ends)]))
        count += len(ends)
    return made, count


def draw_events(rng: Generator, p: Incoming, samples: int, steps: int, held: bool) -> Events:
    alive = rng.random((samples, 1 if held or rng.integers(4) == 0 else steps, p.size))
    values = (alive < rng.choice([0.0, 0.1, 0.3, 0.3, 0.5, 0.7, 1.0])).astype(np.float32)
    return Events.from_dense(values, binary=p.binary)
