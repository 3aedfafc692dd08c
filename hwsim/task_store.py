"""A file of finished tasks: a line of JSON each, only ever added to."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hwsim.errors import HwsimError
from hwsim.storage import canonical_json, is_file, looked_up
from hwsim.tasks import Compute, Done, Task


class TaskStore:
    """What is known of tasks by their id, and the file that keeps it.

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

    def take(self, other: "TaskStore") -> None:
        """Know what another store knows, without writing it here. Raises HwsimError where they differ."""
        for found in other.known.values():
            if found.error is None:
                self._know(found)

    def add(self, task: Task, found: Done) -> None:
        """Keep what came of a task. Raises HwsimError where another value is known of it, and for a disk that
        does not take it; then what the file had stays."""
        self._know(found)
        told = {"function": task.name, "arguments": dict(task.arguments)} | asdict(found)
        line = (json.dumps(told, allow_nan=False) + "\n").encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "xb") as file:
                file.seek(self._end)
                file.truncate()
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise HwsimError(f"{self.path}: cannot be written: {error.strerror or error}") from None
        self._end += len(line)

    def _know(self, found: Done) -> None:
        before = self.known.get(found.id)
        if before is not None and before.error is None and found.error is None:
            one, other = (canonical_json({"value": d.value}) for d in (before, found))
            if one != other:
                raise HwsimError(
                    f"{self.path}: task {found.id} has two values, {one[:200]} and {other[:200]}; they are "
                    "of different versions of hwsim or of other inputs: begin in another directory"
                )
        self.known[found.id] = found

    def _read(self) -> None:
        with looked_up(self.path):
            content = self.path.read_bytes()
        self._end = content.rfind(b"\n") + 1
        for number, line in enumerate(content[: self._end].splitlines(), 1):
            self._know(_parsed(self.path, number, line))


def _parsed(path: Path, number: int, line: bytes) -> Done:
    try:
        told: dict[str, Any] = json.loads(line)
        found = Done(told["id"], told["value"], told["error"], float(told["seconds"]))
    except (ValueError, KeyError, TypeError) as error:
        raise HwsimError(f"{path}, line {number}: is damaged ({error}); delete the line") from None
    return found
