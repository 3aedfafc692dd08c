"""A file of finished tasks: a line of JSON each, only ever added to."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from hwsim.errors import HwsimError
from hwsim.json_text import parsed
from hwsim.storage import atomic_path, canonical_json, check_file, is_file, looked_up
from hwsim.tasks import Compute, Done, Task

BEGIN = b'{"function": '
"""Of every line."""


class TaskStore:
    """What is known of tasks by their id, before an error, and the file that keeps it.

    A line is written in one piece and reaches the disk before the next task is told of. A last line without
    its end, of a process that was killed while it wrote, is left out and written over. Raises HwsimError for
    a file with other lines, and where one task has two different values.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Done] = {}
        self._end = 0
        if is_file(path):
            self._read()

    def compute(self, tasks: Sequence[Task], compute: Compute) -> Iterator[Done]:
        """All ``tasks``: those that are known first, then the others as they are done, kept at once.

        A task that ended with an error is done again.
        """
        left: dict[str, Task] = {}
        for task in tasks:
            kept = self.known.get(task.id)
            if kept is None or kept.error is not None:
                left[task.id] = task
            else:
                yield kept
        for one in compute(list(left.values())) if left else ():
            self.add(left[one.id], one)
            yield one

    def take(self, tasks: Sequence[Task], others: Sequence["TaskStore"]) -> None:
        """Keep here what others know of these tasks. Raises HwsimError where they differ."""
        for task in tasks:
            for other in others:
                found = other.known.get(task.id)
                if found is not None and found.error is None and task.id not in self.known:
                    self.add(task, found)

    def add(self, task: Task, found: Done) -> None:
        """Keep what came of a task, behind what other processes and threads have added meanwhile.

        Raises HwsimError where another value is known of it, and for a disk that does not take it; then what
        the file had stays.
        """
        told = {"function": task.name, "arguments": dict(task.arguments)} | asdict(found)
        line = (json.dumps(told, allow_nan=False) + "\n").encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._catch_up(file)
                self._know(found)
                file.seek(self._end)
                file.truncate()
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
                self._end += len(line)
        except OSError as error:
            raise HwsimError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    def _catch_up(self, file: BinaryIO) -> None:
        """Take in the lines that others have added; what is behind the last whole one is of a process that
        was killed."""
        size = file.seek(0, os.SEEK_END)
        if size < self._end:
            raise HwsimError(f"{self.path}: became shorter while it was in use; begin again")
        file.seek(self._end)
        content = file.read()
        for added, line in _lines(self.path, content):
            self._know(added)
            self._end += len(line)
        _check_begun(self.path, content[content.rfind(b"\n") + 1 :])

    def _know(self, found: Done) -> None:
        if (before := self.known.get(found.id)) is not None:
            _check_equal(before, found, str(self.path))
        if before is None or before.error is not None:
            self.known[found.id] = found

    def _read(self) -> None:
        with looked_up(self.path):
            content = self.path.read_bytes()
        self._end = content.rfind(b"\n") + 1
        _check_begun(self.path, content[self._end :])
        for found, _ in _lines(self.path, content):
            self._know(found)


def merged(paths: Sequence[Path], output: Path) -> tuple[int, int]:
    """Write the tasks of several files into one, in order; how many there are, and of how many a second file
    knew too. What is known of a task counts before an error. Raises HwsimError where one has two values.
    """
    known: dict[str, tuple[Done, bytes, Path]] = {}
    twice: set[str] = set()
    for path in paths:
        check_file(path)
        for found, line in _lines(path, path.read_bytes()):
            if (before := known.get(found.id)) is not None:
                _check_equal(before[0], found, f"{before[2]} and {path}")
                twice |= {found.id} if path != before[2] else set()
            if before is None or before[0].error is not None:
                known[found.id] = found, line, path
    with atomic_path(output) as temporary:
        temporary.write_bytes(b"".join(line for _, line, _ in known.values()))
    return len(known), len(twice)


def _check_equal(one: Done, other: Done, where: str) -> None:
    if one.error is not None or other.error is not None:
        return
    first, second = (canonical_json({"value": done.value}) for done in (one, other))
    if first != second:
        raise HwsimError(
            f"{where}: task {one.id} has two values, {first[:200]} and {second[:200]}; they are of different "
            "versions of hwsim or of other inputs: begin in another directory"
        )


def _lines(path: Path, content: bytes) -> Iterator[tuple[Done, bytes]]:
    """Every task and its line; a last line without its end is left out."""
    whole = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(keepends=True), 1):
        yield _parsed(path, number, line), line


def _check_begun(path: Path, rest: bytes) -> None:
    """Raises HwsimError where what is behind the last whole line is not the begin of one: it is not of a
    process that was killed, and must not be written over."""
    if rest[: len(BEGIN)] != BEGIN[: len(rest)]:
        raise HwsimError(f"{path}: its end is damaged: it is no begin of a line; delete it")


def _parsed(path: Path, number: int, line: bytes) -> Done:
    try:
        told: dict[str, Any] = parsed(line)
        found = Done(told["id"], told["value"], told["error"], float(told["seconds"]))
        if not isinstance(found.id, str) or not isinstance(found.error, str | None):
            raise TypeError("its id and its error are texts")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise HwsimError(f"{path}, line {number}: is damaged ({error}); delete the line") from None
    return found
