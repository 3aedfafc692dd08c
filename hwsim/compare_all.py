"""Everything that ``hwsim compare`` is given: models are run and saved results read, a row each and more."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hwsim.compared import Comparison
from hwsim.comparing import Asked, OneTile
from hwsim.comparison import NO_LABELS, Executed, compare, untrusted
from hwsim.configuration import shown
from hwsim.delivery import progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.events import EventTrace
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.loading import Opened
from hwsim.manycore.asked import Asked as OnCores
from hwsim.manycore.asked import refuse
from hwsim.manycore.comparison import Slices, cut_for, rows_on
from hwsim.manycore.saved import AnyRow, SavedCores
from hwsim.methods.lif_sharing import Sharing, share, sharing_of
from hwsim.methods.precisions import FLOAT, OBSERVED, told, with_bits
from hwsim.methods.quantization import Precision, observed
from hwsim.network import Network
from hwsim.pipeline import Progress, Workload, silent
from hwsim.report import compare_console, console
from hwsim.saved import Saved, is_saved, load_saved
from hwsim.variants import UNTRAINED_SHARING
from hwsim.workloads import WorkloadSpec

Given = WorkloadSpec | Saved | SavedCores


@dataclass(frozen=True)
class Found:
    """Rows of one model. ``left_out``: chips that cannot hold the network, and why."""

    rows: list[AnyRow]
    left_out: dict[str, str]


def run(work: Workload, opened: Opened, asked: Asked, progress: Progress = silent) -> Found:
    """Execute the model once per sharing and bits, then run it on every chip, with every mapping it takes.

    Warns (HwsimWarning) of chips of many cores that cannot hold it. Raises HwsimError if none of the chips
    can, and if there are fewer samples than a mini-batch asks for.
    """
    work.check_batch(asked.largest)
    on_cores = [one for one in asked.chips if isinstance(one, OnCores)]
    slices, refused = _held(work.network, asked, on_cores)
    rows: list[AnyRow] = []
    for sharing in asked.sharings:
        for label, executed in _variants(work, opened, sharing, asked.bits, progress):
            if executed.network.quantized and on_cores:
                slices, why = _held(executed.network, asked, on_cores)
                refused |= {f"{chip} with {label} bits": text for chip, text in why.items()}
            for done, one in enumerate(asked.chips, 1):
                if isinstance(one, OneTile):
                    rows += compare(
                        [executed], [one.hardware], one.mappings, one.tables, own_areas=one.own_areas
                    )
                elif one.chip.name in slices:
                    rows += rows_on(executed, one, slices[one.chip.name])
                progress(f"chips {sharing}", done, len(asked.chips))
    return Found(rows, refused)


def _held(
    network: Network, asked: Asked, on_cores: list[OnCores]
) -> tuple[dict[str, Slices], dict[str, str]]:
    """The slices of a network for each chip of many cores, and why a chip cannot hold it."""
    slices, refused = cut_for(network, on_cores)
    told = [f"{name} cannot hold the network: {why}" for name, why in refused.items()]
    if len(told) == len(asked.chips):
        raise HwsimError("; ".join(told))
    for text in told:
        warnings.warn(f"{text}; left out", HwsimWarning, stacklevel=3)
    return slices, refused


def _variants(
    work: Workload, opened: Opened, sharing: Sharing, bits: Sequence[Precision | None], progress: Progress
) -> Iterator[tuple[str, Executed]]:
    """The model as it is or, where ``bits`` are asked for, in each of these, by what that is called.

    Ranges are observed on the first OBSERVED samples; the float network runs once, also where no row is of
    it, for the answers that the others are held against. With bits an accuracy is that of the samples that
    ran, whatever a card tells of a whole test split. Raises HwsimError for a network in integers.
    """
    if any(bits) and work.network.integer:
        raise HwsimError(
            f"--bits: {work.network.name!r} computes in integers already; give the float network"
        )
    found = _executed(work, opened, sharing, partial(progress, f"execute {sharing}"))
    if not bits:
        yield FLOAT, found
        return
    found = replace(found, tested=None, answers=found.own_answers)
    plain, seen = observed(found.network, work.inputs[:OBSERVED])
    for precision in bits:
        if precision is None:
            yield FLOAT, found
            continue
        label = told(precision)
        network = with_bits(found.network, plain, seen, precision)
        step = partial(progress, f"execute {sharing} {label}")
        yield (
            label,
            replace(found, network=network, trace=execute(network, encode(network, work.inputs), step)),
        )


def _executed(
    work: Workload, opened: Opened, sharing: Sharing, progress: Callable[[int, int], None]
) -> Executed:
    """The network with its states shared and executed so. Its accuracy is known where its weights were
    trained as it ran: with the states as they came.

    Warns (HwsimWarning) where its spikes differ from PyTorch's by more than rounding.
    """
    network = share(work.network, sharing, opened.sharing)
    trace = execute(network, encode(network, work.inputs), progress)
    notes, labels, unknown = work.network.notes, work.labels, NO_LABELS
    tested = None if sharing or "accuracy" in notes or "calibration" in notes else opened.tested
    if "accuracy" in notes or "calibration" in notes:
        labels, unknown = None, str(notes.get("accuracy") or f"unknown: {notes['calibration']}")
    elif sharing and labels is not None:
        labels, unknown = None, UNTRAINED_SHARING
    doubts = _doubts(work, trace)
    for doubt in doubts:
        warnings.warn(doubt, HwsimWarning, stacklevel=2)
    return Executed(str(sharing or sharing_of(network)), network, trace, labels, unknown, doubts, tested)


def _doubts(work: Workload, trace: EventTrace) -> tuple[str, ...]:
    """Where spikes differ from PyTorch's by more than rounding; of states shared only now none are known."""
    if work.reference is None or trace.network_id != work.network.id:
        return ()
    found = agree(work.network, trace, work.reference)
    return () if found.trusted else (untrusted(found.sentence()),)


def compare_all(given: Sequence[Given], asked: Asked, progress: Progress = silent) -> Comparison:
    """Run the models, read the saved results, in the order given: every combination is a row.

    Raises HwsimError for two models of one name, which no row could tell apart, and for tables that nothing
    takes.
    """
    specs = [one for one in given if isinstance(one, WorkloadSpec)]
    if asked.named and all(isinstance(one, SavedCores) and not one.takes_tables for one in given):
        raise HwsimError(
            "--table: of chips with arrays; event-driven cores have the prices that were saved with them"
        )
    rows: list[AnyRow] = []
    left_out: dict[str, str] = {}
    origins: list[dict[str, Any]] = []
    named: dict[str, str] = {}
    for one in given:
        if isinstance(one, Saved | SavedCores):
            rows += one.rows(asked.tables if asked.named else None)
            origins.append({"saved": one.name} | one.provenance)
            continue
        work, opened = one.workload(asked.samples, progress)
        if (name := work.network.name) in named:
            raise HwsimError(f"{named[name]} and {one.name} are both named {shown(name)}; rename one")
        named[name] = one.name
        found = run(work, opened, asked, progress)
        rows += found.rows
        origins.append(work.origin)
        left_out |= {
            chip if len(specs) == 1 else f"{name} on {chip}": why for chip, why in found.left_out.items()
        }
    return Comparison.of(rows, left_out, origins, asked.tables)


def read(
    arguments: Sequence[str], spec: Callable[[str], WorkloadSpec], options: Mapping[str, Any]
) -> list[Given]:
    """What each argument names: a model, as ``spec`` makes it, or a saved result, read and checked.

    A name of the zoo is the model, even where a directory is called so. Raises HwsimError for options of
    models where all are saved results, for weights of several models, and for an argument given twice.
    """
    if twice := {name for name in arguments if list(arguments).count(name) > 1}:
        raise HwsimError(f"{shown(sorted(twice)[0])} is there twice")
    saved = [is_saved(name) for name in arguments]
    models = len(saved) - sum(saved)
    if not models:
        refuse(options, "of models that are run; a saved result is priced again by --table and nothing else")
    if models > 1 and options.get("weights") is not None:
        raise HwsimError(f"--weights are those of one model, not of {models}")
    found: list[Given] = []
    for name, is_result in zip(arguments, saved, strict=True):
        found.append(load_saved(Path(name)) if is_result else spec(name))
    return found


def deliver(given: Sequence[Given], asked: Asked, output: Path | None, as_json: bool) -> None:
    """Run and price everything that is asked for; print the tables or the JSON, write the files if a
    directory is given."""
    with progress_bars() as progress:
        found = compare_all(given, asked, progress)
    if as_json:
        say(found.json())
    else:
        compare_console.show(found.as_dict(), console.terminal())
    if output is not None:
        tell(write_together(output, found.save), as_json)
