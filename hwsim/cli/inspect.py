"""``hwsim inspect``."""

from typing import Annotated

from hwsim.cli.run_options import RunOptions, runs_models
from hwsim.options import (
    AsJson,
    Model,
    SharingOption,
    directory,
)


@runs_models
def inspect(
    model: Model,
    *,
    run: RunOptions,
    sharing: SharingOption = "none",
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

    spec = run.spec(model, sharing=sharing)
    directory = delivery.output_directory(output)
    with delivery.interruptible():
        network, shown = commands.inspect(spec)
        commands.deliver_inspection(network, shown, directory, as_json)
