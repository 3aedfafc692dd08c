"""Ledgers of a lowered network: the part of the pipeline that a worker of a sweep runs, without PyTorch."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, get_args

from hwsim.cycle import reference
from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.execute.plan import threads
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

    def play(begin: int) -> Ledger:
        samples = range(begin, min(trace.samples, begin + batch))
        if engine == "reference":
            ledger = reference.simulate(network, trace, samples, hardware, lowering.resolved)
        else:
            ledger = run(lowering.lower(trace, samples), hardware)
        ledger.verify()
        return ledger

    ledgers, pool = [], ThreadPoolExecutor(threads())
    begins = range(0, trace.samples, batch)
    try:
        for ledger in pool.map(play, begins) if len(begins) > 1 else map(play, begins):
            ledgers.append(ledger)
            if progress:
                progress(min(len(ledgers) * batch, trace.samples), trace.samples)
    finally:
        pool.shutdown(cancel_futures=True)
    total = sum(ledgers[1:], start=ledgers[0])
    conservation.check(network, trace, total, lowering.held, hardware.pe_array.weight_sparsity)
    return tuple(ledgers)
