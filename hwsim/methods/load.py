"""``hwsim.load``: a Network of whatever describes one, a training's directory as well."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.frontends import load as frontends
from hwsim.frontends.arguments import checked_choice, checked_count
from hwsim.frontends.timing import Layout
from hwsim.methods.trained import is_training, open_training
from hwsim.network import Coding, Network


def load(
    model: str | Path | nn.Module | Network,
    inputs: NDArray[Any] | Tensor | Path | str | None = None,
    timesteps: int | None = None,
    *,
    weights: Path | str | None = None,
    settings: Sequence[str] = (),
    producer: str | None = None,
    dt: float | None = None,
    coding: Coding | None = None,
    layout: Layout | None = None,
) -> Network:
    """What :func:`hwsim.frontends.load.load` returns; also the network of a training, with its weights and
    its sharing, if ``model`` is the directory of one (``hwsim train``). That has weights, settings, inputs
    and timesteps of its own, of which the last two may be replaced.

    Raises HwsimError as load() does, for a training that is not done, and for options that it does not heed.
    """
    if not isinstance(model, str | Path) or str(model) in zoo.entries() or not is_training(str(model)):
        return frontends.load(
            model,
            inputs,
            timesteps,
            weights=weights,
            settings=settings,
            producer=producer,
            dt=dt,
            coding=coding,
            layout=layout,
        )
    given = {"weights": weights, "settings": settings or None, "producer": producer, "dt": dt}
    if found := [name for name, value in given.items() if value is not None]:
        raise HwsimError(f"{model} is a training, with weights and options of its own; leave out {found[0]}")
    checked_choice("coding", coding, Coding)
    checked_choice("layout", layout, Layout)
    steps = None if timesteps is None else checked_count("timesteps", timesteps)
    return frontends.network_of(open_training(Path(model)), inputs, steps, coding, layout)
