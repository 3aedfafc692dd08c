"""Where files of data sets are looked for, and what is said of those that are not there."""

import contextlib
import os
from pathlib import Path

from hwsim.errors import HwsimError
from hwsim.storage import is_dir, is_file


def directories(directory: Path | None = None) -> list[Path]:
    """``directory`` alone if given, else $HWSIM_DATASETS, $HWSIM_DATA/data and the cache of the user."""
    if directory is not None:
        return [directory]
    found = []
    if own := os.environ.get("HWSIM_DATASETS"):
        found.append(Path(own))
    if shared := os.environ.get("HWSIM_DATA"):
        found.append(Path(shared) / "data")
    cache = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):  # a system without a home
        found.append((Path(cache) if cache else Path.home() / ".cache") / "hwsim" / "datasets")
    return found


def locate(files: tuple[str, ...], folders: tuple[str, ...], places: list[Path]) -> list[Path] | None:
    """Paths of all files in the first folder that has every one; ``a|b`` is a or, where it is not there, b.

    A name that ends in / is a directory.
    """
    for place in places:
        for folder in folders:
            paths = [_first(place / folder, names) for names in files]
            there = [path for path in paths if path is not None]
            if len(there) == len(files):
                return there
    return None


def _first(folder: Path, names: str) -> Path | None:
    for name in names.split("|"):
        path = folder / name
        if is_dir(path) if name.endswith("/") else is_file(path):
            return path
    return None


def _shown(names: str) -> str:
    """The first of a file's names, and whether it may be compressed."""
    first, *rest = names.split("|")
    return f"{first} (or .gz)" if f"{first}.gz" in rest else first


def absent(
    name: str, what: str, layouts: list[tuple[str, ...]], url: str, places: list[Path], parts: list[str]
) -> HwsimError:
    """The error for a data set that is in none of the places; ``parts`` are those like it that are."""
    ways = "; or ".join(", ".join(map(_shown, files)) for files in layouts)
    looked = ", ".join(f"{place}{'' if is_dir(place) else ' (no such directory)'}" for place in places)
    instead = f". There is {', '.join(parts)}" if parts else ""
    return HwsimError(
        f"data set {name} ({what}) was not found in {looked}. It is to be had at {url}. Put its files there, "
        f"in a folder {name} or without one: {ways}. Another directory: HWSIM_DATASETS=DIR{instead}"
    )
