"""Modules whose calls something else answers for a while."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


@contextmanager
def answering(modules: Collection[Module], answer: Callable[[Module, Tensor], Tensor]) -> Iterator[None]:
    """Calls of ``modules`` go to ``answer``, which is given the module and its input."""
    for module in modules:
        module.__dict__["forward"] = partial(answer, module)
    try:
        yield
    finally:
        for module in modules:
            del module.__dict__["forward"]
