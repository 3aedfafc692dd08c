"""The Python of the documents runs as it stands, given a model, its images and their labels."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.nn import LIF

ROOT = Path(__file__).parent.parent


def blocks(name: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / name).read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("name", ["README.md", "docs/report.md", "docs/python.md"])
def test_the_examples_of_a_document_run_one_after_the_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    given: dict[str, Any] = {
        "model": nn.Sequential(nn.Conv2d(1, 2, 3), LIF(), nn.Flatten(), nn.Linear(32, 3)),
        "images": np.random.default_rng(0).random((2, 1, 6, 6)).astype(np.float32),
        "labels": np.array([0, 2]),
    }
    found = blocks(name)
    assert found
    for block in found:
        exec(block, given)  # noqa: S102 - our own documents
    printed = capsys.readouterr().out
    assert "per inference" in printed
    assert "accuracy as executed" in printed


def test_the_example_is_of_five_lines() -> None:
    for block in (blocks("docs/report.md")[0], *blocks("docs/python.md")):
        assert len([line for line in block.splitlines() if line]) <= 5


def test_the_example_of_asgl_runs_and_tells_the_graded_shares(capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), LIF(), nn.Flatten(), nn.Linear(32, 3))
    (example,) = [block for block in blocks("docs/training.md") if "ASGL" in block]
    exec(example, {"model": model, "images": torch.rand(4, 1, 6, 6)})  # noqa: S102 - our own documents
    printed = capsys.readouterr().out
    assert printed.count("1.surrogate") == 2
