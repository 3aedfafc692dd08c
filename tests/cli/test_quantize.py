"""``hwsim quantize``."""

import json
from pathlib import Path

from tests.cli.running import Command


def arguments(files: Path) -> list[str]:
    return [
        f"{files / 'net.py'}:build", "--model-weights", str(files / "weights.safetensors"),
        "--inputs", str(files / "images.npz"), "--timesteps", "3",
    ]  # fmt: skip


def test_a_quantized_model_is_a_model(hwsim: Command, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "q"
    ran = hwsim("quantize", *arguments(files), "--weights", "6", "--state", "10", "-o", str(out), "--json")
    values = json.loads(ran.out)
    assert values["precision"]["weights"] == 6
    assert {row["format"]["bits"] for row in values["rows"] if row["name"] == "weights"} == {6}
    assert values == json.loads((out / "quantization.json").read_text())
    # 4 x 9 + 3 x 64 weights of 6 bits, 7 biases and 256 membranes of 10: (228 x 6 + 263 x 10) / 8
    assert values["bytes"] == 500
    saved = [str(out / "network.safetensors"), "--inputs", str(out / "inputs.npz")]
    estimated = hwsim("estimate", *saved, "--samples", "2", "--json").json
    assert estimated["hardware"]["precision"]["weight_bits"] == 6
    assert estimated["hardware"]["precision"]["state_bits"] == 10


def test_it_tells_formats_and_answers(hwsim: Command, files: Path) -> None:
    out = hwsim("quantize", *arguments(files)).out
    assert "accuracy on 5 samples" in out
    assert "8-bit weights, 16-bit states" in out


def test_wrong_options_are_refused(hwsim: Command, files: Path) -> None:
    command = ["quantize", *arguments(files)]
    assert "weights: 40 bits; allowed are 1 to 32" in hwsim(*command, "--weights", "40").error
    assert "rounding 'up'" in hwsim(*command, "--rounding", "up").error
    assert "--scheme 'magic'" in hwsim(*command, "--scheme", "magic").error
    assert "tolerance 2; it must lie in [0, 1]" in hwsim(*command, "--search", "2").error


def test_training_with_the_bits_needs_samples_of_its_own(hwsim: Command, files: Path) -> None:
    command = ["quantize", *arguments(files), "--scheme", "qat"]
    assert "needs --train FILE.npz" in hwsim(*command).error
    values = hwsim(*command, "--train", str(files / "images.npz"), "--epochs", "1", "--json").json
    assert values["scheme"] == "qat"
    assert "are of --scheme qat" in hwsim("quantize", *arguments(files), "--epochs", "1").error
