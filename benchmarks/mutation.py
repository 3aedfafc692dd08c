"""``make mutation``: are the tests of the lowering and the cycle model able to fail?

Mutants are those of cosmic-ray's operators, inside of functions of hwsim/lower and hwsim/cycle (but of the
reference, which is what both are held against), in a random order. Each runs in a fork of a process that has
imported everything (NUMBA_DISABLE_JIT=1), in which the code of the one function is exchanged: first random
programs against the reference, then the tests of its module, until one fails. What no test notices is written
with its difference, to be looked at: docs/testing.md tells of each.
"""

import difflib
import functools
import gc
import importlib
import json
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("hwsim/lower", "hwsim/cycle")
TESTS = ("tests/lower", "tests/cycle")
OWN: dict[str, tuple[str, ...]] = {
    "hwsim/cycle/systolic.py": ("tests/cycle/test_systolic.py",),
    "hwsim/cycle/columns.py": ("tests/cycle/test_systolic.py",),
    "hwsim/cycle": ("tests/cycle/test_timeline.py",),
    "hwsim/lower/bits.py": ("tests/lower/test_bits.py", "tests/lower/test_streams.py"),
    "hwsim/lower/choices.py": ("tests/lower/test_choices.py",),
    "hwsim/lower/given.py": ("tests/lower/test_choices.py",),
    "hwsim/lower/conservation.py": ("tests/lower/test_conservation.py",),
    "hwsim/lower/loads.py": ("tests/lower/test_inputs.py", "tests/lower/test_choices.py"),
    "hwsim/lower/order.py": ("tests/lower/test_order.py", "tests/lower/test_waits.py"),
    "hwsim/lower/plans.py": tuple(
        f"tests/lower/test_{name}.py" for name in ("inputs", "states", "stores", "weights", "choices")
    ),
    "hwsim/lower/stores.py": ("tests/lower/test_stores.py", "tests/lower/test_choices.py"),
    "hwsim/lower": tuple(
        f"tests/lower/test_{name}.py"
        for name in (
            "bits", "counts", "folds", "inputs", "states", "stores", "streams", "weights", "array_cycles",
        )
    ),
}  # fmt: skip
"""Tests of a module; of a package where a module has none of its own. Those of long random series are left
out: random programs have run before."""

CASES = range(12)
"""Seeds of random programs that are compared with the reference first."""

MOST_SECONDS = 90
"""Of a processor, for a mutant: most tests of an unchanged module take 30 at most. What takes longer is told
apart."""

MOST_BYTES = 6 << 30

OPERATORS = (
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_Add",
    "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_Mul", "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBinaryOperator_RShift_LShift", "ReplaceBinaryOperator_LShift_RShift",
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_Not", "AddNot", "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one function: by its file, the line, the operator, and the changed ``code``."""

    file: str
    line: int
    operator: str
    function: str
    change: str
    code: CodeType


def codes(code: CodeType) -> Iterator[CodeType]:
    """A module's or class's functions, but for those inside of functions."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & 0x2:  # a function has local names that are optimized
                yield constant
            else:
                yield from codes(constant)


def place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def places_of(path: Path) -> Iterator[tuple[Path, str, int]]:
    """Every mutant of a file: file, operator, occurrence."""
    from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415 - of an extra of its own
    from cosmic_ray.plugins import get_operator  # noqa: PLC0415

    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    for operator in OPERATORS:
        made = get_operator(f"core/{operator}")()
        count = sum(1 for node in nodes for _ in made.mutation_positions(node))
        yield from ((path, operator, occurrence) for occurrence in range(count))


def made(path: Path, operator: str, occurrence: int) -> Mutant | None:
    """A mutant; None for one outside of functions: of types, constants, decorators."""
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415
    from cosmic_ray.plugins import get_operator  # noqa: PLC0415

    text = path.read_text(encoding="utf-8")
    changed = mutate_code(text, get_operator(f"core/{operator}")(), occurrence)
    whole = {place(code): code for code in codes(compile(text, str(path), "exec"))}
    try:
        found = {place(code): code for code in codes(compile(changed, str(path), "exec"))}
    except SyntaxError:
        return None
    different = [p for p in whole if found.get(p) != whole[p]]
    if len(different) != 1:
        return None
    lines = list(difflib.unified_diff(text.splitlines(), changed.splitlines(), lineterm="", n=0))
    at = int(lines[2].split()[1].lstrip("-").partition(",")[0])
    name, function = str(path.relative_to(ROOT)), different[0][0]
    return Mutant(name, at, operator, function, "\n".join(lines[3:]), found[different[0]])


@functools.cache
def functions() -> dict[tuple[str, str, int], list[FunctionType]]:
    """All functions of the packages that are there, by file and place."""
    known: dict[tuple[str, str, int], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            known.setdefault((one.__code__.co_filename, *place(one.__code__)), []).append(one)
    return known


def exchange(mutant: Mutant) -> bool:
    """Put the changed code in the place of the function's; whether there was one."""
    key = (str(ROOT / mutant.file), *place(mutant.code))
    for function in functions().get(key, []):
        function.__code__ = mutant.code
    return key in functions()


def run_tests(file: str) -> int:
    """0 if no test fails."""
    from tests.differential.test_kernel_equals_reference import compare  # noqa: PLC0415
    from tests.random_cases import draw_case  # noqa: PLC0415

    for seed in CASES:
        compare(draw_case(seed))
    own = OWN.get(file) or OWN[str(Path(file).parent)]
    quiet = ("-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", "-W", "ignore::RuntimeWarning")
    return int(pytest.main([*quiet, *(str(ROOT / path) for path in own)]))


def tried(mutant: Mutant) -> str:
    """What became of a mutant: killed, slow (its time ran out), survived; or absent, where nothing ran it."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return {0: "survived", -signal.SIGPROF: "slow", 77: "absent"}.get(status, "killed")
    status = 1
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        status = run_tests(mutant.file) if exchange(mutant) else 77
    finally:
        os._exit(status)


def imported() -> None:
    for folder in (*PACKAGES, *TESTS, "tests/differential"):
        for path in sorted((ROOT / folder).glob("*.py")):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def main(minutes: float, seed: int, output: Path) -> None:
    """Try mutants for so many minutes; a table by file on stdout, what survived into ``output``."""
    imported()
    functions()
    gc.freeze()
    paths = [p for package in PACKAGES for p in sorted((ROOT / package).glob("*.py"))]
    mutants = [one for path in paths for one in places_of(path)]
    random.Random(seed).shuffle(mutants)  # noqa: S311 - which are tried
    counts: Counter[tuple[str, str]] = Counter()
    survivors: list[dict[str, Any]] = []
    output.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * minutes
    for one in mutants:
        if time.monotonic() > until:
            break
        if (mutant := made(*one)) is None:
            continue
        came = tried(mutant)
        counts[mutant.file, came] += 1
        sys.stderr.write(f"{came} {mutant.file}:{mutant.line} {mutant.operator}\n")
        if came in ("survived", "slow"):
            survivors.append({"came": came} | {k: v for k, v in vars(mutant).items() if k != "code"})
            output.write_text(json.dumps(survivors, indent=1) + "\n", encoding="utf-8")
    states = ("killed", "slow", "survived", "absent")
    sys.stdout.write(f"{len(mutants)} mutants, of which were tried:\n| file | {' | '.join(states)} |\n")
    for file in sorted({file for file, _ in counts}):
        sys.stdout.write(f"| {file} | {' | '.join(str(counts[file, s]) for s in states)} |\n")
    totals = [sum(n for (_, state), n in counts.items() if state == s) for s in states]
    sys.stdout.write(f"| all | {' | '.join(map(str, totals))} |\n")


if __name__ == "__main__":
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        raise SystemExit("set NUMBA_DISABLE_JIT=1: compiled code is not exchanged")
    defaults = ["30", "0", "out/mutation/survivors.json"]
    chosen = [*sys.argv[1:], *defaults[len(sys.argv) - 1 :]]
    main(float(chosen[0]), int(chosen[1]), Path(chosen[2]))
