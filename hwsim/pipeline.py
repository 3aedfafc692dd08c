"""The whole chain in one screen: what the API and the command line call.

model -> Network -> EventTrace -> Program -> Ledger -> Cost -> Result
"""

import platform
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

import hwsim
from hwsim import host_memory
from hwsim.cost import CostTable, price
from hwsim.cycle.run import run
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.events import EventTrace
from hwsim.execute.agreement import UNTRUSTED, agree
from hwsim.execute.executor import encode, execute, together
from hwsim.execute.plan import threads
from hwsim.frontends.arguments import as_array
from hwsim.frontends.capture import capture
from hwsim.frontends.timing import Layout
from hwsim.hardware import Hardware
from hwsim.lower import conservation
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Coding, Network
from hwsim.result import Result, Run
from hwsim.simulation import Engine, simulate
from hwsim.storage import content_id

__all__ = [
    "UNPLACED", "UNTRUSTED", "Engine", "NoCounterpartError", "Progress", "Workload", "check_memory",
    "counterpart", "estimate", "provenance", "silent", "simulate", "versions", "workload",
]  # fmt: skip

Progress = Callable[[str, int, int], None]


class NoCounterpartError(HwsimError):
    """The ANN has no legal mapping on the chip, or does what the table has no number for."""


UNPLACED = "the mapping's placement is not heeded: this estimate is of one tile"


@dataclass(frozen=True)
class Workload:
    """A network, what it is run on, and PyTorch's own spikes where a module was captured.

    ``origin`` goes into the provenance: the model as named, its checkpoint's card, the inputs' file.
    """

    network: Network
    inputs: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    reference: EventTrace | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    def check_batch(self, batch: int) -> None:
        """Raises HwsimError if there are fewer samples than a mini-batch has."""
        if len(self.inputs) < batch:
            raise HwsimError(
                f"mini-batches of {batch} samples, but {len(self.inputs)} inputs; give more with --inputs "
                "and --samples, or a smaller --batch"
            )


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


def workload(
    model: nn.Module | Network,
    inputs: NDArray[Any] | Tensor,
    timesteps: int,
    name: str = "model",
    labels: NDArray[np.int64] | None = None,
    progress: Progress = silent,
    coding: Coding = "frames",
    layout: Layout | None = None,
) -> Workload:
    """Capture a module on its inputs; a Network is taken as it is.

    ``coding`` says what the inputs of a module are, ``layout`` how it takes time: see
    :func:`hwsim.frontends.capture.capture`. Raises HwsimError for labels that are not one class number a
    sample, and for a Network of other timesteps.
    """
    inputs = as_array(inputs)
    if isinstance(model, Network):
        if timesteps != model.timesteps:
            raise HwsimError(f"{model.name!r} has {model.timesteps} timesteps, asked for {timesteps}")
        return Workload(model, inputs, _checked(labels, inputs, model))
    captured = capture(
        model, inputs, timesteps, name, coding, progress=_stage(progress, "capture"), layout=layout
    )
    network = captured.network
    return Workload(network, inputs, _checked(labels, inputs, network), captured.reference)


def _checked(labels: Any, inputs: NDArray[Any], network: Network) -> NDArray[np.int64] | None:
    if labels is None:
        return None
    found, classes = np.asarray(labels), network.population[network.readout].size
    if found.shape != inputs.shape[:1] or found.dtype.kind not in "iu":
        raise HwsimError(
            f"labels are {found.dtype} of shape {found.shape}; expected {len(inputs)} class numbers"
        )
    if len(found) and not (found.min() >= 0 and found.max() < classes):
        raise HwsimError(
            f"labels from {found.min()} to {found.max()}; {network.name!r} has {classes} classes"
        )
    return found.astype(np.int64)


def estimate(
    work: Workload,
    hardware: Hardware,
    mapping: Mapping,
    table: CostTable,
    engine: Engine = "kernel",
    progress: Progress = silent,
) -> Result:
    """Execute, lower, cycle and price a workload; compare with its reference and its ANN counterpart.

    Raises HwsimError for inputs that do not fit or do not fill a mini-batch, for mappings that are not
    legal, and for what would take more memory than is left; where only the counterpart's mapping is not, the
    result has no counterpart and says why. Warns (HwsimWarning) where the network's spikes differ from
    PyTorch's by more than rounding.
    """
    began, started = time.perf_counter(), datetime.now(UTC)
    network = work.network
    hardware = hardware.worded(network)
    if mapping.placement and (hardware.grid is None or hardware.grid.cores > 1):
        warnings.warn(UNPLACED, HwsimWarning, stacklevel=2)
    lowering = Lowering(network, hardware, mapping)
    check_memory(work, lowering.jobs, mapping.batch)
    encoded = encode(network, work.inputs)
    work.check_batch(mapping.batch)
    trace = execute(network, encoded, _stage(progress, "execute"))
    ledgers = simulate(lowering, trace, engine, _stage(progress, "cycle"))
    total = sum(ledgers[1:], start=ledgers[0])
    snn = Run(network, trace, ledgers, price(total, hardware, table), mapping.batch)
    ann: Run | None = None
    missing: str | None = None
    try:
        ann = counterpart(network, hardware, mapping, table, trace.samples)
    except NoCounterpartError as error:
        missing = str(error)
    agreement = agree(network, trace, work.reference) if work.reference else None
    if agreement is not None and not agreement.trusted:
        warnings.warn(f"{UNTRUSTED}: {agreement.sentence()}", HwsimWarning, stacklevel=2)
    ids = {"hardware": hardware.id, "mapping": mapping.id, "table": table.id, "engine": engine}
    told = provenance(work, started, began, ids)
    compared = None if agreement is None else agreement.as_dict() | {"sentence": agreement.sentence()}
    return Result(snn, ann, hardware, mapping, table, lowering.choices, work.labels, compared, told, missing)


def check_memory(work: Workload, jobs: int = 0, batch: int = 1) -> None:
    """Raises HwsimError, with the estimate, where a run would take more memory than is left.

    ``jobs`` of a mini-batch of ``batch`` samples.
    """
    network, samples = work.network, len(work.inputs) if work.inputs.ndim else 0
    batches, chunk = -(-samples // batch), min(samples, together(network, samples))
    sizes = host_memory.Sizes(network, work.inputs, jobs, min(batches, threads()), chunk)
    host_memory.check(sizes, lambda: execute(network, encode(network, work.inputs[:1])), work.reference)


def provenance(work: Workload, started: datetime, began: float, ids: dict[str, Any]) -> dict[str, Any]:
    """Where a result came from: the workload, ``ids`` of what it met, and the time since ``began`` (s)."""
    return {
        **work.origin,
        "hwsim": hwsim.__version__,
        "network": work.network.id,
        "inputs": content_id("inputs", {}, {"values": work.inputs}),
        **ids,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - began, 3),
        "versions": versions(),
    }


@cache
def versions() -> dict[str, str]:
    """Versions of what computes the numbers."""
    return {p: version(p) for p in ("numpy", "numba", "torch")} | {"python": platform.python_version()}


def counterpart(
    network: Network, hardware: Hardware, mapping: Mapping, table: CostTable, samples: int = 1
) -> Run:
    """The same graph as an ANN: ReLU for LIF, one dense pass of MACs on the same array.

    One mini-batch of as many of ``samples`` as the mapping takes at once. Raises NoCounterpartError where its
    wider inputs and outputs do not fit the chip's buffers, and under a table of a whole spiking chip.
    """
    if table.includes is not None:
        raise NoCounterpartError(table.no_ann)
    ann = network.as_ann()
    dense = hardware.with_skip("dense")
    together = min(mapping.batch, samples)
    trace = EventTrace.join([EventTrace.all_live(ann)] * together)
    try:
        lowering = Lowering(ann, dense, mapping.of_batch(network, together))
        program = lowering.lower(trace, range(together))
        ledger = run(program, dense)
        cost = price(ledger, dense, table)
    except HwsimError as error:
        raise NoCounterpartError(str(error)) from None
    ledger.verify()
    conservation.check(ann, trace, ledger, lowering.held, dense.pe_array.weight_sparsity)
    return Run(ann, trace, (ledger,), cost, together)


def _stage(progress: Progress, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(stage, done, total)
