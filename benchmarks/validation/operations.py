"""Row 8: operations of the same networks and inputs as NeuroBench, SpikingJelly and syops count them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.validation.rows import Row, alone

FRONTENDS = Path(".venv-frontends/bin/python")

GROUP = "Operation counts"


def operations() -> Iterator[Row]:
    """A row for each network, kind of inputs and tool; means of a sample."""
    if not FRONTENDS.is_file():
        absent = f"{FRONTENDS} is absent"
        yield Row(
            GROUP,
            "all",
            "NeuroBench, SpikingJelly, syops",
            "not compared",
            absent,
            "equal",
            None,
            alone("operations"),
        )
        return
    command = [str(FRONTENDS), "-m", "benchmarks.validation.counted"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    yield from map(row_of, json.loads(done.stdout.splitlines()[-1]))


def row_of(counted: dict[str, Any]) -> Row:
    """Counts must be equal but for a share that float arithmetic of the tool may move."""
    theirs, ours, share = counted["theirs"], counted["ours"], counted["share"]
    names = [name.split("_", 1)[1] for name in theirs]
    apart = {name: ours[name] - n for name, n in theirs.items()}
    met = all(abs(apart[name]) <= share * abs(n) for name, n in theirs.items())
    off = max((abs(apart[name]) / n for name, n in theirs.items() if n), default=0.0)
    return Row(
        GROUP,
        f"{counted['net']}, {counted['inputs']} inputs: {', '.join(names)}",
        f"{listed(theirs)}, {counted['tool']}",
        listed(ours),
        f"{off:.0e} of it" if off else "none",
        f"equal, or within {share:.0e} of it: float sums",
        met,
        alone("operations"),
        f"operations by {counted['tool']}: within {share:.0e} of its number; asked for was equal"
        if off
        else "",
    )


def listed(counts: dict[str, float]) -> str:
    return "/".join(f"{n:,.10g}" for n in counts.values())
