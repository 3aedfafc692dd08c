"""What learning and answering cost on a chip, from tinySNN's baseline to its 8 bits, by our counts.

``python -m benchmarks.tinysnn_cost [-o reports/tinysnn] [--runs out/tinysnn_cost]`` (``make tinysnn-cost``)
learns 10,000 images of MNIST with each step at N = 100 and 400, one seed, prices the counts an image, and
writes cost.md, cost.csv, cost.png.
"""

import argparse
import csv
import io
from pathlib import Path

from rich.console import Console

from benchmarks import pictures
from benchmarks.tinysnn_simulated import Simulated, checked, energies
from benchmarks.tinysnn_steps import (
    BASELINE,
    IMAGES,
    LATERAL,
    PIXELS,
    QUANTIZED,
    QW,
    QWN,
    STEPS,
    WHOLE,
    Step,
    float_table,
)
from benchmarks.tinysnn_text import PAGE, table_of
from hwsim.cost import load_table, tables
from hwsim.delivery import write_together
from hwsim.hardware import Hardware, load_hardware
from hwsim.methods.learning_cost.model_memory import Counted, model_memory
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Layout, Traces
from hwsim.methods.stdp.learn import STORED
from hwsim.methods.stdp.spec import Word
from hwsim.reproduction.printed import value
from hwsim.reproduction.tinysnn import macs_ratio
from hwsim.storage import write_text

SIZES = (100, 400)
PAPER_SIZE = 4900
CHIP = Path(__file__).with_name("tinysnn_chip.yaml")
WAYS: tuple[Counted, ...] = ("learned", "sparse", "dense")
COLORS = {
    "pe_array": "array", "lif_units": "lif", "learning_units": "vector", "weight_buffer": "weight",
    "input_buffer": "input", "output_buffer": "output", "membrane_buffer": "sums", "dram": "dram",
}  # fmt: skip
ARITHMETIC = ("pe_array", "lif_units", "learning_units")


def saving_of_paper(row: str) -> float:
    return value("tinysnn", "Fig. 8", row, "energy saving")


PAPER = {
    "training, FP32": (LATERAL, True, saving_of_paper("FP32 training")),
    "inference, FP32": (LATERAL, False, saving_of_paper("FP32 inference")),
    "training, 8 bits (qWN)": (QWN, True, saving_of_paper("8 bit training")),
    "inference, 8 bits (qWN)": (QWN, False, saving_of_paper("8 bit inference")),
}
"""Energy of the baseline over that of a step, as the paper measured it on a GPU."""

CHOICES: tuple[tuple[Traces, Layout], ...] = (
    ("lazy", "input"), ("decay", "input"), ("lazy", "neuron"), ("decay", "neuron"),
)  # fmt: skip
"""Of `hwsim learn-cost`: --traces and --layout."""

Steps = dict[tuple[str, int], Step]


def summary(steps: Steps, chip: Hardware, neurons: int, learns: bool) -> str:
    """A row each step: what an image takes."""
    rows = []
    for name in STEPS:
        step = steps[name, neurons]
        counts, cost = step.counts(learns), step.cost(chip, float_table(), learns)
        task, images = step.task(chip), counts.images
        lateral = counts.synaptic_operations - counts.input_operations
        states = task.state_bytes if learns else sum(one.bytes for one in task.membranes().values())
        rows.append(
            (
                name,
                f"{counts.lif_updates / images:,.0f}",
                f"{counts.synaptic_operations / images:,.0f}",
                f"{lateral / images:,.0f}",
                f"{counts.trace_writes / images:,.0f}",
                f"{(counts.weight_writes + counts.norm_writes) / images:,.0f}",
                f"{task.weight_bytes:,} {'on chip' if task.pinned else 'DRAM'}",
                f"{states:,}",
                f"{cost.dram_bytes / images:,.0f}",
                f"{cost.total_pj / images / 1e6:,.2f}",
                f"{cost.total_pj / images * (WHOLE if learns else images) / 1e9:,.0f}",
            )
        )
    header = (
        "step", "LIF updates", "synaptic operations", "of them lateral", "trace updates", "weight writes",
        "weights, bytes", "state, bytes", "DRAM bytes", "energy, uJ",
        f"all {WHOLE if learns else 10_000:,} images, mJ",
    )  # fmt: skip
    return table_of(header, rows)


def components(steps: Steps, chip: Hardware, neurons: int) -> str:
    """Energy (uJ an image) by component, learning / answering."""
    rows = []
    for name in STEPS:
        step = steps[name, neurons]
        both = [step.cost(chip, float_table(), learns) for learns in (True, False)]
        parts = [(cost.by_component(), cost.images * 1e6) for cost in both]
        cells = (" / ".join(f"{by.get(part, 0.0) / n:.3f}" for by, n in parts) for part in COLORS)
        rows.append((name, *cells))
    return table_of(("step", *(name.replace("_", " ") for name in COLORS)), rows)


def part_of(cost: LearningCost, which: str) -> float:
    """pJ an image: of arithmetic, of all on the chip, of all."""
    by = cost.by_component()
    kept = {"arithmetic": set(ARITHMETIC), "on chip": set(by) - {"dram"}, "all": set(by)}[which]
    return sum(pj for name, pj in by.items() if name in kept) / cost.images


def ratio(steps: Steps, chip: Hardware, neurons: int, step: str, learns: bool, which: str) -> float:
    base, other = (
        part_of(steps[name, neurons].cost(chip, float_table(), learns), which) for name in (BASELINE, step)
    )
    return base / other


def ratios(steps: Steps, chips: dict[str, Hardware]) -> str:
    rows = []
    for label, (step, learns, paper) in PAPER.items():
        for n in SIZES:
            cells = [
                f"{ratio(steps, chip, n, step, learns, which):.2f}"
                for chip in chips.values()
                for which in ("arithmetic", "on chip", "all")
            ]
            rows.append((label, str(n), f"{paper:g}", *cells))
    header = [f"{name}: {which}" for name in chips for which in ("arithmetic", "on chip", "all")]
    return table_of(("baseline over", "N", "paper, GPU", *header), rows)


def memories(steps: Steps) -> str:
    """Bytes of the baseline and ratios to qW and qWN, in three ways, at several sizes."""
    rows = []
    for n in (*SIZES, PAPER_SIZE):
        base, qw, qwn = (
            steps[name, SIZES[0]].spec.model_copy(update={"neurons": n}) for name in (BASELINE, QW, QWN)
        )
        for way in WAYS:
            sizes = [model_memory(spec, PIXELS, way).bytes for spec in (base, qw, qwn)]
            told = [f"{size:,}" for size in sizes] + [f"{sizes[0] / size:.2f}" for size in sizes[1:]]
            rows.append((str(n), way, *told))
    header = ("N", "synapses counted", "baseline FP32, bytes", "qW", "qWN", "saved by qW", "by qWN")
    return table_of(header, rows)


def csv_of(steps: Steps, chips: dict[str, Hardware]) -> str:
    """A line each row of every cost."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        (
            "step", "neurons", "chip", "table", "phase", "images", "part", "component", "action", "bits",
            "real", "count", "unit_pj", "energy_pj",
        )
    )  # fmt: skip
    for (name, n), step in steps.items():
        for chip in chips.values():
            for phase, learns in (("learning", True), ("inference", False)):
                cost = step.cost(chip, float_table(), learns)
                for row in cost.rows:
                    a, unit = row.action, "" if row.unit_pj is None else f"{row.unit_pj:.6g}"
                    writer.writerow(
                        (
                            name, n, chip.name, float_table().name, phase, cost.images, a.part, a.component,
                            a.action, a.word.bits, int(a.word.real), a.count, unit, f"{row.energy_pj:.6g}",
                        )
                    )  # fmt: skip
    return out.getvalue()


def draw(steps: Steps, chip: Hardware, path: Path) -> None:
    """Bars of each step, % of the baseline's energy of the same size and phase."""
    bars, notes = [], []
    for n in SIZES:
        for phase, learns in (("learning", True), ("inference", False)):
            whole = 0.0
            for name in STEPS:
                cost = steps[name, n].cost(chip, float_table(), learns)
                whole = whole or cost.total_pj / cost.images
                each = {part: 100 * pj / cost.images / whole for part, pj in cost.by_component().items()}
                bars.append((f"{n}, {phase}: {name}", each))
                notes.append(f"{cost.total_pj / cost.images / 1e6:.1f} uJ")
    pictures.stacked(path, bars, COLORS, f"energy of an image on {chip.name}, % of the baseline's", notes)


def page(steps: Steps, chips: dict[str, Hardware], simulated: dict[str, Simulated]) -> str:
    chip = chips["tinysnn-chip"]
    accuracies = table_of(
        ("step", *(f"N = {n}" for n in SIZES)),
        [(name, *(f"{steps[name, n].learned.card['test_accuracy']:.2%}" for n in SIZES)) for name in STEPS],
    )
    dense = {n: macs_ratio(n) for n in (*SIZES, PAPER_SIZE)}
    minutes = sum(step.learned.card["minutes"] for step in steps.values())
    n = SIZES[-1]
    maps = steps[BASELINE, n].cost(chip, float_table(), True)
    eight = [
        ratio(steps, one, size, QWN, learns, which)
        for one in chips.values()
        for size in SIZES
        for learns in (True, False)
        for which in ("arithmetic", "on chip", "all")
    ]
    return PAGE.format(
        images=IMAGES, whole=WHOLE, stored=STORED, minutes=minutes, accuracies=accuracies,
        training_100=summary(steps, chip, 100, True), inference_100=summary(steps, chip, 100, False),
        training_400=summary(steps, chip, 400, True), inference_400=summary(steps, chip, 400, False),
        components_100=components(steps, chip, 100), components_400=components(steps, chip, 400),
        ratios=ratios(steps, chips), memories=memories(steps), checked=checked(simulated),
        energies=energies(simulated), dense=dense[400], dense_100=dense[100],
        dense_one=(PIXELS + 2 * n) / (PIXELS + n),
        maps=maps.by_part()["spikes"] / maps.images / 1e6,
        more=more_by_learning(steps, chip), formats=formats(steps),
        eight_least=min(eight), eight_most=max(eight),
        sets=price_sets(steps, chip), choices=choices(steps, chip), plain=IMAGES,
    )  # fmt: skip


def price_sets(steps: Steps, chip: Hardware) -> str:
    """Energy (uJ an image) of the step in integers by each table of parts that reaches its widths."""
    rows = []
    for name in tables():
        table = load_table(name)
        if table.includes is not None or table.whole("ac_issued") is not None:
            continue
        cells, unpriced = [], set[str]()
        for n in SIZES:
            both = [steps[QWN, n].cost(chip, table, learns) for learns in (True, False)]
            cells.append(" / ".join(f"{cost.total_pj / cost.images / 1e6:.2f}" for cost in both))
            on_chip = (part_of(cost, "on chip") / 1e6 for cost in both)
            cells.append(" / ".join(f"{uj:.2f}" for uj in on_chip))
            unpriced |= {action for cost in both for action in cost.unpriced}
        rows.append((name, *cells, ", ".join(sorted(unpriced)) or "-"))
    header = [title for n in SIZES for title in (f"N = {n}", "on chip")]
    return table_of(("table", *header, "unpriced"), rows)


def choices(steps: Steps, chip: Hardware) -> str:
    """Energy (uJ) of an image learned by how traces are kept and how weights lie."""
    rows = []
    for name in STEPS:
        for n in SIZES:
            step = steps[name, n]
            counts = step.counts(True)
            cells = []
            for traces, layout in CHOICES:
                found = price(step.task(chip, traces, layout), counts, True, float_table())
                cells.append(f"{found.total_pj / counts.images / 1e6:.2f}")
            rows.append((name, str(n), *cells))
    return table_of(("step", "N", *(f"{traces}, by {layout}" for traces, layout in CHOICES)), rows)


def more_by_learning(steps: Steps, chip: Hardware) -> str:
    """(learning - inference) / inference of an image's energy, least and most over the steps of each size."""
    told = []
    for n in SIZES:
        added = []
        for name in STEPS:
            learned, answered = (
                part_of(steps[name, n].cost(chip, float_table(), learns), "all") for learns in (True, False)
            )
            added.append((learned - answered) / answered)
        told.append(f"{min(added):.0%} to {max(added):.0%} at N = {n}")
    return ", ".join(told)


def formats(steps: Steps) -> str:
    """Bits and those behind the point of each word in fixed point."""
    words: tuple[Word, ...] = ("weights", "membrane", "theta")
    rows = []
    for name in QUANTIZED:
        for n in SIZES:
            own = steps[name, n].spec.formats
            cells = (f"{own[w].bits}.{own[w].fraction}" if w in own else "float32" for w in words)
            rows.append((name, str(n), *cells))
    return table_of(("step", "N", *words), rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("reports/tinysnn"))
    parser.add_argument("--runs", type=Path, default=Path("out/tinysnn_cost"))
    args = parser.parse_args()
    console = Console()
    steps: Steps = {}
    for n in SIZES:
        for name in STEPS:
            steps[name, n] = Step.of(name, n, args.runs)
            console.print(f"{name}, {n}: {steps[name, n].learned.card['test_accuracy']:.2%}")
    chip = load_hardware(str(CHIP))
    chips = {chip.name: chip, "sata": load_hardware("sata")}
    simulated = {
        f"{name}, N = {n}": Simulated(steps[name, n], chip, float_table())
        for name, n in ((BASELINE, 100), (LATERAL, 100), (LATERAL, 400))
    }
    told = checked(simulated)
    console.print(told)

    def make(directory: Path) -> dict[str, Path]:
        paths = {name: directory / name for name in ("cost.md", "cost.csv", "cost.png")}
        write_text(paths["cost.md"], page(steps, chips, simulated))
        write_text(paths["cost.csv"], csv_of(steps, chips))
        draw(steps, chip, paths["cost.png"])
        return paths

    for path in write_together(args.output, make).values():
        console.print(str(path))


if __name__ == "__main__":
    main()
