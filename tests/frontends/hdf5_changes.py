"""Changes of an HDF5 file that make it wrong."""

from collections.abc import Callable
from typing import Any

Change = Callable[[Any], None]


def put(name: str, value: Any) -> Change:
    """Replace one value of the file; None takes it away."""

    def change(file: Any) -> None:
        if name in file:
            del file[name]
        if value is not None:
            file[name] = value

    return change
