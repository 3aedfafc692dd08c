"""``hwsim ops``."""

from typing import Annotated

from hwsim.cli.run_options import RunOptions, runs_models
from hwsim.options import (
    AsJson,
    Model,
    SharingOption,
    count,
)


@runs_models
def ops(
    model: Model,
    *,
    run: RunOptions,
    samples: Annotated[int | None, count("How many of the inputs to run. Default: 16.")] = None,
    sharing: SharingOption = "none",
    as_json: AsJson = False,
) -> None:
    """Count a model's operations as hwsim, NeuroBench, SpikingJelly and syops count them, side by side.

    **Examples**

    `hwsim ops fashion`

    `hwsim ops my_net.py:build --inputs x.npz --timesteps 4 --json`
    """
    from hwsim import commands, delivery

    spec = run.spec(model, samples, sharing)
    with delivery.interruptible():
        commands.count_operations(spec, as_json)
