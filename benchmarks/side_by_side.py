"""Trainings and searches in processes side by side, with a bar; one that fails does not end the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hwsim.errors import HwsimError

Done = tuple[str, str, float]
"""A name, what came out, seconds."""


def side_by_side(
    pool: Executor, told: str, do: Callable[[Any], Done], rounds: Sequence[Sequence[Any]]
) -> list[str]:
    """Do the parts of every round, a round after the one before is done; what failed."""
    failed = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(told, total=sum(map(len, rounds)))
        for parts in rounds:
            for done in as_completed([pool.submit(do, part) for part in parts]):
                bar.advance(task)
                try:
                    name, outcome, seconds = done.result()
                except HwsimError as error:
                    failed.append(str(error))
                else:
                    bar.console.print(f"{name}: {outcome} in {seconds:.0f} s")
    return failed
