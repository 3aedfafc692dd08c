"""The one exception that hwsim raises on purpose, and its one warning: their messages are for the user."""

import difflib
import unicodedata


class HwsimError(ValueError):
    """Bad input. The message names the file, layer or field, what was found and what is allowed."""


class HwsimWarning(UserWarning):
    """Something was assumed that changes results. The message says what, and how to say otherwise."""


def nearest(name: str, allowed: list[str]) -> str:
    """A hint for an unknown ``name``: the closest allowed one, and all of them."""
    close = difflib.get_close_matches(name, allowed, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(sorted(allowed)) or 'none'}."


def printable(text: str) -> str:
    """A text that a terminal shows as it is: control characters but line breaks and tabs, lone surrogates and
    direction overrides become U+FFFD."""
    odd = [c for c in set(text) if unicodedata.category(c) in ("Cc", "Cs") or c in _UNSAFE]
    return text.translate(dict.fromkeys(map(ord, {*odd} - {"\n", "\t"}), "\ufffd"))


_UNSAFE = frozenset("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")


def one_line(error: object) -> str:
    """What another library says, without its line breaks."""
    return " ".join(str(error).split())
