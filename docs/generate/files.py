"""The reference of files, from the models that validate them."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from docs.generate.markdown import NOTE, docstring, table
from hwsim.chip.config import Chip
from hwsim.chip.prices import ChipPrices
from hwsim.configuration import Configured
from hwsim.cost import CostTable
from hwsim.cost.rows import AreaTable
from hwsim.dram.table import DramTable
from hwsim.explore.space import Space
from hwsim.grid import HopEnergy
from hwsim.hardware import Hardware
from hwsim.mapping import Mapping
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.methods.train_spec import TrainSpec
from hwsim.noc.config import NocTable
from hwsim.zoo import Entry

FILES: dict[str, tuple[type[BaseModel], str, str]] = {
    "A chip": (Hardware, "hwsim/tables/hardware/*.yaml, `--hardware`", "[hardware.md](../hardware.md)"),
    "A mapping": (Mapping, "mappings/*.yaml, `--mapping`", "[mappings](../../mappings/README.md)"),
    "A design space": (Space, "models/spaces/*.yaml, `hwsim explore`", "[explore.md](../explore.md)"),
    "A cost table": (CostTable, "hwsim/tables/energy/*.yaml, `--table`", "[numbers.md](../numbers.md)"),
    "Areas": (AreaTable, "hwsim/tables/area/*.yaml", "[numbers.md](../numbers.md)"),
    "A DRAM": (DramTable, "hwsim/tables/dram/*.yaml, `dram.table` of a chip", "[dram.md](../dram.md)"),
    "A network-on-chip": (NocTable, "hwsim/tables/noc/*.yaml, `grid.noc` of a chip", "[noc.md](../noc.md)"),
    "Energy of hops": (
        HopEnergy,
        "hwsim/tables/hop_energy/*.yaml, `grid.energy`",
        "[placement.md](../placement.md)",
    ),
    "A chip of event-driven cores": (Chip, "hwsim/tables/chip/*.yaml, `--hardware`", "[chip.md](../chip.md)"),
    "Prices of such a chip": (
        ChipPrices,
        "hwsim/tables/chip_energy/*.yaml, `--prices`",
        "[chip.md](../chip.md)",
    ),
    "A network of the zoo": (Entry, "an entry of models/zoo.yaml", "[models.md](../models.md)"),
    "A training": (
        TrainSpec,
        "training.yaml in the directory of `hwsim train`",
        "[training.md](../training.md)",
    ),
    "A learning by STDP": (LearnSpec, "the same of `hwsim learn`", "[stdp.md](../stdp.md)"),
}
"""What is written as YAML: its model, where such files are, and the page that explains them."""


def files() -> str:
    parts = ["# Files that hwsim reads\n", NOTE.format("the models that validate them")]
    parts.append(
        "YAML. An unknown field, a wrong value or a missing one is an error that names file, line and\n"
        "field. A field without a default must be given.\n"
    )
    told: set[str] = set()
    for title, (model, where, page) in FILES.items():
        parts += [f"## {title}\n", f"{where}; explained in {page}.\n", *models(model, told)]
    return "\n".join(parts)


def models(model: type[BaseModel], told: set[str]) -> Iterator[str]:
    """A model and those inside of it, each once."""
    if model.__name__ in told:
        return
    told.add(model.__name__)
    yield f"### {title_of(model)}\n"
    if model.__doc__ and model.__doc__ != Configured.__doc__:
        yield f"{docstring(model)}\n"
    schema = model.model_json_schema()
    required = schema.get("required", [])
    rows = [
        (f"`{name}`", kind(spec), "" if name in required else default(spec))
        for name, spec in schema["properties"].items()
    ]
    yield table(("field", "value", "default"), rows)
    for field in model.model_fields.values():
        for inner in inside(field.annotation):
            yield from models(inner, told)


def title_of(model: type[BaseModel]) -> str:
    """Its name, and the module where two have the same one."""
    package = model.__module__.split(".")[1]
    return model.__name__ if package not in ("dram", "methods", "noc") else f"{package}.{model.__name__}"


def inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from inside(part)


def kind(spec: dict[str, Any]) -> str:
    """A JSON schema in words."""
    if "anyOf" in spec:
        return " or ".join(kind(part) for part in spec["anyOf"])
    if "$ref" in spec or "allOf" in spec:
        found = spec.get("$ref") or spec["allOf"][0]["$ref"]
        return str(found).rsplit("/", 1)[-1]
    if "enum" in spec or "const" in spec:
        return ", ".join(f"`{value}`" for value in spec.get("enum", [spec.get("const")]))
    if spec.get("type") == "array":
        return f"list of {kind(spec.get('items', {}))}"
    if spec.get("type") == "object":
        values = spec.get("additionalProperties", {})
        return f"mapping of names to {kind(values) if isinstance(values, dict) else 'values'}"
    return bounded(spec)


TYPES = {
    "integer": "integer",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}
BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
}


def bounded(spec: dict[str, Any]) -> str:
    name = TYPES.get(str(spec.get("type")), "any value")
    if spec.get("type") == "integer" and "exclusiveMinimum" in spec:
        spec = {"minimum": spec["exclusiveMinimum"] + 1} | spec
        del spec["exclusiveMinimum"]
    limits = [text.format(f"{spec[key]:,}") for key, text in BOUNDS.items() if key in spec]
    return " ".join([name, *limits])


def default(spec: dict[str, Any]) -> str:
    value = spec.get("default")
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{value}`" if value != "" else "empty"
