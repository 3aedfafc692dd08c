"""Runs one net on SANA-FE 2.2.9; prints JSON.

Run by benchmarks.against_sanafe with the Python of .venv-sanafe (``make perf``, tests/chip/test_sanafe.py):
``sanafe_net.py NET.npz MODEL counts`` gives spikes, counters and energies of every step, ``... timed`` the
CPU seconds of the simulation alone. MODEL is simple, detailed or cycle.
"""

import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sanafe

HOST_UNIT = "given"
UNIT = {"dense": "dense_synapse", "conv2d": "conv_synapse"}


def architecture(header: dict) -> sanafe.Architecture:
    """The chip of the header: a mesh of tiles, prices in J, latencies in s; inputs are on the first tile."""
    prices, takes = header["prices"], header["seconds"]
    hops = {
        f"{what}_{side}_hop": values[f"hop_{axis}"]
        for what, values in (("energy", prices), ("latency", takes))
        for side, axis in (("east", "x"), ("west", "x"), ("north", "y"), ("south", "y"))
    }

    def core(name: str, inputs: int) -> dict:
        soma = ("access", "access_neuron"), ("update", "update_neuron"), ("fire", "spike_out")
        kept = {f"energy_{key}": prices[field] for field, key in soma}
        free = dict.fromkeys((f"{what}_{key}" for what in ("energy", "latency") for _, key in soma), 0.0)
        units = [{"name": "lif", "attributes": {"model": "leaky_integrate_fire"} | kept
                  | {f"latency_{key}": takes[field] for field, key in soma}}]  # fmt: skip
        if inputs:
            units.append({"name": f"{HOST_UNIT}[0..{inputs - 1}]", "attributes": {"model": "input"} | free})
        synapses = [
            {"name": unit, "attributes": {"model": "current_based", "energy_process_spike": prices[kind],
                                          "latency_process_spike": takes["synapse"]}}
            for kind, unit in UNIT.items()
        ]  # fmt: skip
        dendrite = {"model": "accumulator", "energy_update": 0.0, "latency_update": 0.0}
        taken = {"energy_message_in": 0.0, "latency_message_in": takes["receive"]}
        sent = {"energy_message_out": prices["message"], "latency_message_out": takes["send"]}
        return {
            "name": name,
            "attributes": {
                "buffer_position": "soma",
                "buffer_inside_unit": False,
                "max_neurons_supported": 2048,
            },
            "axon_in": [{"name": "in", "attributes": taken}],
            "synapse": synapses,
            "dendrite": [{"name": "dendrite", "attributes": dendrite}],
            "soma": units,
            "axon_out": [{"name": "out", "attributes": sent}],
        }

    inputs = sum(p["size"] for p in header["populations"] if p["kind"] == "input")
    each, tiles = header["cores_per_tile"], header["width"] * header["height"]
    first, others = core(f"core[0..{each - 1}]", -(-inputs // each)), core(f"core[0..{each - 1}]", 0)
    described = {
        "name": "chip",
        "attributes": {
            "topology": "mesh",
            "width": header["width"],
            "height": header["height"],
            "link_buffer_size": 16,
            "sync_model": "fixed",
            "latency_sync": takes["barrier"],
        },
        "tile": [
            {"name": "tile[0..0]", "attributes": hops, "core": [first]},
            {"name": f"tile[1..{tiles - 1}]", "attributes": hops, "core": [others]},
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chip.yaml")
        path.write_text(json.dumps({"architecture": described}))
        return sanafe.load_arch(path)


def load(header: dict, arrays: dict) -> sanafe.SpikingChip:
    """The net of the file, mapped neuron by neuron in the order of the populations."""
    arch, net = architecture(header), sanafe.Network()
    cores, groups = arch.cores(), {}
    synapse = {q["target"]: UNIT[q["kind"]] for q in header["projections"]}
    for i, p in enumerate(header["populations"]):
        name = p["name"]
        if p["kind"] == "input":
            group = net.create_neuron_group(name, p["size"], {}, log_spikes=True)
            cores_of = arrays[f"p{i}.core"].tolist()
            for n, core in enumerate(cores_of):
                unit = f"{HOST_UNIT}[{n - cores_of.index(core)}]"
                train = [bool(s) for s in arrays[f"p{i}.spikes"][:, n]]
                group[n].set_attributes(soma_hw_name=unit, model_attributes={"spikes": train})
        else:
            about = {"threshold": p["threshold"], "leak_decay": p["decay"], "reset_mode": p["reset"]}
            group = net.create_neuron_group(
                name, p["size"], about, synapse.get(name, UNIT["dense"]), soma_hw_name="lif", log_spikes=True
            )
            for n in np.flatnonzero(arrays[f"p{i}.bias"]).tolist():
                group[n].set_attributes(model_attributes={"bias": float(arrays[f"p{i}.bias"][n])})
        for n, core in enumerate(arrays[f"p{i}.core"].tolist()):
            group[n].map_to_core(cores[core])
        groups[name] = group
    for i, q in enumerate(header["projections"]):
        pairs = list(zip(arrays[f"q{i}.source"].tolist(), arrays[f"q{i}.target"].tolist(), strict=True))
        weights = {"w": arrays[f"q{i}.weight"].tolist()}
        groups[q["source"]].connect_neurons_sparse(groups[q["target"]], weights, pairs)
    chip = sanafe.SpikingChip(arch)
    chip.load(net)
    return chip


def counts(chip: sanafe.SpikingChip, steps: int, model: str) -> dict:
    """Step by step: counters, energies in J, seconds of the chip, and who fired."""
    kept = ("neurons_updated", "neurons_fired", "packets_sent", "spikes", "sim_time")
    told: dict = {name: [] for name in (*kept, "hops", "synapse", "soma", "network", "total", "fired")}
    for _ in range(steps):
        run = chip.sim(1, timing_model=model, processing_threads=1, spike_trace=True, perf_trace=True)
        for name in kept:
            told[name].append(run[name])
        for part in ("synapse", "soma", "network", "total"):
            told[part].append(run["energy"][part])
        told["hops"].append(run["perf_trace"]["hops"][0])
        told["fired"].append([[a.group_name, a.neuron_offset] for a in run["spike_trace"][0]])
    return told


def timed(chip: sanafe.SpikingChip, steps: int, model: str) -> dict:
    """CPU seconds of one run on one thread."""
    began = time.process_time()
    run = chip.sim(steps, timing_model=model, processing_threads=1)
    return {"seconds": time.process_time() - began, "synapses": run["spikes"], "sim_time": run["sim_time"]}


def main(path: str, model: str, mode: str) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays.pop("header")))
    with contextlib.redirect_stdout(io.StringIO()):
        chip = load(header, arrays)
        told = {"counts": counts, "timed": timed}[mode](chip, header["steps"], model)
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
