"""Packages that only some data sets need."""

import importlib
from types import ModuleType

from hwsim.errors import HwsimError


def optional(module: str, package: str, name: str) -> ModuleType:
    """The module of ``package``. Raises HwsimError that says how to install what data set ``name`` needs."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise HwsimError(
            f"data set {name} needs {package}, which is not installed: pip install 'hwsim[data]'"
        ) from None
