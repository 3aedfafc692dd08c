"""A network to train, and one thread to train it with."""

from collections.abc import Iterator

import pytest
import torch

from tests.methods.training import NET


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Loading numba's threads gives PyTorch as many; sums over several threads differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three convolutions of four channels, whose layers of neurons have one shape."""
    path = tmp_path_factory.mktemp("net") / "net.py"
    path.write_text(NET)
    return f"{path}:build"
