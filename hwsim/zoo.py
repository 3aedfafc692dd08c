"""The zoo: networks by name, listed in models/zoo.yaml, and trainings that ship in models/checkpoints."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, PositiveInt, RootModel

from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError, nearest
from hwsim.population import Coding
from hwsim.storage import is_dir, is_file


class Entry(Configured):
    """A named network; paths are relative to the zoo's directory.

    ``builder`` is file.py:function, called with ``options``; ``shape`` is that of one sample's input at
    one step, each dimension a number or the name of the builder's parameter that gives it; ``coding`` says
    whether that is one still image or spikes or values of every step. ``sharing``
    lists the layers that may share one state memory, a list of name patterns for each memory.
    """

    description: str
    builder: str
    options: dict[str, bool | int | float | str | list[str]] = Field(default_factory=dict)
    shape: list[PositiveInt | str] | None = None
    coding: Coding = "frames"
    sharing: list[list[str]] | None = None
    weights: str | None = None
    card: str | None = None
    inputs: str | None = None
    timesteps: PositiveInt

    def input_shape(self, arguments: Mapping[str, Any]) -> tuple[int, ...] | None:
        """``shape`` for a network that was built with ``arguments``; None where one of them is not given.

        Raises HwsimError for a dimension below 1.
        """
        shape: list[Any] = [arguments.get(n) if isinstance(n, str) else n for n in self.shape or ()]
        if not shape or any(n is None for n in shape):
            return None
        if any(n < 1 for n in shape):
            raise HwsimError(f"input of shape {tuple(shape)}; every dimension must be at least 1")
        return tuple(shape)


class _Zoo(RootModel[dict[str, Entry]]):
    pass


def directory() -> Path:
    """Where the models lie: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "models", package.parent / "models"):
        if (candidate / "zoo.yaml").is_file():
            return candidate
    raise HwsimError("the models directory with zoo.yaml is missing from this installation")


@cache
def shipped(folder: str) -> dict[str, Path]:
    """YAML files that ship beside the models, by name; ``folder`` is ``mappings`` or ``models/spaces``."""
    return {path.stem: path for path in sorted((directory().parent / folder).glob("*.yaml"))}


def file_of(folder: str, what: str, path: Path) -> Path:
    """``path``, or the shipped file of that name; a file, and what has an ending, goes before names.

    Raises HwsimError for a name that is neither; ``what`` says what it should be the name of.
    """
    known, name = shipped(folder), str(path)
    if path.suffix or is_file(path) or (name not in known and is_dir(path)):
        return path
    if name not in known:
        raise HwsimError(f"unknown {what} {name!r}.{nearest(name, list(known))} Or a .yaml file.")
    return known[name]


@cache
def entries() -> dict[str, Entry]:
    return load_yaml(directory() / "zoo.yaml", _Zoo).root


@cache
def trainings() -> dict[str, Path]:
    """Directories of finished trainings that ship with hwsim, by name: models/checkpoints/NAME."""
    found = (directory() / "checkpoints").glob("*/training.yaml")
    return {path.parent.name: path.parent for path in sorted(found)}


def entry(name: str) -> Entry:
    if name not in entries():
        raise HwsimError(
            f"unknown model {name!r}.{nearest(name, [*entries(), *trainings()])} "
            "Or file.py:callable, a saved network, or the directory of a training."
        )
    return entries()[name]
