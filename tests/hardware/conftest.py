"""A chip's YAML in a folder of the test's own."""

from pathlib import Path

import pytest

from tests.hardware.chip_file import File


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "chip.yaml")
