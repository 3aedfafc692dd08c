"""Ledgers of a lowered network: the part of the pipeline that a worker of a sweep runs, without PyTorch."""

from collections.abc import Callable
from typing import Literal, get_args

from hwsim.cycle import reference
from hwsim.cycle.run import Times, times
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.execute.plan import each
from hwsim.ledger import Ledger
from hwsim.lower import conservation
from hwsim.lower.lowering import Lowering

Engine = Literal["kernel", "reference"]


def simulate(
    lowering: Lowering,
    trace: EventTrace,
    engine: Engine = "kernel",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Ledger, ...]:
    """One verified ledger a mini-batch, from the Numba kernel or from the SimPy reference; all conserve."""
    if engine not in get_args(Engine):
        raise HwsimError(f"engine {engine!r}; allowed: {', '.join(get_args(Engine))}")
    network, hardware, batch = lowering.network, lowering.hardware, lowering.mapping.batch

    known: Times | None = None

    def play(begin: int) -> Ledger:
        nonlocal known
        samples = range(begin, min(trace.samples, begin + batch))
        if engine == "reference":
            ledger = reference.simulate(network, trace, samples, hardware, lowering.resolved)
        else:
            program, before = lowering.lower(trace, samples), known
            same = before is not None and before.jobs is program.jobs
            known = taken = before if before is not None and same else times(program, hardware)
            ledger = taken.ledger(program)
        ledger.verify()
        return ledger

    ledgers = []
    for ledger in each(play, range(0, trace.samples, batch)):
        ledgers.append(ledger)
        if progress:
            progress(min(len(ledgers) * batch, trace.samples), trace.samples)
    total = sum(ledgers[1:], start=ledgers[0])
    conservation.check(network, trace, total, lowering.held, hardware.pe_array.weight_sparsity)
    return tuple(ledgers)
