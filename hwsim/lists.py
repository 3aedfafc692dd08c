"""Lists on the command line: values separated by commas, and names of files that have some themselves."""

from pathlib import Path

from hwsim.configuration import shown
from hwsim.errors import HwsimError
from hwsim.storage import is_file


def parts_of(option: str, text: str) -> list[str]:
    """The values of an option; what is a file together with the commas in its name is one value.

    Raises HwsimError for an empty value and for one that is there twice.
    """
    pieces, parts = text.split(","), []
    while pieces:
        ends = range(len(pieces), 1, -1)
        taken = next((n for n in ends if _names_file(",".join(pieces[:n]).strip())), 1)
        parts.append(",".join(pieces[:taken]).strip())
        pieces = pieces[taken:]
    if not all(parts):
        raise HwsimError(f"--{option} {shown(text)}: an empty part; separate values by single commas")
    if twice := {part for part in parts if parts.count(part) > 1}:
        raise HwsimError(f"--{option} {shown(text)}: {sorted(twice)[0]!r} is there twice")
    return parts


def check_distinct(option: str, parts: list[str], names: list[str]) -> None:
    """Raises HwsimError for two values of one name, which nothing that is told of them could tell apart."""
    first: dict[str, str] = {}
    for part, name in zip(parts, names, strict=True):
        if name in first:
            raise HwsimError(f"--{option}: {first[name]} and {part} are both named {name!r}; rename one")
        first[name] = part


def _names_file(text: str) -> bool:
    try:
        return is_file(Path(text))
    except HwsimError:
        return False
