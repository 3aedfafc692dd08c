"""What a measurement has to tell, on the terminal as it comes and on docs/performance.md in the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console


@dataclass(frozen=True)
class Goal:
    """A number against what it should be; ``told`` has both in words."""

    what: str
    measured: str
    goal: str
    met: bool


@dataclass(frozen=True)
class Table:
    """Numbers beside the goals."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Told:
    """Everything measured in one run, in order."""

    console: Console
    goals: list[Goal] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def goal(self, what: str, measured: str, goal: str, met: bool) -> None:
        self.goals.append(Goal(what, measured, goal, met))
        self.console.print(f"{what}: {measured}; goal: {goal}: {'met' if met else 'MISSED'}")

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], note: str = ""
    ) -> None:
        self.tables.append(Table(title, columns, rows, note))
        self.console.print(f"{title}\n{_text(columns, rows)}\n{note}")

    def not_compared(self, why: str) -> None:
        """A peer that is not installed."""
        self.absent.append(why)
        self.console.print(why)

    def page(self) -> Iterator[str]:
        """Lines of Markdown."""
        met = sum(goal.met for goal in self.goals)
        yield from (f"{met} of {len(self.goals)} goals are met.", "")
        goals = [(g.what, g.measured, g.goal, "yes" if g.met else "**no**") for g in self.goals]
        yield from (_text(("what", "measured", "goal", "met"), goals), "")
        for table in self.tables:
            yield from (f"## {table.title}", "", _text(table.columns, table.rows), "")
            yield from (table.note, "") if table.note else ()
        yield from self.absent


def _text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
