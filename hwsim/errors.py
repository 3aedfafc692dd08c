"""The one exception that hwsim raises on purpose, and its one warning: their messages are for the user."""

import difflib


class HwsimError(ValueError):
    """Bad input. The message names the file, layer or field, what was found and what is allowed."""


class HwsimWarning(UserWarning):
    """Something was assumed that changes results. The message says what, and how to say otherwise."""


def nearest(name: str, allowed: list[str]) -> str:
    """A hint for an unknown ``name``: the closest allowed one, and all of them."""
    close = difflib.get_close_matches(name, allowed, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(sorted(allowed)) or 'none'}."


def one_line(error: object) -> str:
    """What another library says, without its line breaks."""
    return " ".join(str(error).split())
