"""Which code computes, hwsim's own and a model file's: results that are kept are of one version of it."""

import ast
import hashlib
from collections.abc import Iterator
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


def model_sources(path: Path) -> dict[str, str]:
    """SHA-256 of a model's file and of all that it imports, directly or not, from beside it or from folders
    there, by their paths relative to its folder, its own first.

    Imports are read from the source; what code imports by a computed name is not found. A file that is not
    Python counts as one without imports.
    """
    root, left = path.parent, [path]
    found: dict[str, str] = {}
    while left:
        file = left.pop()
        name = file.relative_to(root).as_posix()
        if name not in found:
            content = file.read_bytes()
            found[name] = hashlib.sha256(content).hexdigest()
            left += _imported(root, file, content)
    own, *others = found
    return {own: found[own]} | {name: found[name] for name in sorted(others)}


def _imported(root: Path, file: Path, content: bytes) -> Iterator[Path]:
    """Files below ``root`` that a file there imports."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _modules(root, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            start = root
            if node.level:
                above = file.relative_to(root).parents
                if node.level > len(above):
                    continue
                start = root / above[node.level - 1]
            parts = node.module.split(".") if node.module else []
            for alias in node.names:
                yield from _modules(start, [*parts, alias.name])


def _modules(start: Path, parts: list[str]) -> Iterator[Path]:
    """The files of a module and of the packages that it lies in, as far as they are there."""
    place = start
    for part in parts:
        place = place / part
        for file in (place / "__init__.py", place.with_name(f"{part}.py")):
            if file.is_file():
                yield file
