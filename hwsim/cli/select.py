"""``hwsim select``."""

from typing import Annotated, Any

import typer

from hwsim.options import AsJson, count, directory, unset


def select(
    model: Annotated[
        str,
        typer.Argument(
            help="tinysnn/lateral or tinysnn/baseline, whose candidates are learned; or a compare.json, or "
            "its directory, whose rows are the candidates.",
            metavar="MODEL|COMPARISON",
        ),
    ],
    data: Annotated[
        str | None, unset("What candidates learn: a data set of images by name, or an .npz file.")
    ] = None,
    output: Annotated[
        str | None,
        directory(
            "Write selection.json, .csv and .png there; of a MODEL also a directory a candidate, which is "
            "gone on with."
        ),
    ] = None,
    data_directory: Annotated[
        str | None, unset("Where its files lie. Default: $HWSIM_DATASETS and others.")
    ] = None,
    neurons: Annotated[str | None, unset("Sizes of the network, e.g. 100,400 (default).")] = None,
    bits: Annotated[str | None, unset("Bits, 2 to 32, beside float. Default: 16,8,6,4.")] = None,
    scheme: Annotated[
        str | None, unset("ptq: rounded after learning; itq: learning in fixed point. Default: ptq,itq.")
    ] = None,
    rounding: Annotated[str | None, unset("nearest (default), truncate, stochastic.")] = None,
    parts: Annotated[
        str | None, unset("qW: weights; qWN: weights, membranes and thresholds. Default: qW,qWN.")
    ] = None,
    rule: Annotated[str | None, unset("stdp, sl_stdp or tinysnn (default).")] = None,
    passes: Annotated[int | None, count("Over the training samples. Default: 1.")] = None,
    timesteps: Annotated[int | None, count("Timesteps T. Default: 350.")] = None,
    train_samples: Annotated[int | None, count("Only the first training samples.")] = None,
    test_samples: Annotated[int | None, count("Only the first test samples.")] = None,
    seed: Annotated[int | None, unset("Of weights and spikes. Default: 0.")] = None,
    mu: Annotated[
        str | None, unset("Weights of the cost in R = accuracy - mu M / M0. Default: 0,0.05,0.1,0.2,0.5,1.")
    ] = None,
    cost: Annotated[
        str,
        typer.Option(
            help="M: memory_bytes, energy_pj, learning_energy_pj, latency_ns, area_um2 or dram_bytes."
        ),
    ] = "memory_bytes",
    reference: Annotated[str | None, unset("The candidate whose cost is M0. Default: the dearest.")] = None,
    limit: Annotated[
        list[str] | None, unset("A cost that must not be exceeded, as energy_pj<=2e7. Repeatable.")
    ] = None,
    hardware: Annotated[
        str, typer.Option(help="A preset of one tile or a .yaml file, built for each candidate's words.")
    ] = "sata",
    table: Annotated[str, typer.Option(help="Energy table or a .yaml file.")] = "horowitz45",
    as_json: AsJson = False,
) -> None:
    """Learn candidates of MODEL in several sizes and precisions, price each on a chip of its words, and say
    which has the highest reward of accuracy and memory (tinySNN's model selection), for which mu.

    A selection that was stopped goes on with the same command; other --mu, --limit, --cost or --hardware
    judge the same candidates again.

    **Examples**

    `hwsim select tinysnn/lateral --data mnist --neurons 100,400 --bits 16,8,4 -o runs/select`

    `hwsim select out/compare.json --cost energy_pj --limit 'area_um2<=2e6'`

    `hwsim select tinysnn/lateral --data mnist --neurons 100 --limit 'energy_pj<=2e7' -o runs/small`
    """
    from hwsim import delivery, selecting

    place = delivery.output_directory(output)
    asked = selecting.Asked.of(hardware, table, mu, limit or (), cost, reference)
    given: dict[str, Any] = {
        "model": model, "data": data, "data_directory": data_directory, "rule": rule, "passes": passes,
        "timesteps": timesteps, "train_samples": train_samples, "test_samples": test_samples, "seed": seed,
        "neurons": selecting.whole("neurons", neurons), "bits": selecting.whole("bits", bits, floats=True),
    }  # fmt: skip
    given |= {
        name: selecting.names(name, text)
        for name, text in (("scheme", scheme), ("rounding", rounding), ("parts", parts))
    }
    selecting.run(given, asked, place, as_json)
