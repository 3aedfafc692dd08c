"""What an answer costs when it is read out after fewer steps: accuracy against energy, from one execution."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hwsim.cost import price
from hwsim.lower.lowering import Lowering
from hwsim.pipeline import simulate
from hwsim.result import Result
from hwsim.result_values import accuracy, totals


def over_time(
    result: Result, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> list[dict[str, Any]]:
    """A row for T' = 1 .. T steps: ``timesteps``, ``accuracy`` (None without labels), and ``totals``.

    The first T' steps of the run are the run of T' steps: no neuron knows of a later one. So nothing is
    executed again; schedule, tiles and cycles are those of T' steps, chosen anew for each.
    """
    run, rows = result.run, []
    network, hardware = run.network, result.hardware
    for steps in range(1, network.timesteps + 1):
        shorter = replace(network, timesteps=steps)
        trace = run.trace.until(shorter)
        ledgers = simulate(Lowering(shorter, hardware, result.mapping), trace)
        ledger = sum(ledgers[1:], start=ledgers[0])
        right = accuracy(trace.outputs, result.labels)
        found = totals(ledger, price(ledger, hardware, result.table), hardware)
        rows.append({"timesteps": steps, "accuracy": right and right["accuracy"], "totals": found})
        progress(steps, network.timesteps)
    return rows
