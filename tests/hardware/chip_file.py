"""A chip's YAML to edit."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from hwsim import hardware as module
from hwsim.errors import HwsimError
from hwsim.hardware import load_hardware

SATA = (module.TABLES / "sata.yaml").read_text(encoding="utf-8")


@dataclass
class File:
    """A chip's YAML: the SATA preset, edited."""

    path: Path

    def with_line(self, old: str, new: str) -> "File":
        assert SATA.count(old) == 1
        self.path.write_text(SATA.replace(old, new), encoding="utf-8")
        return self

    def line_of(self, text: str) -> int:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        (number,) = (i for i, line in enumerate(lines, 1) if text in line)
        return number

    def error(self) -> str:
        with pytest.raises(HwsimError) as caught:
            load_hardware(str(self.path))
        assert str(self.path) in str(caught.value)
        return str(caught.value)
