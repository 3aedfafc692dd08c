"""Results of trainings and long simulations that are kept in reports/, beside the package or inside of it."""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import hwsim
from hwsim.errors import HwsimError
from hwsim.reproduction.samples import Sample

MARK = Path("training") / "efficientlif.csv"


def directory() -> Path:
    """Where reports lie: beside the package in a checkout, inside it once installed."""
    package = Path(hwsim.__file__).resolve().parent
    for candidate in (package / "reports", package.parent / "reports"):
        if (candidate / MARK).is_file():
            return candidate
    raise HwsimError(
        f"reports/{MARK} is missing from this installation: results of trainings come from there"
    )


@cache
def lines(name: str) -> tuple[dict[str, str], ...]:
    """The lines of a CSV file of reports/. Raises HwsimError if it is not there."""
    path = directory() / name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(csv.DictReader(file))
    except OSError as error:
        raise HwsimError(f"{path}: cannot be read: {error.strerror}") from None


def chosen(name: str, **where: str) -> list[dict[str, str]]:
    """Those whose columns have these texts. Raises HwsimError if there are none."""
    found = [line for line in lines(name) if all(line[column] == text for column, text in where.items())]
    if not found:
        raise HwsimError(f"reports/{name}: no line with {', '.join(f'{k} = {v}' for k, v in where.items())}")
    return found


def sample(
    found: Iterable[dict[str, str]],
    column: str,
    scale: float = 1.0,
    tested: int | None = None,
    minutes: str = "",
) -> Sample:
    """A column of lines, a training each, times ``scale``; ``minutes``: the column of their CPU minutes."""
    every = list(found)
    spent = sum(float(line[minutes]) for line in every) if minutes else None
    return Sample(tuple(scale * float(line[column]) for line in every), tested, spent)


@cache
def table(page: str, first: str) -> tuple[dict[str, str], ...]:
    """The table of a Markdown page whose head begins with ``| first |``. Raises HwsimError without one."""
    path = directory() / page
    text = iter(path.read_text(encoding="utf-8").splitlines())
    head = next((line for line in text if line.startswith(f"| {first} |")), None)
    if head is None:
        raise HwsimError(f"{path}: no table that begins with {first!r}")
    names, found = _cells(head), []
    next(text)
    for line in text:
        if not line.startswith("|"):
            break
        found.append(dict(zip(names, _cells(line), strict=True)))
    return tuple(found)


def _cells(line: str) -> list[str]:
    return [part.strip() for part in line.strip().strip("|").split("|")]
