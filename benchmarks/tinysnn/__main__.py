"""Learn what reports/tinysnn shows: ``python -m benchmarks.tinysnn [NAME...] [--workers N]``.

``make tinysnn`` does all and writes the report. Learnings lie in out/tinysnn, each in a directory that is
resumed, and are not done again. NAME is the beginning of names, e.g. mnist_lateral or fashion_.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.side_by_side import side_by_side
from benchmarks.tinysnn.plan import HELD_OUT, plan
from benchmarks.tinysnn.run import held_out, one

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
    rounds = [r for r in runs if r.scheme == "float"], [r for r in runs if r.scheme != "float"]
    with ProcessPoolExecutor(asked.workers) as pool:
        failed = side_by_side(pool, "learnings", partial(one, store=OUT), rounds)
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} of {len(runs)} learnings failed:", *failed]))


if __name__ == "__main__":
    main()
