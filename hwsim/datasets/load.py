"""A data set by its name or by the path of an .npz file."""

from pathlib import Path

from hwsim.datasets.arrays import read_arrays
from hwsim.datasets.catalog import ENTRIES, Entry, Layout
from hwsim.datasets.values import Dataset
from hwsim.datasets.where import absent, directories, locate
from hwsim.errors import HwsimError, nearest


def load_dataset(name: str, directory: Path | None = None) -> Dataset:
    """The data set of this name, or the .npz file of this path, read and checked.

    Files are looked for in ``directory`` if given, else in $HWSIM_DATASETS, $HWSIM_DATA/data and
    ~/.cache/hwsim/datasets. Raises HwsimError for a name that is not known, for files that are not there
    (with where to get them), and for files that are damaged.
    """
    if name.endswith(".npz"):
        data = read_arrays(Path(name))
        data.verify(name)
        return data
    entry = _entry(name)
    places = directories(directory)
    found = _located(name, entry, places)
    if found is None:
        files = [layout.files for layout in entry.layouts]
        parts = [n for n in ENTRIES if n.startswith(f"{name}_") and find_dataset(n, directory)]
        raise absent(name, entry.description, files, entry.url, places, parts)
    layout, paths = found
    train, test = layout.read(paths)
    data = Dataset(
        name,
        entry.kind,
        train,
        test,
        entry.classes,
        entry.shape,
        source=entry.url,
        license=entry.license,
        note=entry.note,
    )
    data.verify(str(paths[0].parent) if paths else "")
    return data


def find_dataset(name: str, directory: Path | None = None) -> list[Path] | None:
    """The files that :func:`load_dataset` would read, without reading them; None where they are not there."""
    found = _located(name, _entry(name), directories(directory))
    return None if found is None else found[1]


def _entry(name: str) -> Entry:
    if name not in ENTRIES:
        raise HwsimError(
            f"unknown data set {name!r}.{nearest(name, list(ENTRIES))} Or give the path of an .npz file"
        )
    return ENTRIES[name]


def _located(name: str, entry: Entry, places: list[Path]) -> tuple[Layout, list[Path]] | None:
    folders = ("", name, *entry.folders)
    for layout in entry.layouts:
        paths = locate(layout.files, folders, places)
        if paths is not None:
            return layout, paths
    return None
