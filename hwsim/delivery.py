"""Where commands begin and end: output directories, progress, Ctrl-C, files that appear together."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hwsim.aside import aside, remove_left
from hwsim.errors import HwsimError, printable
from hwsim.storage import atomic_path


def output_directory(given: str | None) -> Path | None:
    """The directory that files go to, refused before any work begins if it cannot be made and written.

    Directories of its names are made for a moment, aside in the one that is there, and taken away again: runs
    that begin together are in nobody's way. What killed commands left aside in it and beside it is removed.
    """
    if given is None:
        return None
    if not given.strip():
        raise HwsimError("the output directory has no name; the current one is written as .")
    output = Path(given)
    try:
        standing = next(p for p in (output, *output.absolute().parents) if p.exists())
        if not standing.is_dir():
            raise HwsimError(f"{output}: {standing} is a file; name a directory")
        if not os.access(standing, os.W_OK | os.X_OK):
            raise HwsimError(f"{output}: {standing} cannot be written")
        remove_left(output)
        remove_left(standing if standing != output else output.parent, output.name)
        with aside(standing, output.name) as hidden:
            for name in Path(os.path.relpath(output.absolute(), standing.absolute())).parts:
                if name not in ("..", "."):
                    (hidden / name).mkdir(exist_ok=True)
    except HwsimError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise HwsimError(f"{given}: cannot be made or written: {reason or error}") from None
    return output


@contextmanager
def interruptible(told: str = "nothing half-written") -> Iterator[None]:
    """Ctrl-C ends with a message and status 130; nothing is half-written."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted; {told}\n")
        sys.exit(130)


def write_together(output: Path, make: Callable[[Path], dict[str, Path]]) -> dict[str, Path]:
    """All files or none: they are written aside and moved in together, with the folders that they lie in.

    A file that is replaced keeps its permissions; a link stays, and the file that it names is replaced.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with _aside(output) as hidden:
            made = make(hidden)
            moved = {name: output / path.relative_to(hidden) for name, path in made.items()}
            for folder in {path.parent for path in moved.values()}:
                folder.mkdir(parents=True, exist_ok=True)
            for name, path in made.items():
                with atomic_path(moved[name]) as temporary:
                    shutil.move(path, temporary)
            return moved
    except OSError as error:
        raise HwsimError(f"{output}: cannot be written: {error.strerror or error}") from None


def _aside(output: Path) -> AbstractContextManager[Path]:
    """A hidden directory on the file system of ``output``: in it, or beside it where it is not there yet."""
    return aside(output if output.is_dir() else output.parent, output.name)


def tell(paths: dict[str, Path], as_json: bool) -> None:
    for name, path in paths.items():
        if not as_json:
            say(f"{name}: {path}")


def say(text: str) -> None:
    """Print a text; what a terminal would take as a command is shown as U+FFFD."""
    sys.stdout.write(printable(text) + "\n")


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
