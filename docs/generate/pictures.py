"""The pictures of docs/concepts.md: ``python -m docs.generate.pictures docs/pictures`` writes them."""

import sys
from collections.abc import Callable
from pathlib import Path

from docs.generate.svg import BLUE, GREEN, INK, ORANGE, PLAIN, SOFT, YELLOW, Drawing

STAGES = (
    ("Network", "what is computed", "execute"),
    ("EventTrace", "which neuron\nfired when", "lower"),
    ("Program", "jobs, transfers,\noperations", "cycle"),
    ("Ledger", "how many of each,\nwhy so long", "price"),
    ("Cost", "pJ, um2, ns", ""),
)
"""Each value, what it holds, and the function that makes the next one of it."""

GIVEN = ("inputs", "chip, mapping", "", "cost table")
"""What a function takes besides."""

INPUTS = ((0,), (1,), (1, 2), (0, 2))
WEIGHTS = ((1.0, 0.5, 0.0), (0.0, 0.5, 0.75))
"""The example of the page: spikes of three inputs over four steps, and what two neurons weigh them with."""

DECAY, THRESHOLD = 0.5, 1.0


def fired() -> list[tuple[int, ...]]:
    """Which of the two neurons fires when: v = DECAY v + x, fires at THRESHOLD, which is then subtracted."""
    membranes, found = [0.0, 0.0], []
    for live in INPUTS:
        currents = [sum(row[i] for i in live) for row in WEIGHTS]
        membranes = [DECAY * v + x for v, x in zip(membranes, currents, strict=True)]
        spikes = tuple(n for n, v in enumerate(membranes) if v >= THRESHOLD)
        membranes = [v - THRESHOLD * (n in spikes) for n, v in enumerate(membranes)]
        found.append(spikes)
    return found


def pipeline() -> Drawing:
    drawn = Drawing(860, 170, "From a PyTorch module to costs: six values, one made of the other")
    drawn.box(10, 70, 110, 60, YELLOW)
    drawn.text(65, 96, "PyTorch module", 12)
    drawn.text(65, 114, "NIR, lava-dl file", 10.5, SOFT)
    for i, (name, what, verb) in enumerate(STAGES):
        x = 170 + 140 * i
        drawn.box(x, 70, 105, 60, GREEN if i == len(STAGES) - 1 else BLUE)
        drawn.text(x + 52, 90, name, 13)
        drawn.text(x + 52, 107, what, 10, SOFT)
        if verb:
            drawn.arrow(x + 105, 100, x + 138, 100)
            drawn.text(x + 122, 64, verb, 11)
        if i < len(GIVEN) and GIVEN[i]:
            drawn.text(x + 122, 24, GIVEN[i], 10.5, SOFT)
            drawn.arrow(x + 122, 30, x + 122, 50)
    drawn.arrow(120, 100, 168, 100)
    drawn.text(144, 64, "capture", 11)
    drawn.text(430, 156, "counts first, prices later: nothing left of the Ledger knows a joule", 11, SOFT)
    return drawn


def events() -> Drawing:
    drawn = Drawing(720, 250, "Three inputs and two neurons over four steps: every spike is an event")
    names = ("input a", "input b", "input c", "neuron 0", "neuron 1")
    rows = [50.0, 80.0, 110.0, 170.0, 200.0]
    trace = [(*live, *(3 + n for n in spikes)) for live, spikes in zip(INPUTS, fired(), strict=True)]
    for name, y in zip(names, rows, strict=True):
        drawn.text(70, y + 4, name, 12, anchor="end")
        drawn.line(85, y, 700, y, "#e0e4e8")
    for step, live in enumerate(trace):
        x = 150.0 + 150 * step
        drawn.text(x + 20, 24, f"step {step}", 12, SOFT)
        for source in live:
            if source < len(WEIGHTS[0]):
                for target in range(len(WEIGHTS)):
                    drawn.arrow(x, rows[source], x + 38, rows[3 + target] - 7)
        for event in live:
            late = 40 if event >= len(WEIGHTS[0]) else 0
            drawn.dot(x + late, rows[event], 6, ORANGE if late else YELLOW)
    inputs, spikes = sum(map(len, INPUTS)), sum(map(len, fired()))
    drawn.text(360, 238, f"{inputs} input events, {2 * inputs} synapses crossed, {spikes} spikes", 12, SOFT)
    return drawn


def dataflows() -> Drawing:
    drawn = Drawing(760, 250, "What stays in the processing elements, and what moves past them")
    panels = (
        ("os: outputs stay", "M", "N", "weights k, one after the other", "inputs k", "each PE keeps a sum"),
        ("ws: weights stay", "K", "N", "weights, once a fold", "inputs m", "sums leave below"),
        ("is: inputs stay", "K", "M", "inputs, once a fold", "weights n", "sums leave below"),
    )
    for i, (title, rows, columns, above, beside, below) in enumerate(panels):
        x, y = 90 + 250 * i, 90
        drawn.text(x + 62, 24, title, 14)
        drawn.text(x + 62, 46, above, 10.5, SOFT)
        for r in range(2):
            for c in range(2):
                drawn.box(x + 70 * c, y + 55 * r, 52, 38, (GREEN, BLUE, YELLOW)[i])
                held = {"os": f"m{r} n{c}", "ws": f"k{r} n{c}", "is": f"k{r} m{c}"}[title[:2]]
                drawn.text(x + 70 * c + 26, y + 55 * r + 23, held, 12)
                drawn.arrow(x + 70 * c - 18, y + 55 * r + 19, x + 70 * c - 1, y + 55 * r + 19)
                drawn.arrow(x + 70 * c + 26, y + 55 * r - 16, x + 70 * c + 26, y + 55 * r - 1)
            drawn.text(x - 22, y + 55 * r + 23, f"{beside}", 10.5, SOFT, "end")
        if below != panels[0][-1]:
            for c in range(2):
                drawn.arrow(x + 70 * c + 26, y + 93, x + 70 * c + 26, y + 110)
        drawn.text(x + 62, y + 126, below, 10.5, SOFT)
        drawn.text(x + 62, y + 146, f"rows hold {rows}, columns hold {columns}", 11)
    return drawn


def timeline() -> Drawing:
    """Jobs of one layer with double buffers: loads run ahead, each waiting cycle has a cause."""
    drawn = Drawing(
        760, 190, "Jobs on the DMA channel, the PE array and the LIF units, and what waits for what"
    )
    lanes = {
        "DMA": (
            (0, 130, "load 0", PLAIN), (130, 130, "load 1", PLAIN), (300, 150, "load 2", PLAIN),
            (450, 40, "store", ORANGE),
        ),
        "PE array": ((130, 170, "job 0", BLUE), (300, 120, "job 1", BLUE), (450, 120, "job 2", BLUE)),
        "LIF units": ((300, 60, "job 0", GREEN), (420, 60, "job 1", GREEN), (570, 60, "job 2", GREEN)),
    }  # fmt: skip
    for i, (name, spans) in enumerate(lanes.items()):
        y = 26 + 46 * i
        drawn.text(80, y + 20, name, 12, anchor="end")
        drawn.line(92, y + 34, 740, y + 34, "#e0e4e8")
        for begin, length, label, fill in spans:
            drawn.box(95 + begin, y, length, 32, fill)
            drawn.text(95 + begin + length / 2, y + 20, label, 11)
    for begin, length, why in ((0, 130, "weight"), (420, 30, "weight")):
        drawn.line(95 + begin, 90, 95 + begin + length, 90, INK)
        drawn.text(95 + begin + length / 2, 86, why, 9, SOFT)
    drawn.text(
        95 + 435, 182, "job 2 waits for its weights: the array's cycles are booked to that cause", 10.5, SOFT
    )
    return drawn


PICTURES: dict[str, Callable[[], Drawing]] = {
    "pipeline": pipeline,
    "events": events,
    "dataflows": dataflows,
    "timeline": timeline,
}


def main() -> None:
    for name, draw in PICTURES.items():
        draw().write(Path(sys.argv[1]) / f"{name}.svg")


if __name__ == "__main__":
    main()
