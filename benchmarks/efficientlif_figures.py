"""EfficientLIF-Net's figures of memory (1, 8, 9) and area (10), from the networks as they are built here."""

from pathlib import Path

from benchmarks import pictures
from hwsim.reproduction import efficientlif
from hwsim.reproduction.efficientlif import RESNET19, SPARSITY
from hwsim.reproduction.efficientlif import TIMESTEPS as STEPS
from hwsim.reproduction.networks import network, state_mib, weights, words_mib
from hwsim.reproduction.printed import value

SHARINGS = {"base": "none", "[L]": "L", "[C#2]": "C2", "[L+C#2]": "L+C2"}


def of_paper(figure: str, row: str, column: str) -> float:
    return value(efficientlif.PAPER, f"Fig. {figure}", row, column)


PAPER_SHARES = {
    n: of_paper("10", f"{name}, 128 PEs", "LIF share of area") / 100 for n, name in ((1, "base"), (4, "C#4"))
}
"""LIF share of the compute area by channel groups."""
PAPER_SAVED = {
    side: of_paper("10", f"VGG16 {data} [L], batch 64", "DRAM reduction")
    for side, data in ((32, "CIFAR10"), (64, "TinyImageNet"))
}
"""Percent of DRAM traffic, by the images' side."""
PRUNED = "ResNet19 CIFAR10 pruned 94.94 %"
NO_FIT = "public kernels of SATA_Sim, 129.2 against 96.9 um2; the paper's own synthesis is not public"
SOURCES = {
    1: {"fitted": "a LIF unit of 1.604 times the rest of its PE, fitted to this number", "kernels": NO_FIT},
    4: {"fitted": "the same fit, one LIF unit for four PEs: tests it", "kernels": NO_FIT},
}
"""What each source of areas is, by channel groups."""
COLORS = {"weights": "weight", "bitmap of weights": "input", "LIF states": "membrane", "spikes": "sums"}

Point = dict[str, str | int | float]


def memory(resolution: int, classes: int, sharing: str) -> dict[str, float]:
    """MiB of ResNet19: 32-bit weights, LIF states forward and backward, and 1-bit spikes of one step."""
    forward = state_mib(RESNET19, resolution, sharing)
    return {
        "weights": words_mib(weights(network(RESNET19, f"classes={classes}"))),
        "forward": forward,
        "backward": forward * (STEPS if sharing == "none" else 1),
        "spikes": state_mib(RESNET19, resolution, "none") / 32,
    }


def point(figure: str, quantity: str, unit: str, paper: float | str, ours: float | str, how: str) -> Point:
    both = isinstance(paper, float) and isinstance(ours, float)
    return {
        "figure": figure, "quantity": quantity, "unit": unit, "paper": paper, "hwsim": ours,
        "difference": float(ours) - float(paper) if both else "", "how": how,
    }  # fmt: skip


def points(saved: dict[int, float], shares: dict[int, dict[str, float]]) -> list[Point]:
    """A row for each number of the figures. ``saved``: DRAM traffic that [L] saves at mini-batch 64, by
    resolution; ``shares``: LIF share of the area by channel groups and source."""
    large, small, both = memory(224, 100, "none"), memory(32, 10, "none"), memory(32, 10, "L+C2")
    lif, percent = large["forward"], "%"
    return [
        point(
            "1", "LIF share of memory, ResNet19 at 224 x 224", percent,
            of_paper("1", "ResNet19 224x224", "LIF share of memory"), efficientlif.lif_share(STEPS),
            f"weights {large['weights']:.2f}, states {lif:.2f}, 1-bit spikes of all 5 steps "
            f"{STEPS * large['spikes']:.2f} MiB; whole percents in the paper, and not said what counts",
        ),
        point(
            "1", "the same, spikes of one step", percent, "", efficientlif.lif_share(1),
            "one step's spikes are all that a layer-by-layer chip holds",
        ),
        point(
            "8", "backward LIF memory over weights, ResNet19, ImageNet-100", "x",
            of_paper("8", "ResNet19 ImageNet-100", "backward LIF over weights"),
            large["backward"] / large["weights"],
            f"states of all 5 steps {large['backward']:.2f} MiB; the paper prints a whole number",
        ),
        point(
            "9", "LIF memory, ResNet19, CIFAR10", "MiB", of_paper("9", PRUNED, "LIF memory"),
            small["forward"], "32-bit states",
        ),
        point(
            "9", "weights, 94.94 % of them pruned", "MiB", of_paper("9", PRUNED, "weight memory"),
            efficientlif.kept_mib(),
            f"values alone; a bitmap of where they are adds {efficientlif.bitmap_mib():.2f} MiB, which the "
            "paper leaves out",
        ),
        point(
            "9", "LIF memory, [L+C#2] over base", percent,
            of_paper("9", "L+C#2 against base", "LIF memory"), 100 * both["forward"] / small["forward"],
            f"{both['forward']:.4f} MiB; the paper prints whole percents",
        ),
        point(
            "9", "dead neurons", percent, of_paper("9", "dead neurons", "share"), "",
            "of the paper's own weights; trained small and pruned to 95 %: 9 to 11 % "
            "(reports/training/efficientlif.md)",
        ),
        *(
            point("10", f"LIF share of area, C#{n}", percent, 100 * paper, 100 * shares[n][source], how)
            for n, paper in PAPER_SHARES.items()
            for source, how in SOURCES[n].items()
        ),
        *(
            point("10", f"DRAM traffic that [L] saves, VGG16 at {side} x {side}, B = 64", percent, paper,
                  100 * saved[side], "transfers of efficientlif-accounting, which moves maps and images too")
            for side, paper in PAPER_SAVED.items()
        ),
    ]  # fmt: skip


def table(rows: list[Point]) -> str:
    """The rows as Markdown."""
    lines = [
        "| figure | number | paper | hwsim | difference | how |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        unit = "" if row["unit"] == "x" else f" {row['unit']}"
        paper, ours, difference = (row[k] for k in ("paper", "hwsim", "difference"))
        cells = (
            f"Fig. {row['figure']}", row["quantity"], "" if paper == "" else f"{paper:g}{unit}",
            "-" if ours == "" else f"{ours:.2f}{unit}",
            "" if difference == "" else f"{difference:+z.2f}", row["how"],
        )  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def draw(shares: dict[int, dict[str, float]], directory: Path) -> dict[str, Path]:
    """fig1.png, fig8.png, fig9.png and fig10.png."""
    paths = {f"fig{n}": directory / f"fig{n}.png" for n in (1, 8, 9, 10)}
    large = {name: memory(224, 100, sharing) for name, sharing in SHARINGS.items()}
    small = {name: memory(32, 10, sharing) for name, sharing in SHARINGS.items()}
    base = large["base"]
    steps = {"spikes of 5 steps": STEPS, "spikes of one step": 1}
    bars = [
        (name, {"weights": base["weights"], "LIF states": base["forward"], "spikes": n * base["spikes"]})
        for name, n in steps.items()
    ]
    notes = [f"LIF {values['LIF states'] / sum(values.values()):.1%}" for _, values in bars]
    pictures.stacked(paths["fig1"], bars, COLORS, "ResNet19 at 224 x 224, MiB", notes)
    bars = [(n, {"weights": m["weights"], "LIF states": m["backward"]}) for n, m in large.items()]
    notes = [f"LIF {m['backward'] / m['weights']:.2f} x weights" for m in large.values()]
    pictures.stacked(paths["fig8"], bars, COLORS, "ResNet19 at 224 x 224, training with 5 steps, MiB", notes)
    pruned = {"weights": efficientlif.kept_mib(), "bitmap of weights": efficientlif.bitmap_mib()}
    bars = [(n, pruned | {"LIF states": m["forward"]}) for n, m in small.items()]
    notes = [f"LIF {m['forward']:.2f} MiB" for m in small.values()]
    axis = f"ResNet19 at 32 x 32, {SPARSITY:.2%} of the weights pruned, MiB"
    pictures.stacked(paths["fig9"], bars, COLORS, axis, notes)
    bars = [
        (f"C#{groups}, {source}", {"LIF units": 100 * value, "rest of the PEs": 100 * (1 - value)})
        for groups, found in shares.items()
        for source, value in found.items()
    ]
    notes = [
        f"{values['LIF units']:.1f}%" + (f", the paper {PAPER_SHARES[g]:.1%}" if g in PAPER_SHARES else "")
        for (_, values), g in zip(bars, [g for g, found in shares.items() for _ in found], strict=True)
    ]
    colors = {"LIF units": "lif", "rest of the PEs": "idle"}
    pictures.stacked(paths["fig10"], bars, colors, "compute area of 128 PEs, %", notes)
    return paths
