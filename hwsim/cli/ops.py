"""``hwsim ops``."""

from typing import Annotated

from hwsim.options import (
    AsJson,
    CodingOption,
    Dt,
    Init,
    InputFile,
    LayoutOption,
    Model,
    ProducerOption,
    Rate,
    Settings,
    Shape,
    SharingOption,
    Timesteps,
    Weights,
    count,
)


def ops(
    model: Model,
    inputs: InputFile = None,
    weights: Weights = None,
    samples: Annotated[int | None, count("How many of the inputs to run. Default: 16.")] = None,
    timesteps: Timesteps = None,
    settings: Settings = None,
    sharing: SharingOption = "none",
    init: Init = None,
    rate: Rate = None,
    shape: Shape = None,
    coding: CodingOption = None,
    layout: LayoutOption = None,
    producer: ProducerOption = None,
    dt: Dt = None,
    as_json: AsJson = False,
) -> None:
    """Count a model's operations as hwsim, NeuroBench, SpikingJelly and syops count them, side by side.

    **Examples**

    `hwsim ops fashion`

    `hwsim ops my_net.py:build --inputs x.npz --timesteps 4 --json`
    """
    from hwsim import commands, delivery
    from hwsim.variants import Variant
    from hwsim.workloads import WorkloadSpec

    spec = WorkloadSpec(
        model, inputs, weights, samples, timesteps,
        Variant(tuple(settings or ()), shape, sharing, init, rate, producer, dt, coding, layout),
    )  # fmt: skip
    with delivery.interruptible():
        commands.count_operations(spec, as_json)
