"""The kernels' cache: stale code of another file never runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwsim.jit import fingerprint


def test_the_fingerprint_follows_all_files_beside_kernels_and_no_other(tmp_path: Path) -> None:
    kernels, other = tmp_path / "kernels", tmp_path / "other"
    kernels.mkdir(), other.mkdir()
    (kernels / "sums.py").write_text("from constants import ONE\n@njit\ndef f(): return ONE\n")
    (kernels / "constants.py").write_text("ONE = 1\n")
    (other / "plain.py").write_text("x = 1\n")
    before = fingerprint(tmp_path)
    (other / "plain.py").write_text("x = 2\n")
    assert fingerprint(tmp_path) == before
    (kernels / "constants.py").write_text("ONE = 1.0\n")
    changed = fingerprint(tmp_path)
    (kernels / "sums.py").write_text("@njit\ndef f(): return 2\n")
    assert len({before, changed, fingerprint(tmp_path)}) == 3


def where(**environment: str) -> str:
    """numba's cache directory in a fresh interpreter that imported the kernels."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    code = "import hwsim.jit, numba; print(numba.config.CACHE_DIR)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_kernels_are_cached_in_the_users_cache_by_content(tmp_path: Path) -> None:
    found = Path(where(XDG_CACHE_HOME=str(tmp_path)))
    assert found.parent == tmp_path / "hwsim"
    assert found.is_dir()


def test_a_cache_directory_of_the_users_own_is_left_as_it_is(tmp_path: Path) -> None:
    assert where(NUMBA_CACHE_DIR=str(tmp_path)) == str(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert where(XDG_CACHE_HOME=str(tmp_path)) == ""


def test_a_file_in_the_place_of_the_cache_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "hwsim").write_text("")
    assert where(XDG_CACHE_HOME=str(tmp_path)) == ""
