"""Random cases of slow tests: of each kind half with ``make test``, the rest with ``make exhaustive``."""

import pytest
from _pytest.mark import ParameterSet


def parts(count: int) -> list[ParameterSet]:
    """Numbers of the parts that a test of thousands of cases is cut into; the second half is exhaustive."""
    return [
        pytest.param(part, marks=pytest.mark.exhaustive) if 2 * part >= count else pytest.param(part)
        for part in range(count)
    ]
