"""The page of finished searches and trainings: ``python -m benchmarks.snasnet.report``.

Reads out/snasnet, and what reports/snasnet has already of what is not there; writes README.md, pictures and
CSV files there. Says what has not been trained.
"""

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks.snasnet import cost_tables, figures, findings, tables
from benchmarks.snasnet.__main__ import OUT, searches
from benchmarks.snasnet.looked import NEURONS, WEIGHT_BYTES
from benchmarks.snasnet.plan import EDGES, OTHER, SMALL, plan
from benchmarks.snasnet.results import KEYS, best, collected, merged, read, scored_rows, write
from benchmarks.snasnet.tables import Found
from hwsim.datasets import load_dataset
from hwsim.delivery import write_together
from hwsim.storage import is_dir, write_text

REPORT = Path("reports/snasnet")

PAGE = Path(__file__).with_name("page.md")


def page(found: Found) -> str:
    within, between, cells = tables.seeds(found)
    networks, returning, compared, differing, untrusted = cost_tables.agreement(found)
    digits = load_dataset(SMALL)
    wanted = {run.name for run in plan(best(found.files["scored"]))}
    return PAGE.read_text(encoding="utf-8").format(
        trainings=len(found.files["trainings"]),
        missing=len(wanted - set(found.trainings)),
        minutes=sum(row["cpu_minutes"] for row in found.files["trainings"]),
        both=len(found.drawn("both")),
        forward=len(found.drawn("forward")),
        within=within, between=between, cells=cells,
        taus=tables.taus(found), differences=tables.differences(found), best=tables.best_table(found),
        sizes=tables.sizes_table(found), activity=tables.activity_table(found),
        by_edges=tables.by_count(found, "edges"), by_lif=tables.by_count(found, "lif"),
        by_pool=tables.by_count(found, "pool"), by_backward=tables.by_count(found, "backward"),
        steps=tables.steps_table(found), transfer=tables.transfer_table(found),
        feedback=cost_tables.feedback_table(found), untrained=cost_tables.untrained_table(found),
        findings=findings.sentences(found), by_feedback=tables.by_feedback(found),
        training_images=len(digits.train), test_images=len(digits.test), returning=returning,
        unique={f"{data} {edges}": len({row["cell"] for row in found.files["scored"]
                if (row["data"], row["edges"]) == (data, edges)})
                for data in (SMALL, OTHER) for edges in EDGES},
        networks=networks, compared=compared, differing=differing, untrusted=untrusted,
        speed=tables.speed_table(found), paper=tables.of_paper(), neurons=NEURONS, weight_bytes=WEIGHT_BYTES,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    tell = Console(stderr=True).print
    scored = read(REPORT / "scored.csv")
    if is_dir(OUT):
        scored = merged(scored, scored_rows(searches(OUT)), KEYS["scored"])
    found = Found(collected(OUT, REPORT, scored, tell))

    def make(directory: Path) -> dict[str, Path]:
        names = ("README.md", "scores.png", "activity.png", *(f"{name}.csv" for name in KEYS))
        paths = {name: directory / name for name in names}
        write_text(paths["README.md"], page(found))
        figures.scores(found, paths["scores.png"])
        figures.activity(found, paths["activity.png"])
        for name in KEYS:
            write(paths[f"{name}.csv"], found.files[name])
        return paths

    for path in write_together(REPORT, make).values():
        Console().print(str(path))


if __name__ == "__main__":
    main()
