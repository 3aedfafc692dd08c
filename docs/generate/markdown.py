"""Markdown of the reference pages: tables, and docstrings as they are written in the code."""

import inspect
import re
from typing import Any

NOTE = "Written by `make reference` from {}; a test holds this page against it.\n"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def docstring(member: Any) -> str:
    """reStructuredText's roles and literals as Markdown's; what Markdown would read as its own, as it is."""
    text = inspect.cleandoc(member.__doc__ or "")
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    parts = re.sub(r"``([^`]+)``", r"`\1`", text).split("`")
    parts[::2] = [part.replace("*", r"\*").replace("](", r"]\(") for part in parts[::2]]
    return "`".join(parts)
