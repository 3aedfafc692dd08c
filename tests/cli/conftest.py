"""The command line in this process, and the files of a small network."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hwsim import cli, pipeline
from tests.cli.running import NET, SAMPLES, Command, Ran, told


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


@pytest.fixture(scope="session")
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


@pytest.fixture
def estimate(hwsim: Command, files: Path) -> Command:
    """Estimate the network of the tests with further options."""
    return lambda *options: hwsim("estimate", *told(files), *options)


@pytest.fixture
def nothing_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of names and files must come before anything is captured or simulated."""

    def late(*_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("the work began")

    monkeypatch.setattr(pipeline, "workload", late)
    monkeypatch.setattr(pipeline, "estimate", late)
