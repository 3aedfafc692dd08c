"""``hwsim ops``: operations as each tool counts them."""

from pathlib import Path

from tests.cli.running import SAMPLES, STEPS, Command, told


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
    known = ("NeuroBench dense: ", "SpikingJelly SynOp: ", "syops MAC: ", "mean of 1 sample of ", "max_pool")
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
