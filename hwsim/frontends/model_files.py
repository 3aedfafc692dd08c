"""Python files of models: imported by their path, each with the files of its own folder."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from hwsim.errors import HwsimError, one_line
from hwsim.storage import check_file

_IMPORTED: dict[Path, dict[str, ModuleType]] = {}
"""What models of a folder imported from there, by name: one of another folder has its own of that name."""


def builder(path: Path, attribute: str) -> Callable[..., Any]:
    """The function of that name. Raises HwsimError where there is none, and where the import fails."""
    check_file(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        with _folder(path.parent.absolute()):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise HwsimError(f"{path}: importing it failed: {reason}") from error
    found: Callable[..., Any] | None = getattr(module, attribute, None)
    if not callable(found):
        known = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise HwsimError(f"{path}: has no callable {attribute!r}; it has {', '.join(sorted(known))}")
    return found


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Imports are looked for here first; what models of other folders imported from theirs is not known.

    A folder that Python looks into anyway has its modules as all others do.
    """
    for other, modules in _IMPORTED.items():
        for name, module in modules.items():
            if other != folder and sys.modules.get(name) is module:
                del sys.modules[name]
    before, usual = set(sys.modules), folder in map(Path.absolute, map(Path, sys.path))
    sys.modules.update(_IMPORTED.get(folder, {}))
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if not usual:
            new = (n for n in set(sys.modules) - before if _is_of(folder, n.partition(".")[0], before))
            _IMPORTED.setdefault(folder, {}).update({name: sys.modules[name] for name in new})


def _is_of(folder: Path, name: str, before: set[str]) -> bool:
    """Whether a module of this name was imported now, and from the folder itself."""
    module = sys.modules.get(name)
    if name in before or module is None:
        return False
    file = getattr(module, "__file__", None)
    places = [file] if file else list(getattr(module, "__path__", ()))
    own = folder / f"{name}.py", folder / name, folder / name / "__init__.py"
    return any(Path(place) in own for place in places)
