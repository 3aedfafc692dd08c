"""Which module may import what: read from the source, and from what a fresh interpreter has loaded."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import hwsim

ROOT = Path(hwsim.__file__).parent

# Heavy or telling libraries, and the modules that may import them. A name that ends in a dot stands for
# everything inside of that package.
LIBRARIES = {
    "torch": ("frontends.", "nn.", "methods.", "pipeline"),
    "numba": (
        "chip.",
        "execute.",
        "cycle.",
        "dram.",
        "lower.",
        "noc.",
        "place.",
        "methods.stdp.",
        "methods.hamming.",
        "jit",
    ),
    "simpy": ("chip.reference.", "cycle.reference.", "noc.reference."),
    "matplotlib": ("report.",),
    "jinja2": ("report.",),
    "typer": ("cli.", "options", "replay."),
    "safetensors": ("storage", "frontends.", "methods."),
    "yaml": ("configuration",),
    "h5py": ("frontends.", "datasets."),
    "dask": ("explore.",),
    "distributed": ("explore.",),
    "optuna": ("explore.",),
    "pyarrow": ("explore.",),
}

BASE = (
    "errors",
    "aside",
    "json_text",
    "storage",
    "configuration",
    "geometry",
    "jit",
    "sram",
    "dram.table",
    "dram.mapping",
    "noc.config",
)
VALUES = (
    "network",
    "network_checks",
    "fixed_point",
    "format_checks",
    "population",
    "events",
    "words",
    "grid",
    "pe_array",
    "memories",
    "hardware",
    "mapping",
    "program",
    "ledger",
    "cost.",
    "caveats",
    "area",
    "bounds",
    "compute_only",
    "zoo",
    "pareto",
    "differences",
    "source",
    "tasks",
    "task_store",
    "reuse",
    "chained",
    "host_memory",
    "result_values",
)
ENGINES = ("dram.", "noc.")
STAGES = ("frontends.", "execute.", "lower.", "cycle.", "nn.", "datasets.")
METHODS = ("methods.", "variants", "workloads")

# Each group of modules, and what it may import beside itself; the first group that holds a module counts.
# A stage is a group of its own: none imports another but frontends, which knows the neurons of nn.
LAYERS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (BASE, ()),
    (VALUES, BASE),
    (("frontends.",), (*VALUES, *BASE, "nn.")),
    (("execute.",), (*VALUES, *BASE)),
    (("lower.",), (*VALUES, *BASE)),
    (("cycle.",), (*ENGINES, *VALUES, *BASE)),
    (("nn.",), ()),
    (("dram.",), BASE),
    (("noc.",), BASE),
    (("place.",), ("noc.trees", *VALUES, *BASE)),
    (("chip.config",), (*VALUES, *BASE)),
    (("chip.",), ("cycle.", "lower.", "noc.", "place.", *VALUES, *BASE)),
    (("manycore.chips",), ("chip.config", *VALUES, *BASE)),
    (("datasets.",), BASE),
    (("result",), ("report.", *VALUES, *BASE)),
    (("inspection",), (*VALUES, *BASE)),
    (("operations",), (*VALUES, *BASE)),
    (("report.",), (*VALUES, *BASE)),
    (("simulation",), (*STAGES, *VALUES, *BASE)),
    (("pipeline",), ("result", "simulation", *STAGES, *VALUES, *BASE)),
    (("methods.",), (*STAGES, *VALUES, *BASE)),
    (("variants",), ("pipeline", "methods.", *STAGES, *VALUES, *BASE)),
    (("workloads",), ("pipeline", "variants", "methods.", *STAGES, *VALUES, *BASE)),
    (("delivery",), BASE),
    (("lists",), BASE),
    (("manycore.silicon", "manycore.area", "manycore.energy"), ("result", "chip.", *VALUES, *BASE)),
    (("manycore.sensitivity",), ("chip.", *VALUES, *BASE)),
    (("manycore.reference",), ("chip.", "noc.", "place.", *VALUES, *BASE)),
    (
        ("manycore.result",),
        (
            *("result", "report.", "manycore.area", "manycore.energy", "manycore.sensitivity"),
            *("chip.", "place.", "noc.", *VALUES, *BASE),
        ),
    ),
    (
        ("manycore.pipeline",),
        (
            "pipeline",
            "manycore.reference",
            "manycore.result",
            "result",
            "chip.",
            "place.",
            *STAGES,
            *VALUES,
            *BASE,
        ),
    ),
    (
        ("manycore.",),
        (
            *("chip.", "place.", "noc.", "commands", "comparison", "delivery", "lists", "pipeline"),
            *("result", "report.", *METHODS, *STAGES, *VALUES, *BASE),
        ),
    ),
    (("learning",), ("delivery", "methods.", *STAGES, *VALUES, *BASE)),
    (("learning_cost",), ("commands", "delivery", "report.", *METHODS, *STAGES, *VALUES, *BASE)),
    (("training",), ("delivery", "lists", "report.", "methods.", *STAGES, *VALUES, *BASE)),
    (
        ("selecting",),
        (
            *("commands", "comparison", "delivery", "learning_cost", "lists", "manycore.asked", "pipeline"),
            *("report.", *METHODS, *STAGES, *VALUES, *BASE),
        ),
    ),
    (
        ("explore.networks",),
        (
            *("explore.evaluate", "explore.points", "explore.space", "pipeline", "result"),
            *(*METHODS, *STAGES, *VALUES, *BASE),
        ),
    ),
    (("explore.outputs",), ("explore.", "report.", *VALUES, *BASE)),
    (("explore.",), ("lower.", "simulation", "result", *VALUES, *BASE)),
    (
        ("exploring",),
        (
            *("commands", "delivery", "explore.", "lists", "methods.run_directory", "pipeline", "report."),
            *(*VALUES, *BASE),
        ),
    ),
    (
        ("costing",),
        (
            *("commands", "manycore.", "chip.", "pipeline", "result", "place."),
            *(*STAGES, *VALUES, *BASE),
        ),
    ),
    (("cell_costs",), ("costing", "methods.", *STAGES, *VALUES, *BASE)),
    (("searching",), ("cell_costs", "computing", "delivery", "report.", "methods.", *STAGES, *VALUES, *BASE)),
    (("architectures",), ("costing", "pipeline", "methods.", *STAGES, *VALUES, *BASE)),
    (("computing",), ("explore.engine", "methods.", *VALUES, *BASE)),
    (
        ("architecture_search",),
        ("architectures", "computing", "delivery", "report.", "methods.", *STAGES, *VALUES, *BASE),
    ),
    (("quantizing",), ("delivery", "report.", *METHODS, *STAGES, *VALUES, *BASE)),
    (("reporting",), ("delivery", "report.", *VALUES, *BASE)),
    (("comparison", "over_time"), ("pipeline", "result", *STAGES, *VALUES, *BASE)),
    (
        ("verdicts",),
        (
            "comparison",
            "chip.cost",
            "manycore.comparison",
            "manycore.saved",
            "manycore.sensitivity",
            *VALUES,
            *BASE,
        ),
    ),
    (
        ("saved",),
        ("comparison", "report.", "result", "methods.", "manycore.", "chip.config", *VALUES, *BASE),
    ),
    (
        ("comparing",),
        ("manycore.", "chip.config", "commands", "lists", *METHODS, *STAGES, *VALUES, *BASE),
    ),
    (
        ("compared",),
        ("", "comparison", "differences", "verdicts", "manycore.", "report.", *VALUES, *BASE),
    ),
    (
        ("compare_all",),
        (
            *("comparison", "comparing", "compared", "saved", "manycore.", "delivery", "pipeline"),
            *("report.", *METHODS, *STAGES, *VALUES, *BASE),
        ),
    ),
    (
        ("placing",),
        (
            "manycore.chips",
            "chip.config",
            "commands",
            "place.",
            "delivery",
            "pipeline",
            "report.",
            *METHODS,
            *STAGES,
            *VALUES,
            *BASE,
        ),
    ),
    (
        ("commands", "listing", "numbers"),
        (
            "manycore.chips",
            "lists",
            "manycore.silicon",
            "chip.config",
            "chip.prices",
            "explore.space",
            "pipeline",
            "report.",
            "result",
            "delivery",
            "inspection",
            "operations",
            "over_time",
            *ENGINES,
            *METHODS,
            *STAGES,
            *VALUES,
            *BASE,
        ),
    ),
    (
        ("api",),
        (
            *("compare_all", "compared", "comparing", "saved", "commands", "over_time", "manycore."),
            *("pipeline", "result", *METHODS, *STAGES, *VALUES, *BASE),
        ),
    ),
    (
        ("reproduction.",),
        (
            *("delivery", "inspection", "pipeline", "place.", "result", "simulation"),
            *(*METHODS, *STAGES, *VALUES, *BASE),
        ),
    ),
    (("options",), ()),
    (("replay.",), ("options", "delivery", "cycle.systolic", "report.", *ENGINES, *VALUES, *BASE)),
    (
        ("cli.",),
        (
            "options",
            "commands",
            "compare_all",
            "comparing",
            "delivery",
            "exploring",
            "learning",
            "learning_cost",
            "listing",
            "manycore.",
            "placing",
            "quantizing",
            "replay.",
            "searching",
            "selecting",
            "architecture_search",
            "reporting",
            "reproduction.",
            "training",
            "variants",
            "workloads",
            *BASE,
        ),
    ),
    (("__main__",), ("cli.",)),
    (("",), ("api", "methods.load")),
)


@cache
def modules() -> tuple[str, ...]:
    """Every module by its name inside hwsim; a package is its name and a dot."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(".".join(parts[:-1]) + "." if parts[-1] == "__init__" else ".".join(parts))
    return tuple("" if name == "." else name for name in found)


def source(name: str) -> Path:
    if not name or name.endswith("."):
        return ROOT.joinpath(*name.split(".")[:-1]) / "__init__.py"
    return ROOT.joinpath(*name.split(".")).with_suffix(".py")


@cache
def imported(name: str) -> frozenset[str]:
    """Absolute names of all modules that a module imports, inside of functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source(name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            assert node.module is not None
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def own(name: str) -> set[str]:
    """Modules of hwsim among them, named as :func:`modules` names them."""
    known = set(modules())
    found = set()
    for full in imported(name):
        if full == "hwsim" or full.startswith("hwsim."):
            inside = full.removeprefix("hwsim").removeprefix(".")
            found |= {inside, f"{inside}."} & known
    return found


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(name == p or (p.endswith(".") and name.startswith(p)) for p in patterns)


def test_every_module_is_found_and_parsed() -> None:
    assert {"cli.", "network", "execute.kernels", "cycle.reference.", ""} <= set(modules())
    assert "execute.kernels" in own("execute.executor")
    assert "numba" in imported("execute.kernels")


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_place(library: str) -> None:
    users = {
        name
        for name in modules()
        for full in imported(name)
        if full == library or full.startswith(f"{library}.")
    }
    assert users, f"nothing imports {library}: take it out of the table"
    assert not {name for name in users if not matches(name, LIBRARIES[library])}


@pytest.mark.parametrize("name", modules(), ids=lambda n: n or "hwsim")
def test_a_module_imports_only_from_below(name: str) -> None:
    places = [(group, below) for group, below in LAYERS if matches(name, group)]
    assert places, f"{name} has no place in the table of layers"
    group, below = places[0]
    allowed = (*group, *below, "")  # hwsim itself holds the version and load
    assert not {other for other in own(name) if not matches(other, allowed)}


def test_the_base_imports_upward_nowhere() -> None:
    # the order inside of the lowest group: errors and jit know nothing, storage knows errors, and so on
    order = ["errors", "json_text", "jit", "geometry", "aside", "storage", "configuration", "sram"]
    for place, name in enumerate(order):
        assert own(name) - {""} <= set(order[:place])


def test_values_do_not_import_each_other_in_a_circle() -> None:
    values = {name for name in modules() if matches(name, VALUES)}
    graph = {name: own(name) & values for name in values}
    while graph:
        free = {name for name, needs in graph.items() if not needs}
        assert free, f"a circle among {sorted(graph)}"
        graph = {name: needs - free for name, needs in graph.items() if name not in free}


def test_the_slow_reference_shares_no_code_with_what_it_checks() -> None:
    for name in modules():
        if name.startswith("cycle.reference."):
            assert not {
                o
                for o in own(name)
                if matches(
                    o, ("lower.", "cycle.run", "cycle.systolic", "cycle.timeline", "geometry", "program")
                )
            }


def test_the_slow_network_on_chip_shares_no_code_with_what_it_checks() -> None:
    for name in modules():
        if name.startswith("noc.reference."):
            others = own(name) - {"", "noc.", "noc.config", "errors"}
            assert not {other for other in others if not other.startswith("noc.reference.")}


def test_the_slow_chip_shares_no_code_with_what_it_checks() -> None:
    """It takes a chip, slices and events as values; its neurons and its network are its own."""
    values = ("", "chip.", "chip.config", "place.", "place.slices", "network", "events", "errors")
    for name in modules():
        if name.startswith("chip.reference."):
            others = own(name) - {*values, "noc.", "noc.config"}
            assert not {o for o in others if not matches(o, ("chip.reference.", "noc.reference."))}


def test_starting_the_command_line_loads_nothing_heavy() -> None:
    program = "import sys, hwsim.cli; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "typer" in loaded
    assert not loaded & {"torch", "numba", "matplotlib", "numpy", "pydantic", "simpy", "optuna", "dask"}


def test_a_worker_of_a_sweep_loads_no_pytorch() -> None:
    program = "import sys, hwsim.explore.evaluate, hwsim.explore.guard; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "numba" in loaded
    assert not loaded & {"torch", "matplotlib", "optuna", "dask", "distributed", "jinja2"}


def test_listing_what_is_known_loads_nothing_heavy() -> None:
    program = (
        "import sys; from hwsim.listing import list_known\n"
        "list_known('hardware', True); list_known('tables', True); list_known('models', True)\n"
        "list_known('dram', True); list_known('noc', True)\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "pydantic" in loaded
    assert not loaded & {"torch", "numba", "matplotlib", "simpy"}
