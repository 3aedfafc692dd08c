"""Which code computes: results that are kept are those of one version of it."""

import hashlib
from functools import cache
from pathlib import Path

from hwsim import zoo

COUNTED = (".py", ".yaml", ".csv")
INSTALLED = ("models", "mappings", "reports")
"""Folders of a checkout that an installation may have, or parts of them, inside of the package."""


@cache
def source_id() -> str:
    """First 16 hex digits of the SHA-256 over all files of the package and of the models that it ships whose
    content decides results; the same of a checkout and of what is installed from it."""
    digest = hashlib.sha256()
    for root in (Path(__file__).parent, zoo.directory()):
        for path in sorted(p for p in root.rglob("*") if p.suffix in COUNTED):
            name = path.relative_to(root)
            if name.parts[0] not in INSTALLED and "checkpoints" not in name.parts:
                digest.update(name.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
