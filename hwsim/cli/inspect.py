"""``hwsim inspect``."""

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
    directory,
)


def inspect(
    model: Model,
    inputs: InputFile = None,
    weights: Weights = None,
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
    output: Annotated[
        str | None, directory("Write inspect.json and drawings of the graph, graph.svg and graph.png, there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a model layer by layer: shapes, parameters, neurons, state words and bytes, dense MACs.

    State bytes are those of one sample at 4 bytes a word: forward, and backward through all timesteps.

    **Examples**

    `hwsim inspect fashion -o out`

    `hwsim inspect efficientlif/vgg16 --set resolution=64 --set c34=128 --sharing L+C2 --json`

    `hwsim inspect autosnn/snn1 --set block=sib3e1 --set channels=32`

    `hwsim inspect snasnet/cell --set matrix=0302,0030,3003,0000`

    `hwsim inspect efficientlif/resnet19 --init calibrated --rate 0.15`

    `hwsim inspect my_net.py:build --shape 3,32,32 --timesteps 4`
    """
    from hwsim import commands, delivery
    from hwsim.variants import Variant
    from hwsim.workloads import WorkloadSpec

    spec = WorkloadSpec(
        model, inputs, weights, None, timesteps,
        Variant(tuple(settings or ()), shape, sharing, init, rate, producer, dt, coding, layout),
    )  # fmt: skip
    directory = delivery.output_directory(output)
    with delivery.interruptible():
        network, shown = commands.inspect(spec)
        commands.deliver_inspection(network, shown, directory, as_json)
