"""The command line: one JSON object, whole files, errors in one message, the same numbers both ways."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hwsim import __version__, cli, commands, cost, hardware, pipeline, zoo
from hwsim.comparing import Asked
from hwsim.cost import COMPONENTS, Cost
from hwsim.dram.table import TABLES as DRAMS
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.frontends.loading import open_model
from hwsim.hardware import load_hardware
from hwsim.ledger import ACTIONS, CAUSES, Ledger
from hwsim.mapping import load_mapping
from hwsim.network import Network
from hwsim.nn import run
from tests.examples import small_network

NET = '''
from torch import nn

from hwsim.nn import LIF


def build():
    """(1, 8, 8) images to 3 classes, through a convolution, a pool and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), LIF(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1), nn.Linear(64, 3)
    )
'''

WRONG = '''
from torch import nn

from hwsim.frontends import Neurons, register_neuron


class Fires(nn.Module):
    def forward(self, x):
        return (x >= 0.5).float()


register_neuron(Fires, lambda m: Neurons({"decay": 0.0, "threshold": 100.0}), lambda m: None)


def build():
    """Neurons that fire at 0.5 with a rule that says 100."""
    layer = nn.Linear(4, 3)
    nn.init.ones_(layer.weight)
    return nn.Sequential(layer, Fires(), nn.Linear(3, 2))
'''

SAMPLES, STEPS = 5, 3


@dataclass
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert (self.code, self.err) == (0, "")
        values: dict[str, Any] = json.loads(self.out)
        return values

    @property
    def error(self) -> str:
        """The message of a command that failed as it should: one, on stderr, without a traceback."""
        assert self.code == 2
        assert self.out == ""
        assert self.err.count("error: ") == 1
        assert self.err.startswith("error: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("error: ").rstrip("\n")


Command = Callable[..., Ran]


@pytest.fixture
def hwsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process, as the installed script does."""

    monkeypatch.setenv("COLUMNS", "200")  # so that tables for people are not cut

    def command(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["hwsim", *map(str, arguments)])
        capsys.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return command


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, its weights and labelled images."""
    directory = tmp_path_factory.mktemp("files")
    (directory / "net.py").write_text(NET)
    torch.manual_seed(1)
    state = {
        "0.weight": torch.randn(4, 1, 3, 3), "0.bias": torch.randn(4), "5.weight": torch.randn(3, 64) / 8,
        "5.bias": torch.zeros(3),
    }  # fmt: skip
    save_file(state, directory / "weights.safetensors")
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (SAMPLES, 8, 8)).astype(np.uint8)
    np.savez(directory / "images.npz", images=images, labels=rng.integers(0, 3, SAMPLES))
    return directory


def told(files: Path) -> list[str]:
    """The arguments that name the network of the tests."""
    weights, inputs = files / "weights.safetensors", files / "images.npz"
    return [
        f"{files / 'net.py'}:build",
        "--weights",
        str(weights),
        "--inputs",
        str(inputs),
        "--timesteps",
        str(STEPS),
    ]


@pytest.fixture
def estimate(hwsim: Command, files: Path) -> Command:
    """Estimate the network of the tests with further options."""
    return lambda *options: hwsim("estimate", *told(files), *options)


def numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Everything that must not depend on when or by which engine it was worked out."""
    return {k: v for k, v in values.items() if k not in ("provenance", "agreement", "hardware", "mapping")}


# --- estimate --json -----------------------------------------------------------------------------


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
    values = estimate("--json", "--skip", "event", "--schedule", "step_major", "--fold-order", "n_outer",
                      "--sample-loop", "outer").json  # fmt: skip
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


# --- files ---------------------------------------------------------------------------------------

WRITTEN = {
    "result.json", "layers.csv", "report.html", "network.safetensors", "ledger.safetensors", "cost.json",
    "hardware.yaml", "mapping.yaml",
}  # fmt: skip


def test_a_directory_gets_every_file_and_no_other(estimate: Command, tmp_path: Path) -> None:
    ran = estimate("-o", tmp_path / "deep" / "out")
    assert ran.code == 0
    assert {p.name for p in (tmp_path / "deep" / "out").iterdir()} == WRITTEN
    assert all(str(tmp_path / "deep" / "out" / name) in ran.out.replace("\n", "") for name in WRITTEN)


def test_the_files_hold_what_was_printed(estimate: Command, tmp_path: Path) -> None:
    values = estimate("--json", "-o", tmp_path).json
    assert json.loads((tmp_path / "result.json").read_text()) == values
    ledger = Ledger.load(tmp_path / "ledger.safetensors")
    assert ledger.elapsed_cycles == values["totals"]["cycles"]
    assert {a: ledger.total(a) for a in ACTIONS} == values["counts"]
    assert Cost.load(tmp_path / "cost.json").total_pj == values["totals"]["energy_pj"]
    assert Network.load(tmp_path / "network.safetensors").id == values["provenance"]["network"]
    assert load_hardware(str(tmp_path / "hardware.yaml")).id == values["provenance"]["hardware"]
    assert load_mapping(tmp_path / "mapping.yaml").id == values["provenance"]["mapping"]


def test_the_spreadsheet_has_a_row_a_layer_with_its_numbers(estimate: Command, tmp_path: Path) -> None:
    values = estimate("--json", "-o", tmp_path).json
    with (tmp_path / "layers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [layer["name"] for layer in values["layers"]]
    for row, layer in zip(rows, values["layers"], strict=True):
        assert int(row["cycles"]) == layer["cycles"]
        assert row["shape"] == "x".join(map(str, layer["shape"]))
        assert {a: int(row[a]) for a in ACTIONS if int(row[a])} == layer["counts"]
        assert {c: float(row[f"{c}_pj"]) for c in COMPONENTS} == layer["energy_pj"]


def test_the_report_is_one_page_about_the_model(estimate: Command, tmp_path: Path) -> None:
    estimate("-o", tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "build" in page


def test_a_saved_network_is_estimated_again_with_the_same_totals(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    first = estimate("--json", "-o", tmp_path).json
    again = hwsim(
        "estimate", tmp_path / "network.safetensors", "--inputs", files / "images.npz", "--json",
        "--hardware", tmp_path / "hardware.yaml", "--mapping", tmp_path / "mapping.yaml",
    ).json  # fmt: skip
    assert numbers(again) == numbers(first)
    assert again["agreement"] is None


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.bool_])
def test_a_network_of_spikes_takes_them_in_any_type(
    hwsim: Command, tmp_path: Path, dtype: type[np.generic]
) -> None:
    saved, inputs = tmp_path / "net.safetensors", tmp_path / "spikes.npz"
    small_network("spikes").save(saved)
    spikes = np.random.default_rng(0).random((2, 3, 2, 4, 4)) < 0.5
    np.savez(inputs, inputs=spikes.astype(dtype))
    values = hwsim("estimate", saved, "--inputs", inputs, "--json").json
    # every spike of the input is delivered to the first layer once
    assert values["layers"][0]["counts"]["events_in"] == int(spikes.sum())


# --- ops -----------------------------------------------------------------------------------------


def test_operations_agree_with_those_that_are_estimated(
    hwsim: Command, estimate: Command, files: Path
) -> None:
    found = hwsim("ops", *told(files), "--json").json
    ran = estimate("--json").json
    # the chip computes the layer that sees the constant images once, the count has it at every step
    (first, *rest) = [layer for layer in found["layers"] if layer["kind"] in ("conv2d", "dense")]
    layers = {layer["name"]: layer["counts"] for layer in ran["layers"]}
    assert first["counts"]["mac"] * SAMPLES == layers["1"]["mac"] * STEPS
    assert [layer["counts"]["ac"] * SAMPLES for layer in rest] == [layers["readout"]["ac"]]
    assert (found["samples"], found["timesteps"]) == (SAMPLES, STEPS)
    assert found["agreement"] == ran["agreement"]["sentence"]


def test_operations_of_every_tool_are_counted_and_defined(hwsim: Command, files: Path) -> None:
    found = hwsim("ops", *told(files), "--json").json
    assert {key.partition("_")[0] for key in found["definitions"]} == {
        "ac", "mac", "dense", "neurobench", "spikingjelly", "syops"
    }  # fmt: skip
    assert set(found["totals"]) == set(found["definitions"])


def test_operations_for_people_show_every_tool_and_what_it_counts(hwsim: Command, files: Path) -> None:
    ran = hwsim("ops", *told(files), "--samples", "1")
    assert ran.code == 0
    known = ("NeuroBench dense: ", "SpikingJelly SynOp: ", "syops MAC: ", "mean of 1 samples", "max_pool")
    assert all(text in ran.out for text in known)
    assert "executor equals PyTorch" in ran.out


def test_operations_of_a_saved_network_are_those_of_its_model(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    inputs = ("--inputs", files / "images.npz", "--json")
    saved = hwsim("ops", tmp_path / "network.safetensors", *inputs).json
    assert saved["totals"] == hwsim("ops", *told(files), "--json").json["totals"]
    assert saved["agreement"] is None


# --- inspect and list ----------------------------------------------------------------------------


def test_inspect_tells_shapes_parameters_and_macs(hwsim: Command, files: Path) -> None:
    values = hwsim("inspect", *told(files), "--json").json
    assert [layer["name"] for layer in values["layers"]] == ["input", "1", "2", "readout"]
    assert [layer["shape"] for layer in values["layers"]] == [[1, 8, 8], [4, 8, 8], [4, 4, 4], [3]]
    assert values["parameters"] == 4 * 9 + 4 + 3 * 64 + 3
    assert values["neurons"] == 256
    # 3 x 3 taps of 4 channels at 8 x 8 positions, those in the padding too
    assert [layer["macs"] for layer in values["layers"]] == [0, 2304, 0, 192]
    assert values["macs"] == 2496


def test_inspect_counts_padding_and_estimate_what_is_in_bounds(
    hwsim: Command, estimate: Command, files: Path
) -> None:
    looked = hwsim("inspect", *told(files), "--json").json["layers"]
    ran = estimate("--json", "--samples", "1").json["layers"]
    assert [layer["macs"] for layer in looked[1:]] == [2304, 0, 192]
    assert [layer["dense_macs"] for layer in ran] == [1936, 0, 192]


def test_inspect_of_a_saved_network_is_that_of_its_model(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = hwsim("inspect", tmp_path / "network.safetensors", "--json").json
    assert saved == hwsim("inspect", *told(files), "--json").json


def test_inspect_for_people_shows_every_layer(hwsim: Command, files: Path) -> None:
    ran = hwsim("inspect", *told(files))
    assert ran.code == 0
    assert all(text in ran.out for text in ("input", "readout", "max_pool", "4x8x8", "235 parameters"))


def test_inspect_has_every_field_that_was_asked_for(hwsim: Command, files: Path) -> None:
    values = hwsim("inspect", *told(files), "--json").json
    asked = {"parameters", "neurons", "state_words", "forward_state_bytes", "backward_state_bytes", "macs"}
    assert set(values) >= asked | {"macs_first_layer", "timesteps", "layers"}
    assert (values["timesteps"], values["macs_first_layer"]) == (STEPS, 2304)
    # 256 membranes of 4 bytes, and as many for each of the steps
    assert values["forward_state_bytes"] == 256 * 4
    assert values["backward_state_bytes"] == 256 * 4 * STEPS


def test_inspect_counts_shared_states_once(hwsim: Command, files: Path) -> None:
    values = hwsim("inspect", *told(files), "--sharing", "C2", "--json").json
    assert (values["neurons"], values["state_words"]) == (256, 128)
    assert values["backward_state_bytes"] == values["forward_state_bytes"] == 512
    shown = hwsim("inspect", *told(files), "--sharing", "C2").out
    assert "sharing: C2: LIF states shared by 2 groups of channels" in shown


def test_a_networks_options_are_set_on_the_command_line(hwsim: Command) -> None:
    values = hwsim("inspect", "autosnn/snn1", "--set", "block=srb3", "--set", "channels=2", "--json").json
    plain = hwsim("inspect", "autosnn/snn1", "--set", "channels=2", "--json").json
    assert values["name"] == plain["name"] == "autosnn/snn1"
    assert len(values["layers"]) == len(plain["layers"])
    assert values["parameters"] > plain["parameters"]  # shortcuts that change the channels
    steps = hwsim("inspect", "autosnn/snn1", "--set", "channels=2", "--set", "timesteps=3", "--json").json
    assert steps["timesteps"] == 3
    assert steps["backward_state_bytes"] * plain["timesteps"] == plain["backward_state_bytes"] * 3


def test_a_shape_stands_in_for_inputs(hwsim: Command, files: Path) -> None:
    spec = f"{files / 'net.py'}:build"
    values = hwsim("inspect", spec, "--shape", "1,8,8", "--set", "timesteps=2", "--json").json
    assert (values["input_shape"], values["timesteps"]) == ([1, 8, 8], 2)
    assert hwsim("inspect", spec, "--timesteps", "2").error.endswith("of one input with --shape 3,32,32")


def test_inspect_writes_drawings_and_what_it_printed(hwsim: Command, files: Path, tmp_path: Path) -> None:
    values = hwsim("inspect", *told(files), "--json", "-o", tmp_path / "out").json
    names = {"graph.svg", "graph.png", "inspect.json"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == names
    assert json.loads((tmp_path / "out" / "inspect.json").read_text()) == values
    shown = hwsim("inspect", *told(files), "-o", tmp_path / "out").out.replace("\n", "")
    assert all(str(tmp_path / "out" / name) in shown for name in names)


CALIBRATED = "thresholds calibrated to rate 0.2 (spikes per neuron and step)"


def test_a_calibrated_estimate_runs_without_inputs_and_says_so_everywhere(
    hwsim: Command, tmp_path: Path
) -> None:
    asked = ("estimate", "asgl/cifarnet", "--set", "channels=4", "--set", "resolution=16", "--samples", "4")
    init = ("--init", "calibrated", "--rate", "0.2")
    ran = hwsim(*asked, *init, "-o", tmp_path)
    assert ran.code == 0
    assert CALIBRATED in ran.out
    assert "weights random, not trained" in ran.out
    assert CALIBRATED in (tmp_path / "report.html").read_text()
    values = json.loads((tmp_path / "result.json").read_text())
    assert values["model"]["notes"]["calibration"].startswith(CALIBRATED)
    assert values["model"]["notes"]["inputs"].startswith("synthetic")
    assert values["provenance"]["inputs_file"] is None
    assert values["accuracy"] is values["agreement"] is None
    rates = [layer["rate"] for layer in values["layers"] if layer["kind"] == "lif"]
    assert rates
    assert all(rate == pytest.approx(0.2, rel=0.1) for rate in rates)
    # the file of the network says it too
    assert CALIBRATED in hwsim("inspect", tmp_path / "network.safetensors").out
    assert hwsim(*asked).error.startswith("'asgl/cifarnet' comes without inputs")


def test_calibration_looks_at_the_given_inputs_and_reports_no_accuracy(hwsim: Command, files: Path) -> None:
    asked = (f"{files / 'net.py'}:build", "--inputs", files / "images.npz", "--timesteps", "3")
    values = hwsim("estimate", *asked, "--init", "calibrated", "--json").json
    assert "on 5 of the given inputs" in values["model"]["notes"]["calibration"]
    assert values["accuracy"] is None
    assert values["layers"][0]["rate"] == pytest.approx(0.18, rel=0.05)
    looked = hwsim("inspect", *asked, "--init", "calibrated", "--json").json
    assert looked["id"] == values["model"]["id"]
    assert looked["layers"][1]["rate"] == values["layers"][0]["rate"]


def test_rates_of_a_calibrated_network_are_those_behind_the_sharing(hwsim: Command, files: Path) -> None:
    asked = (f"{files / 'net.py'}:build", "--shape", "1,8,8", "--timesteps", "3", "--init", "calibrated")
    plain, shared = (hwsim("inspect", *asked, "--sharing", s, "--json").json for s in ("none", "C2"))
    assert plain["layers"][1]["threshold"] == shared["layers"][1]["threshold"]
    assert plain["layers"][1]["rate"] != shared["layers"][1]["rate"]
    assert "before states were shared" in shared["notes"]["calibration"]


def test_random_weights_take_a_checkpoints_place(hwsim: Command) -> None:
    values = hwsim("inspect", "fashion", "--init", "random", "--set", "resolution=32", "--json").json
    assert values["input_shape"] == [1, 32, 32]
    assert values["notes"] == {"weights": "random (seed 0), not trained"}
    assert hwsim("inspect", "fashion", "--json").json["notes"] == {}


def test_untrained_networks_are_told_in_an_estimate(hwsim: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.random.default_rng(0).random((2, 3, 16, 16)).astype(np.float32))
    asked = ("asgl/cifarnet", "--set", "channels=2", "--set", "resolution=16", "--inputs", tmp_path / "x.npz")
    values = hwsim("estimate", *asked, "--json").json
    assert values["model"]["notes"] == {"weights": "random (seed 0), not trained"}
    assert values["agreement"]["trusted"]


def test_costs_of_a_network_that_differs_from_pytorch_end_with_one_error(
    hwsim: Command, tmp_path: Path
) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    np.savez(tmp_path / "x.npz", inputs=np.ones((2, 4), np.float32))
    asked = ("--inputs", tmp_path / "x.npz", "--timesteps", "2", "--json")
    ran = hwsim("estimate", f"{tmp_path / 'wrong.py'}:build", *asked)
    assert ran.code == 2
    assert not json.loads(ran.out)["agreement"]["trusted"]
    assert ran.err.startswith("error: the captured network does not compute what the model computes")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "chanels=4"], "fashion has no option 'chanels'. Did you mean 'channels'?"),
        (["--set", "channels=many"], "fashion takes channels: int"),
        (["--set", "channels=8"], "its trained checkpoint was made without"),
        (["--set", "timesteps=2", "--timesteps", "3"], "timesteps are given twice"),
        (["--sharing", "LL"], "--sharing 'LL'; allowed: none, L, C2, C4, C8, L+C2"),
        (["--sharing", "C3"], "layer '1': 3 groups do not divide its 16 channels"),
        (["--init", "calibrate"], "--init 'calibrate'. Did you mean 'calibrated'?"),
        (["--rate", "0.1"], "--rate is what --init calibrated aims at"),
        (["--init", "calibrated", "--rate", "1.5"], "--rate 1.5: spikes per neuron and step"),
        (["--init", "random", "--weights", "w.safetensors"], "leave out --weights or --init"),
        (["--set", "resolution=-4", "--init", "random"], "input of shape (1, -4, -4)"),
        (["--shape", "1,28"], "--shape '1,28': write one input's shape"),
        (["--shape", "1,28,28", "--inputs", "x.npz"], "leave out --shape or --inputs"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
@pytest.mark.parametrize("command", ["inspect", "estimate"])
def test_a_variant_that_means_nothing_is_one_message(
    hwsim: Command, command: str, options: list[str], message: str
) -> None:
    few = ("--samples", "1") if command == "estimate" else ()
    assert message in hwsim(command, "fashion", *few, *options).error


def test_a_saved_network_is_shared_but_not_made_anew(
    hwsim: Command, estimate: Command, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = tmp_path / "network.safetensors"
    assert hwsim("inspect", saved, "--sharing", "C4", "--json").json["state_words"] == 64
    assert "--init random is for modules" in hwsim("inspect", saved, "--init", "random").error
    assert "--shape is for modules" in hwsim("inspect", saved, "--shape", "1,8,8").error
    assert "takes no --set" in hwsim("inspect", saved, "--set", "channels=4").error


def test_an_estimate_runs_on_synthetic_inputs_only_where_it_is_calibrated(
    hwsim: Command, files: Path
) -> None:
    spec = f"{files / 'net.py'}:build"
    asked = ("estimate", spec, "--shape", "1,8,8", "--timesteps", "2", "--samples", "2")
    assert hwsim(*asked).error.endswith("on which a model runs only with --init calibrated")
    assert hwsim(*asked, "--init", "calibrated", "--json").json["samples"] == 2


def test_channel_groups_that_share_states_have_fewer_words(estimate: Command) -> None:
    states = [estimate("--json", "--sharing", sharing).json["lif"] for sharing in ("none", "C2")]
    assert [state["state_words"] for state in states] == [256, 128]


@pytest.mark.parametrize(
    ("what", "known"),
    [("models", list(zoo.entries())), ("hardware", hardware.presets()), ("tables", cost.tables())],
)
def test_everything_known_by_name_is_listed(hwsim: Command, what: str, known: list[str]) -> None:
    found = hwsim("list", what, "--json").json
    assert sorted(found) == sorted(known)
    texts = [entry["description"] if what == "hardware" else entry for entry in found.values()]
    assert all(len(text) > 10 for text in texts)
    shown = hwsim("list", what)
    assert shown.code == 0
    assert all(name in shown.out for name in known)


def test_chips_are_listed_with_array_dataflow_skip_node_and_clock(hwsim: Command) -> None:
    ptb = hwsim("list", "hardware", "--json").json["ptb"]
    description = ptb.pop("description")
    assert "8 windows" in description
    assert ptb == {
        "rows": 16,
        "columns": 8,
        "rows_hold": "N",
        "columns_hold": "T",
        "dataflow": "os",
        "skip": "event",
        "node_nm": 28,
        "clock_hz": 500_000_000,
    }
    (line,) = (line for line in hwsim("list", "hardware").out.splitlines() if line.strip().startswith("ptb "))
    assert line.split()[:11] == ["ptb", "16", "N", "x", "8", "T", "os", "event", "28", "nm", "500"]


def test_the_version_is_told(hwsim: Command) -> None:
    assert hwsim("--version") == Ran(0, f"{__version__}\n", "")


# --- errors --------------------------------------------------------------------------------------


@pytest.fixture
def nothing_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of names and files must come before anything is captured or simulated."""

    def late(*_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("the work began")

    monkeypatch.setattr(pipeline, "workload", late)
    monkeypatch.setattr(pipeline, "estimate", late)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hardware", "satta"], "unknown hardware preset 'satta'. Did you mean 'sata'?"),
        (["--table", "sata_kernel"], "unknown table 'sata_kernel'. Did you mean 'sata_kernels'?"),
        (["--hardware", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--table", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--mapping", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--inputs", "nowhere.npz"], "nowhere.npz: no such file"),
        (["--weights", "nowhere.safetensors"], "nowhere.safetensors: no such file"),
        (["--schedule", "layermajor"], "schedule: found 'layermajor'"),
        (["--fold-order", "outer"], "fold_order: found 'outer'"),
        (["--direct-coding", "twice"], "direct_coding: found 'twice'"),
        (["--skip", "evnt"], "--skip 'evnt'. Did you mean 'event'? Known: dense, event, gate"),
        (["--engine", "kernl"], "--engine 'kernl'. Did you mean 'kernel'? Known: kernel, reference"),
    ],
    ids=lambda v: v[0].removeprefix("--") + " " + v[1] if isinstance(v, list) else "",
)
@pytest.mark.usefixtures("nothing_long")
def test_a_wrong_option_is_one_message_before_any_work(
    estimate: Command, options: list[str], message: str
) -> None:
    assert message in estimate(*options).error


@pytest.mark.usefixtures("nothing_long")
def test_a_chip_with_a_negative_buffer_is_one_message_with_its_line(
    estimate: Command, tmp_path: Path
) -> None:
    text = (
        (hardware.TABLES / "sata.yaml")
        .read_text()
        .replace("capacity_bytes: 147456", "capacity_bytes: -147456")
    )
    (tmp_path / "chip.yaml").write_text(text)
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "-147456" in row)
    message = estimate("--hardware", tmp_path / "chip.yaml").error
    assert message.startswith(
        f"{tmp_path / 'chip.yaml'}:{line}: buffers.weight.capacity_bytes: found -147456"
    )


@pytest.mark.usefixtures("nothing_long")
def test_a_chip_with_an_unknown_key_is_one_message_with_its_line(estimate: Command, tmp_path: Path) -> None:
    (tmp_path / "chip.yaml").write_text((hardware.TABLES / "sata.yaml").read_text() + "voltage: 0.9\n")
    line = len((tmp_path / "chip.yaml").read_text().splitlines())
    assert (
        f"chip.yaml:{line}: unknown field 'voltage'" in estimate("--hardware", tmp_path / "chip.yaml").error
    )


@pytest.mark.parametrize("table", ["snn_paper_fp32", "sata_kernels", "horowitz45"])
@pytest.mark.usefixtures("nothing_long")
def test_a_buffer_that_no_table_knows_is_found_before_any_work(
    estimate: Command, tmp_path: Path, table: str
) -> None:
    # 100 bytes lie below the grid that all areas are from
    text = (hardware.TABLES / "sata.yaml").read_text()
    assert "input: {capacity_bytes: 32768" in text
    (tmp_path / "chip.yaml").write_text(
        text.replace("input: {capacity_bytes: 32768", "input: {capacity_bytes: 100")
    )
    message = estimate("--hardware", tmp_path / "chip.yaml", "--table", table).error
    assert "100" in message or "800" in message


@pytest.mark.usefixtures("nothing_long")
def test_an_unknown_model_gets_the_nearest_name(hwsim: Command) -> None:
    assert "unknown model 'fashio'. Did you mean 'fashion'?" in hwsim("estimate", "fashio").error


def test_an_unknown_list_gets_the_nearest_name(hwsim: Command) -> None:
    assert "cannot list 'model'. Did you mean 'models'?" in hwsim("list", "model").error


def test_a_model_without_inputs_asks_for_them(hwsim: Command, files: Path) -> None:
    message = hwsim("estimate", f"{files / 'net.py'}:build", "--timesteps", "2").error
    assert "comes without inputs" in message
    assert "--inputs" in message


def test_a_model_without_timesteps_asks_for_them(hwsim: Command, files: Path) -> None:
    message = hwsim("estimate", f"{files / 'net.py'}:build", "--inputs", files / "images.npz").error
    assert "--timesteps T" in message


def test_a_saved_network_keeps_its_timesteps(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = tmp_path / "network.safetensors"
    message = hwsim("estimate", saved, "--inputs", files / "images.npz", "--timesteps", "9").error
    assert "this saved network has 3 timesteps" in message


def test_inputs_of_a_wrong_shape_name_module_and_shape(estimate: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.zeros((1, 3, 8, 8), np.uint8))
    message = estimate("--inputs", tmp_path / "x.npz").error
    assert "module '0' (Conv2d)" in message
    assert "(1, 3, 8, 8)" in message


def test_no_sample_is_one_message(estimate: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.zeros((0, 8, 8), np.uint8))
    assert "no sample" in estimate("--inputs", tmp_path / "x.npz").error


def test_inputs_that_are_not_numbers_are_one_message(estimate: Command, tmp_path: Path) -> None:
    images = np.zeros((2, 1, 8, 8), np.float32)
    images[1, 0, 3, 3] = np.nan
    np.savez(tmp_path / "x.npz", images=images)
    assert "not finite" in estimate("--inputs", tmp_path / "x.npz").error


def test_damaged_weights_are_one_message(estimate: Command, files: Path, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes((files / "weights.safetensors").read_bytes()[:-1])
    assert "w.safetensors: not a safetensors file" in estimate("--weights", tmp_path / "w.safetensors").error


def test_weights_that_are_not_numbers_are_one_message_with_their_name(
    estimate: Command, files: Path, tmp_path: Path
) -> None:
    state = load_file(files / "weights.safetensors")
    state["5.weight"][1, 2] = float("nan")
    save_file(state, tmp_path / "w.safetensors")
    assert "parameter '5.weight'" in estimate("--weights", tmp_path / "w.safetensors").error


def test_a_damaged_saved_network_is_one_message(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = tmp_path / "network.safetensors"
    saved.write_bytes(saved.read_bytes()[:200])
    assert "network.safetensors" in hwsim("estimate", saved, "--inputs", files / "images.npz").error


def test_an_illegal_mapping_names_layer_and_buffer(estimate: Command, tmp_path: Path) -> None:
    text = (hardware.TABLES / "sata.yaml").read_text()
    assert text.count("weight: {capacity_bytes: 147456") == 1
    small = text.replace("weight: {capacity_bytes: 147456", "weight: {capacity_bytes: 1024")
    (tmp_path / "chip.yaml").write_text(small.replace("rows: 8, columns: 16", "rows: 8, columns: 512"))
    own = tmp_path / "net.py"
    own.write_text(
        NET.replace("nn.Conv2d(1, 4,", "nn.Conv2d(1, 400,").replace("nn.Linear(64, 3)", "nn.Linear(6400, 3)")
    )
    images = estimate_inputs(tmp_path)
    message = estimate_other(own, images, tmp_path / "chip.yaml")
    assert "layer '1'" in message
    assert "buffers.weight" in message


def estimate_inputs(directory: Path) -> Path:
    np.savez(directory / "one.npz", images=np.full((1, 8, 8), 100, np.uint8))
    return directory / "one.npz"


def estimate_other(model: Path, inputs: Path, chip: Path) -> str:
    """The error of another model on another chip, without the command line."""
    with pytest.raises(HwsimError) as caught:
        commands.estimate(
            f"{model}:build", str(chip), inputs, None, 1, 2, None, {}, None, None, "snn_paper_fp32", "kernel"
        )
    return str(caught.value)


def test_a_directory_that_is_a_file_is_one_message(estimate: Command, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("something of mine")
    assert "out" in estimate("-o", tmp_path / "out").error
    assert (tmp_path / "out").read_text() == "something of mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "the output directory has no name; the current one is written as ."),
        ("a" * 300, "cannot be made or written: File name too long"),
        ("/proc/nope", "/proc/nope: cannot be made or written"),
    ],
    ids=["empty", "long", "proc"],
)
@pytest.mark.usefixtures("nothing_long")
def test_a_directory_that_cannot_be_made_is_one_message_before_any_work(
    estimate: Command, name: str, message: str
) -> None:
    assert message in estimate("-o", name).error


@pytest.mark.usefixtures("nothing_long")
def test_a_directory_is_not_left_behind_by_an_error(estimate: Command, tmp_path: Path) -> None:
    assert "nowhere.npz" in estimate("-o", tmp_path / "a" / "b", "--inputs", "nowhere.npz").error
    assert not (tmp_path / "a").exists()


def test_inputs_too_many_to_make_are_one_message(hwsim: Command) -> None:
    message = hwsim("inspect", "fashion", "--shape", "999999999").error
    assert "would be 999999999 values; at most 268435456 are made" in message


@pytest.mark.parametrize("given", [["--timesteps"], ["--set", "timesteps="]], ids=lambda v: v[0])
def test_timesteps_beyond_all_bounds_are_one_message(hwsim: Command, given: list[str]) -> None:
    options = [*given[:-1], given[-1] + str(10**12)] if len(given) == 2 else [*given, 10**12]
    assert "must be at least 1 and at most 2147483647" in hwsim("inspect", "fashion", *options).error


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--layout", "step", "layout is for modules"), ("--coding", "series", "coding is for modules, .nir")],
)
@pytest.mark.parametrize("command", ["inspect", "estimate", "ops"])
def test_a_saved_network_takes_no_coding_and_no_layout(
    hwsim: Command, files: Path, tmp_path: Path, command: str, option: str, value: str, message: str
) -> None:
    small_network().save(tmp_path / "net.safetensors")
    assert message in hwsim(command, tmp_path / "net.safetensors", option, value).error


def test_what_others_say_in_many_lines_is_one_line(hwsim: Command, tmp_path: Path) -> None:
    net = tmp_path / "net.py"
    net.write_text("def build(width: int = 1):\n    raise ValueError('one\\n  two')\n")
    assert hwsim("inspect", f"{net}:build").error.endswith("failed: ValueError: one two")
    assert "\n" not in hwsim("inspect", f"{net}:build", "--set", "width=[1").error
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    message = hwsim("inspect", "fashion", "--weights", tmp_path / "w.safetensors").error
    assert "does not fit the model" in message
    assert "\n" not in message


def test_a_zoo_network_without_inputs_is_offered_synthetic_ones(hwsim: Command) -> None:
    assert "--init calibrated" in hwsim("ops", "autosnn/snn1").error


@pytest.mark.parametrize(
    "options", [["--samples", "0"], ["--timesteps", "0"], ["--samples", "x"], ["--nosuch"]]
)
def test_options_that_are_no_numbers_end_with_2(estimate: Command, options: list[str]) -> None:
    ran = estimate(*options)
    assert ran.code == 2
    assert ran.out == ""
    assert "Traceback" not in ran.err


# --- interruptions -------------------------------------------------------------------------------


def interrupt(*_arguments: Any, **_named: Any) -> Any:
    raise KeyboardInterrupt


def test_an_interrupted_run_ends_with_130_and_writes_nothing(
    estimate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "estimate", interrupt)
    ran = estimate("-o", tmp_path / "out")
    assert ran.code == 130
    assert ran.out == ""
    assert ran.err == "interrupted; nothing half-written\n"
    assert not (tmp_path / "out").exists()


def test_an_interrupted_save_leaves_whole_files_alone(
    estimate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = estimate("--json", "-o", tmp_path).json
    monkeypatch.setattr(Cost, "save", interrupt)
    assert estimate("-o", tmp_path, "--samples", "1").code == 130
    assert {p.name for p in tmp_path.iterdir()} == WRITTEN
    assert json.loads((tmp_path / "result.json").read_text()) == values
    assert Network.load(tmp_path / "network.safetensors").id == values["provenance"]["network"]
    assert not list(tmp_path.parent.glob(f".{tmp_path.name}.*"))
    Ledger.load(tmp_path / "ledger.safetensors").verify()


def test_an_interrupted_execution_ends_with_130(estimate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventTrace, "join", interrupt)
    assert estimate("--json").code == 130


# --- as a process --------------------------------------------------------------------------------


def test_a_failing_process_prints_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hwsim", "estimate", "fashion", "--hardware", "satta"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: unknown hardware preset 'satta'")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_drams_own_file_is_saved_beside_the_chip_without_its_path(
    estimate: Command, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text((DRAMS / "ddr4_2400.yaml").read_text())
    text = (hardware.TABLES / "sata.yaml").read_text().replace("table: ddr4_2400", "table: my.yaml")
    (tmp_path / "own.yaml").write_text(text)
    out, moved = tmp_path / "out", tmp_path / "moved"
    assert estimate("--hardware", tmp_path / "own.yaml", "-o", out).code == 0
    assert str(tmp_path) not in (out / "result.json").read_text()
    assert json.loads((out / "result.json").read_text())["hardware"]["dram"]["table"] == "my.yaml"
    assert str(tmp_path) not in (out / "hardware.yaml").read_text()
    (tmp_path / "my.yaml").unlink()
    out.rename(moved)
    assert load_hardware(str(moved / "hardware.yaml")).id == load_hardware("sata").id


def test_a_batch_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"--batch '9+\.\.\.: a mini-batch is a whole number of samples, 1"):
        Asked.of("none", "sata", None, "9" * 5000, "sata_kernels", None, None)
