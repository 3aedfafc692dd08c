"""``hwsim estimate``: one JSON object whose numbers agree with one another, options, a table for people."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwsim import __version__, hardware, zoo
from hwsim.cost import COMPONENTS
from hwsim.frontends.loading import open_model
from hwsim.hardware import load_hardware
from hwsim.ledger import CAUSES
from hwsim.nn import run
from tests.cli.running import SAMPLES, STEPS, Command, numbers


def test_json_is_one_object_and_nothing_else(estimate: Command) -> None:
    ran = estimate("--json")
    decoded, end = json.JSONDecoder().raw_decode(ran.out)
    assert isinstance(decoded, dict)
    assert ran.out[end:].strip() == ""
    assert ran.err == ""
    assert ran.code == 0


def test_the_object_has_everything_that_was_asked_for(estimate: Command) -> None:
    values = estimate("--json").json
    totals = {"cycles", "latency_ns", "ac", "mac", "spikes", "dram_bytes", "energy_pj", "area_um2"}
    assert set(values["totals"]) >= totals
    assert set(values["lif"]) >= {"units", "memory_bytes"}
    assert set(values["energy_pj"]) == set(COMPONENTS)
    assert set(values["cycles"]) == set(CAUSES)
    assert set(values["ann"]) >= totals
    assert [layer["name"] for layer in values["layers"]] == ["1", "2", "readout"]
    assert values["accuracy"]["samples"] == values["samples"] == SAMPLES
    assert values["provenance"]["hwsim"] == __version__


def test_totals_are_the_sums_of_layers_components_and_causes(estimate: Command) -> None:
    values = estimate("--json").json
    totals, layers = values["totals"], values["layers"]
    assert sum(layer["cycles"] for layer in layers) == totals["cycles"]
    assert sum(layer["dram_bytes"] for layer in layers) == totals["dram_bytes"]
    for action in ("ac", "mac"):
        assert sum(layer["counts"].get(action, 0) for layer in layers) == totals[action]
    assert sum(values["energy_pj"].values()) == pytest.approx(totals["energy_pj"], rel=1e-12)
    by_layer = sum(sum(layer["energy_pj"].values()) for layer in layers)
    assert by_layer == pytest.approx(totals["energy_pj"], rel=1e-12)
    assert sum(values["area_um2"].values()) == pytest.approx(totals["area_um2"], rel=1e-12)
    for unit in CAUSES:
        assert sum(values["cycles"][unit].values()) == totals["cycles"]


def test_units_follow_from_the_chip(estimate: Command) -> None:
    values = estimate("--json").json
    chip = load_hardware("sata")
    assert values["totals"]["latency_ns"] == pytest.approx(values["totals"]["cycles"] * 1e9 / chip.clock_hz)
    # 4 x 8 x 8 membranes of 16 bits
    assert values["lif"]["state_words"] == 256
    assert values["lif"]["memory_bytes"] == 512
    assert values["lif"]["units"] == chip.lif.units
    assert values["lif"]["updates"] == 256 * STEPS * SAMPLES


def test_spikes_and_rates_are_those_of_the_lif_layer(estimate: Command) -> None:
    values = estimate("--json").json
    lif, pool, readout = values["layers"]
    assert values["totals"]["spikes"] == lif["events"] == lif["counts"]["lif_spike"] > 0
    assert lif["rate"] == lif["events"] / (256 * STEPS * SAMPLES)
    assert len(lif["rate_by_step"]) == STEPS
    assert sum(lif["rate_by_step"]) / STEPS == pytest.approx(lif["rate"])
    assert pool["events"] > 0
    assert readout["events"] == 0


def test_accuracy_is_that_of_pytorch_after_each_step(estimate: Command, files: Path, tmp_path: Path) -> None:
    model = open_model(f"{files / 'net.py'}:build", files / "weights.safetensors").model
    assert isinstance(model, torch.nn.Module)
    images = np.random.default_rng(3).random((40, 1, 8, 8)).astype(np.float32)
    with torch.no_grad():
        steps = [run(model.eval(), torch.from_numpy(images), t + 1).argmax(1).numpy() for t in range(STEPS)]
    # the labels are what PyTorch decides in the end, but for the first 10 images
    labels = (steps[-1] + (np.arange(40) < 10)) % 3
    np.savez(tmp_path / "x.npz", images=images, labels=labels)
    values = estimate("--json", "--inputs", tmp_path / "x.npz").json
    assert values["agreement"]["same_decision"] == 40
    shares = [float((decided == labels).mean()) for decided in steps]
    assert shares[0] != shares[-1] == 0.75
    assert values["accuracy"] == {"samples": 40, "correct": 30, "accuracy": 0.75, "by_timestep": shares}


def test_the_ann_counterpart_is_one_dense_inference(estimate: Command) -> None:
    # in-bounds MACs of a 3x3 window padded by 1 on 8 x 8: 22 * 22 positions and taps, 4 channels; the
    # linear layer has 192
    few, many = estimate("--json", "--samples", "1").json, estimate("--json").json
    assert many["ann"]["mac"] == 22 * 22 * 4 + 192
    assert [layer["dense_macs"] for layer in many["layers"]] == [1936, 0, 192]
    assert many["ann"]["ac"] == 0
    assert few["ann"]["energy_pj"] == many["ann"]["energy_pj"]
    mean = many["totals"]["energy_pj"] / SAMPLES
    assert many["ann"]["energy_ratio"] == pytest.approx(mean / many["ann"]["energy_pj"])
    assert many["ann"]["latency_ratio"] == pytest.approx(
        many["totals"]["cycles"] / SAMPLES / many["ann"]["cycles"]
    )


def test_means_over_samples_are_totals_over_their_number(estimate: Command) -> None:
    values = estimate("--json").json
    for name in ("cycles", "energy_pj", "spikes", "dram_bytes", "latency_ns"):
        spread = values["per_sample"][name]
        assert spread["mean"] == pytest.approx(values["totals"][name] / SAMPLES)
        assert spread["p5"] <= spread["median"] <= spread["p95"]


def test_the_number_of_samples_is_as_asked(estimate: Command) -> None:
    assert estimate("--json", "--samples", "2").json["samples"] == 2


def test_fewer_inputs_than_asked_for_are_taken_and_said_to_be(estimate: Command) -> None:
    ran = estimate("--json", "--samples", "99")
    assert json.loads(ran.out)["samples"] == SAMPLES
    assert ran.err == f"warning: 99 samples asked for, {SAMPLES} inputs are there and were taken\n"
    assert estimate("--json").err == ""


def test_the_same_command_gives_the_same_numbers(estimate: Command) -> None:
    one, other = estimate("--json").json, estimate("--json").json
    assert numbers(one) == numbers(other)
    for name in ("network", "inputs", "hardware", "mapping", "table"):
        assert one["provenance"][name] == other["provenance"][name]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--skip", "event", "--schedule", "step_major"],
        ["--skip", "dense", "--direct-coding", "each_step"],
    ],
    ids=["default", "events by step", "dense"],
)
def test_the_slow_reference_gives_the_same_numbers(estimate: Command, options: list[str]) -> None:
    kernel = estimate("--json", "--samples", "2", *options).json
    reference = estimate("--json", "--samples", "2", "--engine", "reference", *options).json
    assert numbers(kernel) == numbers(reference)
    assert (kernel["provenance"]["engine"], reference["provenance"]["engine"]) == ("kernel", "reference")


def test_options_reach_the_chip_and_the_mapping(estimate: Command) -> None:
    values = estimate(
        "--json",
        "--skip",
        "event",
        "--schedule",
        "step_major",
        "--fold-order",
        "n_outer",
        "--sample-loop",
        "outer",
    ).json
    assert values["hardware"]["pe_array"]["skip"] == "event"
    assert values["mapping"]["sample_loop"] == "outer"
    assert values["mapping"]["schedule"] == "step_major"
    assert values["mapping"]["fold_order"] == "n_outer"


def test_options_override_a_mapping_file(estimate: Command, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("schedule: step_major\ndirect_coding: each_step\n")
    values = estimate("--json", "--mapping", tmp_path / "m.yaml", "--schedule", "layer_major").json
    assert values["mapping"]["schedule"] == "layer_major"
    assert values["mapping"]["direct_coding"] == "each_step"


def test_a_chip_of_ones_own_is_taken_from_its_file(estimate: Command, tmp_path: Path) -> None:
    """A chip and a DRAM of half the rate take twice the time in as many cycles."""
    text = (hardware.TABLES / "sata.yaml").read_text()

    def at(clock: str, bandwidth: int) -> dict[str, Any]:
        path = tmp_path / f"{clock}.yaml"
        dram = f"{{bandwidth_bytes_per_s: {bandwidth}, burst_bytes: 64}}"
        path.write_text(text.replace("400_000_000", clock).replace("{table: ddr4_2400}", dram))
        return estimate("--json", "--hardware", path).json

    slow, fast = at("200_000_000", 9_600_000_000), at("400_000_000", 19_200_000_000)
    assert slow["totals"]["cycles"] == fast["totals"]["cycles"]
    assert slow["totals"]["latency_ns"] == 2 * fast["totals"]["latency_ns"]


def test_another_table_changes_prices_and_no_count(estimate: Command) -> None:
    one, other = (estimate("--json", "--table", t).json for t in ("sata_kernels", "snn_paper_fp32"))
    assert one["counts"] == other["counts"]
    assert one["totals"]["energy_pj"] != other["totals"]["energy_pj"]
    assert "lif_update" in other["unpriced"]


def test_a_table_for_people_tells_the_headline(estimate: Command) -> None:
    ran = estimate()
    assert ran.code == 0
    assert ran.err == ""
    for text in ("per inference", "energy SNN / ANN", "chip area", "accuracy as executed", "sata_kernels"):
        assert text in ran.out


def test_a_zoo_network_needs_nothing_but_its_name(hwsim: Command) -> None:
    values = hwsim("estimate", "fashion", "--samples", "2", "--json").json
    assert values["model"]["timesteps"] == zoo.entry("fashion").timesteps
    assert values["agreement"]["unexplained"] == 0
    assert values["accuracy"]["samples"] == 2
    assert values["provenance"]["checkpoint"]["seed"] == 0
