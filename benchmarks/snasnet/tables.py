"""Tables of reports/snasnet, of the lines that its CSV files have."""

import statistics
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.snasnet.plan import (
    EDGES,
    KERNELS,
    OTHER,
    SMALL,
    STEPS,
    drawn,
)
from benchmarks.snasnet.results import Row, Rows, best
from benchmarks.training.results import markdown
from hwsim.methods.training_free.cells import cell_of
from hwsim.reproduction.printed import find, value
from hwsim.reproduction.ranks import interval, kendall, told

OPERATIONS = {1: "identity", 2: "conv1x1", 3: "conv3x3", 4: "pool"}
SUBSETS = 2000
BY_STEP, RUNNING, TRAINED = "accuracy_each_step", "accuracy", "train_accuracy"
"""Columns of trainings.csv: on test images with statistics of each step and with one running mean of all
steps; while training."""


class Found:
    """Lines by what they are."""

    def __init__(self, files: dict[str, Rows]) -> None:
        self.files = files
        self.cells = {row["cell"]: row for row in files["cells"]}
        self.networks = {(row["name"], row["place"]): row for row in files["networks"]}
        self.trainings = {row["name"]: row for row in files["trainings"]}

    def accuracies(
        self, cell: str, data: str = SMALL, timesteps: int = 5, of: str = BY_STEP
    ) -> dict[int, float]:
        """In %, by seed."""
        return {
            row["seed"]: 100 * row[of]
            for row in self.files["trainings"]
            if (row["cell"], row["data"], row["timesteps"]) == (cell, data, timesteps)
        }

    def drawn(self, edges: str) -> list[Row]:
        """Random cells that are trained, with accuracies of seed 0 in % (``accuracy`` that of each step's
        statistics) and ``name``."""
        found = []
        for cell in drawn(edges):  # type: ignore[arg-type]
            accuracy = self.accuracies(cell).get(0)
            if accuracy is not None:
                name = f"{SMALL}_T5_{cell.replace(',', '-')}_0"
                others = {of: self.accuracies(cell, of=of)[0] for of in (RUNNING, TRAINED)}
                told = {"accuracy": accuracy, "running": others[RUNNING], "trained": others[TRAINED]}
                found.append(self.cells[cell] | kinds(cell) | told | {"name": name})
        return found


def kinds(cell: str) -> Row:
    """Edges of a cell by operation, with neurons, back in time; and all."""
    codes = cell_of(cell)
    counts = {name: int((codes == code).sum()) for code, name in OPERATIONS.items()}
    return counts | {
        "edges": int((codes > 0).sum()),
        "lif": counts["conv1x1"] + counts["conv3x3"],
        "backward": int((np.tril(codes) > 0).sum()),
    }


def spread(values: Sequence[float]) -> str:
    if not values:
        return "not trained"
    deviation = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{deviation} ({len(values)})"


def seeds(found: Found) -> tuple[float, float, int]:
    """Deviation of the seeds of a cell, pooled over cells with three or more; deviation of random cells, a
    seed each; the number of the former."""
    rows = [list(found.accuracies(cell).values()) for cell in found.cells]
    rows = [row for row in rows if len(row) >= 3]
    within = float(np.sqrt(np.mean([statistics.variance(row) for row in rows]))) if rows else float("nan")
    return within, statistics.stdev(row["accuracy"] for row in found.drawn("both")), len(rows)


PREDICTORS: dict[str, str] = {
    "sahd": "SAHD", "hd": "HD", "parameters": "parameters", "lif": "LIF edges", "edges": "edges",
    "conv3x3": "conv3x3 edges", "pool": "pools", "backward": "edges back in time",
}  # fmt: skip
MEASURED = {
    "accuracy": "statistics of each step", "running": "one running mean", "trained": "training images",
}  # fmt: skip


def taus(found: Found) -> str:
    lines = []
    for edges in EDGES:
        rows = found.drawn(edges)
        if len(rows) < 10:
            continue
        for name, head in PREDICTORS.items():
            values = list(column(rows, name))
            taus = [told(values, list(column(rows, of))) for of in MEASURED]
            lines.append([edges, str(len(rows)), head, *taus])
    return markdown(("cells", "number", "order by", *(f"tau, {head}" for head in MEASURED.values())), lines)


def difference(rows: Sequence[Row], a: str, b: str) -> str:
    """Tau of ``a`` less tau of ``b``, of the same resampled cells."""
    columns = [list(column(rows, name)) for name in (a, b, "accuracy")]

    def of(x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]) -> float:
        return kendall(x, z) - kendall(y, z)

    low, high = interval(of, *columns)
    return f"{of(*map(np.array, columns)):+.2f} ({low:+.2f} to {high:+.2f})"


def differences(found: Found) -> str:
    lines = []
    for edges in EDGES:
        rows = found.drawn(edges)
        if len(rows) < 10:
            continue
        for a, b in (("sahd", "hd"), ("sahd", "parameters"), ("sahd", "lif"), ("hd", "lif")):
            lines.append([edges, f"{PREDICTORS[a]} - {PREDICTORS[b]}", difference(rows, a, b)])
    return markdown(("cells", "difference of tau", "paired (95 %)"), lines)


def column(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    return np.array([float(row[name]) for row in rows])


def of_paper() -> dict[str, str]:
    """Its numbers that the page's text has: taus, best by score (CIFAR100), accuracy at three T."""
    taus = {s: find("snasnet", "Fig. 4", s, "Kendall tau").text.removeprefix("0") for s in ("HD", "SAHD")}
    scores = {f"Bw {s}": _accuracy("3", f"Bw {s} CIFAR100") for s in taus}
    steps = {k: ", ".join(_accuracy("4", f"{k} T={t} CIFAR100") for t in STEPS) for k in ("Fw", "Bw")}
    return taus | scores | steps


def _accuracy(table: str, row: str) -> str:
    return f"{value('snasnet', table, row, 'accuracy'):.2f}"


def best_table(found: Found) -> str:
    chosen, lines = best(found.files["scored"]), []
    for edges in EDGES:
        for kernel in KERNELS:
            cell = chosen[SMALL, edges, kernel]
            lines.append(
                [
                    edges,
                    f"best of 500 by {kernel.upper()}",
                    cell,
                    spread(list(found.accuracies(cell).values())),
                    spread(list(found.accuracies(cell, of=RUNNING).values())),
                ]
            )
        every = [row["accuracy"] for row in found.drawn(edges)]
        running = [row["running"] for row in found.drawn(edges)]
        lines.append([edges, "random cells, a seed each", "", spread(every), spread(running)])
    return markdown(("cells", "chosen", "cell", "accuracy, %", "with one running mean, %"), lines)


def by_count(found: Found, name: str) -> str:
    """Accuracy of random cells by how many edges of a kind they have."""
    groups: dict[tuple[str, int], list[float]] = defaultdict(list)
    for edges in EDGES:
        for row in found.drawn(edges):
            groups[edges, row[name]].append(row["accuracy"])
    counts = sorted({count for _, count in groups})
    lines = [
        [edges, *(spread(groups[edges, c]) if (edges, c) in groups else "" for c in counts)]
        for edges in EDGES
        if any(e == edges for e, _ in groups)
    ]
    return markdown(("cells", *(f"{c} {name}" for c in counts)), lines)


def by_feedback(found: Found) -> str:
    """Random cells by their edges back in time: the three accuracies."""
    rows = [row for edges in EDGES for row in found.drawn(edges)]
    counts = sorted({row["backward"] for row in rows})
    lines = [
        [head, *(spread([row[of] for row in rows if row["backward"] == c]) for c in counts)]
        for of, head in MEASURED.items()
    ]
    return markdown(("accuracy, %", *(f"{c} back in time" for c in counts)), lines)


def steps_table(found: Found) -> str:
    chosen = best(found.files["scored"])
    lines = []
    for edges in EDGES:
        cell = chosen[SMALL, edges, "sahd"]
        lines.append(
            [edges, cell, *(spread(list(found.accuracies(cell, timesteps=t).values())) for t in STEPS)]
        )
    return markdown(("cells", "best by SAHD", *(f"T = {t}" for t in STEPS)), lines)


def transfer_table(found: Found) -> str:
    chosen, lines = best(found.files["scored"]), []
    for edges in EDGES:
        cells = {
            SMALL: chosen[SMALL, edges, "sahd"], OTHER: chosen[OTHER, edges, "sahd"],
            "random": drawn(edges)[0],
        }  # fmt: skip
        for name, cell in cells.items():
            trained = [spread(list(found.accuracies(cell, data).values())) for data in (SMALL, OTHER)]
            lines.append([edges, name, cell, *trained])
    return markdown(("cells", "searched on", "cell", f"on {SMALL}, %", f"on {OTHER}, %"), lines)


def sizes_table(found: Found) -> str:
    """Accuracy of the best by score of N of the trained random cells, over drawn subsets."""
    rows = found.drawn("both")
    rng, accuracy = np.random.default_rng(0), column(rows, "accuracy")
    sizes = [n for n in (1, 2, 5, 10, 20, 50) if n < len(rows)]
    subsets = {size: [rng.permutation(len(rows))[:size] for _ in range(SUBSETS)] for size in sizes}
    lines = []
    for name in ("sahd", "hd", "parameters", "lif"):
        score = column(rows, name)
        line = [PREDICTORS[name]]
        for size in sizes:
            taken = [_best_of(score, subset) for subset in subsets[size]]
            line.append(f"{accuracy[taken].mean():.1f} ± {accuracy[taken].std():.1f}")
        lines.append(line)
    return markdown(("best by", *(f"N = {n}" for n in sizes)), lines)


def _best_of(score: NDArray[np.float64], among: NDArray[np.int64]) -> int:
    """Of equal ones the first drawn."""
    return int(among[score[among].argmax()])


def activity_table(found: Found) -> str:
    rows, lines = found.files["activity"], []
    for kind, head in (("relu", "ReLU, above 0"), ("lif", "LIF, spikes at a step")):
        own = [row for row in rows if row["kind"] == kind and row["layer"] != "8"]
        if not own:
            continue
        means, deviations = column(own, "mean"), column(own, "deviation")
        ratio = deviations[means > 0] / means[means > 0]
        lines.append(
            [head, str(len(own)), f"{means.mean():.3f} ± {means.std():.3f}", f"{deviations.mean():.3f}",
             f"{np.median(ratio):.2f}"]
        )  # fmt: skip
    return markdown(
        (
            "neurons",
            "layers",
            "share active, mean ± sd of layers",
            "sd of samples in a layer",
            "sd / mean, median",
        ),
        lines,
    )


def speed_table(found: Found) -> str:
    lines = [
        [str(r["channels"]), str(r["resolution"]), str(r["batch"]), f"{r['cell_ms']:.0f}",
         f"{5 * r['cell_ms'] / 60 / 2:.1f}", f"{r['product_ms']:.3f}", f"{r['bits_ms']:.3f}"]
        for r in found.files["speed"]
    ]  # fmt: skip
    head = ("C", "resolution", "batch", "a cell, ms", "5,000 cells on 2 cores, minutes",
            "distances by a product, ms", "on bits, ms")  # fmt: skip
    return markdown(head, lines)
