"""Learning rules as rows of numbers: pair-wise STDP, SL-STDP and tinySNN's."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from hwsim.configuration import Configured

RuleName = Literal["stdp", "sl_stdp", "tinysnn"]


class Rule(Configured):
    """Changes of the weights w, in [0, w_max], from inputs to neurons.

    x is the trace of an input or a neuron: 1 on its spike, then times exp(-trace_decay) a step. In a step in
    which an input spikes w -= ``pre_rate`` x_post. Then, at the end of each ``update_step`` steps,
    w += k ``post_rate`` x_pre, times (w_max - w) with ``soft``, into the neurons that have fired since the
    last time. k = ceil(n / ``threshold_spikes``), n the most spikes of any neuron for this image so far;
    k = 1 with ``threshold_spikes`` 0. A neuron's weights change from its spike number ``confident`` of an
    image on.
    """

    pre_rate: NonNegativeFloat
    post_rate: NonNegativeFloat
    soft: bool = False
    update_step: PositiveInt = 1
    threshold_spikes: NonNegativeInt = 0
    confident: PositiveInt = Field(default=1)


RULES: dict[RuleName, Rule] = {
    "stdp": Rule(pre_rate=1e-4, post_rate=1e-2),
    "sl_stdp": Rule(pre_rate=1e-4, post_rate=1e-2, confident=3),
    "tinysnn": Rule(pre_rate=0.0, post_rate=0.005, soft=True, update_step=10, threshold_spikes=4),
}
"""``stdp``: BindsNET's PostPre with its DiehlAndCook2015 rates. ``sl_stdp``: the same, once a neuron has
fired so often that it can be trusted to know the image (our reading of Srinivasan et al. 2017).
``tinysnn``: its update steps and k; the paper does not give the three numbers (docs/stdp.md)."""
