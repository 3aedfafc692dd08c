"""How every Numba kernel is compiled: cached on disk, without the interpreter lock.

Numba looks at a kernel's own file to tell whether its cached code is stale, but a kernel holds the code
of others that it calls, and constants, from other files. The cache therefore lies in a folder named by
the hash of all files beside kernels: any change of one compiles all anew, and no stale code ever runs.
NUMBA_CACHE_DIR, where it is set, is left as it is.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import numba

CACHED: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

BARE: dict[str, Any] = CACHED | {"_nrt": False, "forceinline": True}
"""For kernels that make no array: no reference counts, and no calls that pass a hundred words."""


def fingerprint(root: Path) -> str:
    """Hash of all files in the folders below ``root`` that hold kernels: their constants are compiled in."""
    files = {path: path.read_bytes() for path in sorted(root.rglob("*.py"))}
    folders = {path.parent for path, content in files.items() if re.search(rb"^@njit", content, re.MULTILINE)}
    digest = hashlib.sha256()
    for path, content in files.items():
        if path.parent in folders:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def cache_directory() -> Path | None:
    """Where kernels of this version are cached, or None where nothing can be written."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        directory = home / "hwsim" / fingerprint(Path(__file__).parent)
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return directory if os.access(directory, os.W_OK | os.X_OK) else None


def one_thread() -> None:
    """Kernels of this process run in one thread from now on."""
    numba.set_num_threads(1)


_config: Any = numba.config
if not _config.CACHE_DIR and (_found := cache_directory()) is not None:
    _config.CACHE_DIR = str(_found)
