"""The options that say how a model is opened and run, declared once for all commands that run one."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from hwsim.options import (
    CodingOption,
    Dt,
    Init,
    InputFile,
    LayoutOption,
    ProducerOption,
    Rate,
    Settings,
    Shape,
    Timesteps,
    Weights,
)

if TYPE_CHECKING:
    from hwsim.workloads import WorkloadSpec


@dataclass(frozen=True)
class RunOptions:
    """Inputs, weights and timesteps of a model, and the variant of it; each field is an option."""

    inputs: InputFile = None
    weights: Weights = None
    timesteps: Timesteps = None
    settings: Settings = None
    init: Init = None
    rate: Rate = None
    shape: Shape = None
    coding: CodingOption = None
    layout: LayoutOption = None
    producer: ProducerOption = None
    dt: Dt = None

    def spec(self, model: str, samples: int | None = None, sharing: str = "none") -> "WorkloadSpec":
        """The workload that they ask for."""
        from hwsim.variants import Variant
        from hwsim.workloads import WorkloadSpec

        settings = tuple(self.settings or ())
        variant = Variant(
            settings,
            self.shape,
            sharing,
            self.init,
            self.rate,
            self.producer,
            self.dt,
            self.coding,
            self.layout,
        )
        return WorkloadSpec(model, self.inputs, self.weights, samples, self.timesteps, variant)

    def given(self) -> dict[str, Path | str | float | list[str] | None]:
        """Values by the options' names on the command line."""
        return {{"settings": "set"}.get(f.name, f.name): getattr(self, f.name) for f in fields(self)}


def runs_models(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the fields of :class:`RunOptions` as options where its parameter ``run`` stands.

    ``--help`` shows them in a panel of their own.
    """
    hints = get_type_hints(command, include_extras=True)
    options = get_type_hints(RunOptions, include_extras=True)
    for hint in options.values():
        hint.__metadata__[0].rich_help_panel = "How the model runs"
    keyword = inspect.Parameter.KEYWORD_ONLY
    shown = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name == "run":
            shown += [
                inspect.Parameter(f.name, keyword, default=f.default, annotation=options[f.name])
                for f in fields(RunOptions)
            ]
        else:
            shown.append(parameter.replace(kind=keyword, annotation=hints[parameter.name]))

    @functools.wraps(command)
    def collected(**values: Any) -> None:
        run = RunOptions(**{f.name: values.pop(f.name) for f in fields(RunOptions)})
        command(run=run, **values)

    collected.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    collected.__annotations__ = {p.name: p.annotation for p in shown} | {"return": None}
    return collected
