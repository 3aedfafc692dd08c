"""Tells how many damaged files were read, and how many of them refused."""

from typing import Any

from tests.fuzz.test_files import SEEN


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if SEEN["read"]:
        terminalreporter.write_line(f"{SEEN['read']} damaged files read, {SEEN['refused']} of them refused")
