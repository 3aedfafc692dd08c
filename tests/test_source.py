"""Which files a model's code is: its own and what it imports from there, at any depth, and no other."""

import hashlib
from pathlib import Path

import pytest

from hwsim.source import model_sources

FILES = {
    "net.py": "import os, torch\nimport parts\nfrom pack.deep import layer as l\n",
    "parts.py": "def f():\n    from more import thing\n",
    "more.py": "import net\n",
    "pack/__init__.py": "from . import beside\n",
    "pack/beside.py": "from .inner.leaf import x\n",
    "pack/deep/__init__.py": "",
    "pack/deep/layer.py": "from ..above import y\nfrom ....outside import z\n",
    "pack/above.py": "import unread.of.nobody\n",
    "pack/inner/leaf.py": "import pack.missing\n",
    "pack/left.py": "",
    "left.py": "import parts\n",
    "beside.py": "",
}
OTHERS = {"pack/left.py", "left.py", "beside.py"}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path.parent / "outside.py").touch()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "net.py"


def test_sources_are_the_file_and_all_that_it_imports_from_its_folder(net: Path) -> None:
    found = model_sources(net)
    assert set(found) == set(FILES) - OTHERS
    assert next(iter(found)) == "net.py"
    assert all(digest == hashlib.sha256(FILES[name].encode()).hexdigest() for name, digest in found.items())


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_change_of_an_imported_file_shows_and_of_another_does_not(net: Path, name: str) -> None:
    before = model_sources(net)
    (net.parent / name).write_text(FILES[name] + "# changed\n")
    changed = {n for n, digest in model_sources(net).items() if digest != before[n]}
    assert changed == ({name} if name not in OTHERS else set())


def test_a_relative_path_has_the_same_sources(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(net.parent)
    assert model_sources(Path("net.py")) == model_sources(net)


def test_a_file_that_is_no_python_counts_by_itself(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_bytes(b"import \xff parts")
    (tmp_path / "parts.py").touch()
    assert set(model_sources(tmp_path / "net.py")) == {"net.py"}
