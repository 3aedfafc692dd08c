"""Learn what reports/tinysnn shows: ``python -m benchmarks.tinysnn [NAME...] [--workers N]``.

``make tinysnn`` does all and writes the report. Learnings lie in out/tinysnn, each in a directory that is
resumed, and are not done again. NAME is the beginning of names, e.g. mnist_lateral or fashion_.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.tinysnn.plan import HELD_OUT, plan
from benchmarks.tinysnn.run import held_out, one
from hwsim.errors import HwsimError

OUT = Path("out/tinysnn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names; default: all")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    chosen = [run for run in plan() if not asked.names or run.name.startswith(tuple(asked.names))]
    sources = dict.fromkeys(run.source for run in chosen if run.scheme != "float")
    runs = [*chosen, *(run for run in sources if run not in chosen)]
    if any(run.data == HELD_OUT for run in runs):
        held_out(OUT)
    failed: list[str] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar, ProcessPoolExecutor(asked.workers) as pool:
        task = bar.add_task("learnings", total=len(runs))
        for part in ([r for r in runs if r.scheme == "float"], [r for r in runs if r.scheme != "float"]):
            for done in as_completed([pool.submit(one, run, OUT) for run in part]):
                bar.advance(task)
                try:
                    name, accuracy, seconds = done.result()
                except HwsimError as error:
                    failed.append(str(error))
                else:
                    bar.console.print(f"{name}: {accuracy:.2%} in {seconds:.0f} s")
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} of {len(runs)} learnings failed:", *failed]))


if __name__ == "__main__":
    main()
