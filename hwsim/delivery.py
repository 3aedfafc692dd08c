"""Where commands begin and end: output directories, progress, Ctrl-C, files that appear together."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hwsim.errors import HwsimError


def check_output(output: Path | None) -> None:
    """Refuse an output directory that cannot be one before any work begins."""
    if output is None:
        return
    standing = next(p for p in (output, *output.absolute().parents) if p.exists())
    if not standing.is_dir():
        raise HwsimError(f"{output}: {standing} is a file; name a directory")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise HwsimError(f"{output}: {standing} cannot be written")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends with a message and status 130; nothing is half-written."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing half-written\n")
        sys.exit(130)


def write_together(output: Path, make: Callable[[Path], dict[str, Path]]) -> dict[str, Path]:
    """All files or none: they are written aside and moved in together."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as aside:
            made = make(Path(aside))
            output.mkdir(exist_ok=True)
            return {name: path.replace(output / path.name) for name, path in made.items()}
    except OSError as error:
        raise HwsimError(f"{output}: cannot be written: {error.strerror or error}") from None


def tell(paths: dict[str, Path], as_json: bool) -> None:
    for name, path in paths.items():
        if not as_json:
            say(f"{name}: {path}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars on stderr, one a stage, only on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        yield report
