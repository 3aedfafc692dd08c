"""Texts of a result, whose names are anybody's, as pages and terminals may show them."""

from typing import Any

from hwsim.errors import printable


def plain(text: str) -> str:
    """Line breaks become spaces; control characters, lone surrogates, direction overrides U+FFFD."""
    if text.isprintable():
        return text
    return printable(text.translate({ord(c): " " for c in "\n\r\t"}))


_NUMBERS = (int, float, bool)


def cleaned(value: Any) -> Any:
    """The same values with every text made plain."""
    if isinstance(value, dict):
        return {plain(k): v if type(v) in _NUMBERS else cleaned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [v if type(v) in _NUMBERS else cleaned(v) for v in value]
    return plain(value) if isinstance(value, str) else value
