"""Random cases of slow tests: a quarter with ``make test``, the rest with ``make exhaustive``."""

import pytest
from _pytest.mark import ParameterSet


def parts(count: int) -> list[ParameterSet]:
    """Numbers of the parts that a test is cut into: after the first quarter exhaustive."""
    return [
        pytest.param(part, marks=pytest.mark.exhaustive) if 4 * part >= count else pytest.param(part)
        for part in range(count)
    ]
