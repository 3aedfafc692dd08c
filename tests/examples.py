"""Small values that several tests share: one network, its trace, chips with room for it, damaged files."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from hwsim import pipeline
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Coding, Network, Population, Projection

PopulationKind = Literal["input", "lif", "relay", "relu", "readout"]


def conv(source: str, target: str, weights: NDArray[Any], **parts: Any) -> Projection:
    return Projection(
        f"{source}>{target}", source, target, "conv2d", weights, kernel=weights.shape[2:], **parts
    )


def dense(source: str, target: str, weights: NDArray[Any], **parts: Any) -> Projection:
    return Projection(f"{source}>{target}", source, target, "dense", weights, **parts)


def small_network(coding: Coding = "spikes", timesteps: int = 3) -> Network:
    """(2, 4, 4) -> conv 3x3 -> LIF (3, 4, 4) -> max pool (3, 2, 2) -> dense readout (5,), float32."""
    rng = np.random.default_rng(0)
    network = Network(
        name="small",
        populations=(
            Population("in", (2, 4, 4), "input"),
            Population("a", (3, 4, 4), "lif", decay=0.5),
            Population("pool", (3, 2, 2), "relay"),
            Population("out", (5,), "readout"),
        ),
        projections=(
            conv("in", "a", rng.integers(-2, 4, (3, 2, 3, 3)).astype(np.float32) / 2, padding=(1, 1)),
            Projection("a>pool", "a", "pool", "max_pool", kernel=(2, 2), stride=(2, 2)),
            dense("pool", "out", np.ones((5, 12), np.float32), bias=np.arange(5, dtype=np.float32)),
        ),
        readout="out",
        timesteps=timesteps,
        coding=coding,
    )
    network.verify()
    return network


def all_silent(network: Network, samples: int = 1) -> EventTrace:
    """A trace without a single event."""
    events = {}
    for p in network.populations:
        if p.kind == "readout":
            continue
        steps = 1 if p.name in network.constant else network.timesteps
        values = np.zeros((samples, steps, p.size), np.int32 if network.integer else np.float32)
        events[p.name] = Events.from_dense(values, network.is_binary(p.name))
    outputs = np.zeros((samples, network.timesteps, network.population[network.readout].size), np.float32)
    return EventTrace(network.id, network.timesteps, events, outputs)


def chip(
    rows: int = 2,
    columns: int = 2,
    skip: Literal["dense", "gate", "event"] = "gate",
    *,
    banks: int = 2,
    units: int = 1024,
    lanes: int = 16,
    placement: Literal["array", "edge"] = "array",
    weight: int = 1 << 22,
    inputs: int = 1 << 22,
    output: int = 1 << 22,
    membrane: int | None = None,
    partial_sum: int | None = None,
    spikes: Literal["bitmap", "list"] = "bitmap",
    word: int = 64,
    double: bool = True,
    weight_banks: int = 1,
    weight_ports: int = 1,
    bandwidth: int = 1 << 40,
    burst: int = 1,
    table: str | None = None,
    dram: dict[str, Any] | None = None,
    clock_hz: int = 1000,
    bits: tuple[int, int, int, int] = (8, 16, 16, 8),
    **array: Any,
) -> Hardware:
    """A chip with room for everything and a fast DRAM unless told otherwise; ``bits`` of weights, sums,
    states and activations. ``double``: weights and inputs; ``table``: a DRAM by name; ``dram``: its fields;
    ``array``: further fields of the PE array."""

    def buffer(size: int, **parts: Any) -> dict[str, Any]:
        return {"capacity_bytes": size, "word_bits": word, **parts}

    names = ("weight_bits", "partial_sum_bits", "state_bits", "activation_bits")
    plain = {"bandwidth_bytes_per_s": bandwidth, "burst_bytes": burst}
    return Hardware.model_validate(
        {
            "name": "test",
            "description": "a chip of the tests",
            "clock_hz": clock_hz,
            "node_nm": 28,
            "pe_array": {"rows": rows, "columns": columns, "skip": skip, "partial_sum_banks": banks, **array},
            "lif": {"units": units, "vector_lanes": lanes, "placement": placement},
            "precision": dict(zip(names, bits, strict=True)),
            "buffers": {
                "weight": buffer(weight, double_buffered=double, banks=weight_banks, ports=weight_ports),
                "input": buffer(inputs, double_buffered=double),
                "output": buffer(output),
                "membrane": membrane and buffer(membrane),
                "partial_sum": partial_sum and buffer(partial_sum),
                "spikes": spikes,
            },
            "dram": dram or ({"table": table} if table else plain),
            "sources": {},
        }
    )


def simulate(
    network: Network, trace: EventTrace, hardware: Hardware, mapping: Mapping | None = None
) -> tuple[Ledger, ...]:
    """A verified and conserving ledger per sample."""
    return pipeline.simulate(Lowering(network, hardware, mapping or Mapping()), trace)


def rewrite_header(path: Path, drop: str | None = None, **header: str) -> None:
    """Damage a saved value: leave out one array, or change texts of its header."""
    with safe_open(path, framework="numpy") as file:
        fields = dict(file.metadata())
        arrays = {name: file.get_tensor(name) for name in file.keys() if name != drop}  # noqa: SIM118
    save_file(arrays, path, metadata=fields | header)


def rewrite_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Damage a saved value: ``change`` its JSON."""
    with safe_open(path, framework="numpy") as file:
        meta = json.loads(file.metadata()["meta"])
    change(meta)
    rewrite_header(path, meta=json.dumps(meta))


def flipped_bytes(path: Path) -> Iterator[Path]:
    """The file with each byte of its header and the first of its data damaged in turn."""
    whole = path.read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    for place in range(min(end + 64, len(whole))):
        mask = (0x01, 0x0C, 0x80)[place % 3]
        path.write_bytes(whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])
        yield path
    path.write_bytes(whole)
