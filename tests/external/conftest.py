"""Tests against other people's packages, which the ordinary environment does not hold."""

import pytest


@pytest.fixture(autouse=True)
def _one_thread(one_thread: None) -> None:
    """Small tensors: one thread."""
