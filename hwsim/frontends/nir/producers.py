"""What a .nir file means depends on who wrote it: one row a producer, and how a step dt is found.

NIR holds differential equations. What a tool computes a step, when a neuron fires, how it is reset and
how long a step is are not in the file; the same file gives other spikes under another tool's rule.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from hwsim.errors import HwsimError, nearest
from hwsim.frontends.nir.file import Array, Node
from hwsim.population import Compare, Leak

ResetRule = Literal["value", "zero", "subtract"]
Decay = Literal["euler", "exponential"]
Gain = Literal["equation", "one", "resistance"]
Form = Literal["auto"] | Leak


@dataclass(frozen=True)
class Producer:
    """How one tool computes what it writes to NIR.

    With k = dt / tau of a membrane or a synapse, a step keeps 1 - k (``euler``) or exp(-k)
    (``exponential``) of it. The membrane adds ``gain`` times its input: R * k as the equation says, or 1, or
    R; one without leak (I, IF) ``integrator``, one that does not fire (LI, CubaLI) ``leaky``, where they
    differ. The synapse adds ``synapse``: w_in * k, 1, or exp(-k).
    ``compare``, ``reset`` ("value": v_reset of the file), ``delayed`` (the reset happens a step later,
    before the comparison) and ``multispike`` (floor(v / threshold) spikes a step): as in Population.
    ``form``: how the arithmetic is written, of the same value but for rounding. ``dt``: seconds or steps,
    where the tool has one, else None: found from the file by ``infer``. ``floored``: the membranes of IF
    neurons stay at or above -threshold.
    """

    name: str
    compare: Compare
    reset: ResetRule
    delayed: bool = False
    multispike: bool = False
    decay: Decay = "euler"
    gain: Gain = "equation"
    integrator: Gain | None = None
    leaky: Gain | None = None
    synapse: Literal["equation", "one", "decayed"] = "equation"
    form: Form = "auto"
    dt: float | None = None
    infer: Literal["gain", "snntorch", "rockpool", "spikingjelly"] = "gain"
    floored: bool = False

    def gain_of(self, kind: str) -> Gain:
        """How a kind of neuron weighs its input."""
        special = {"I": self.integrator, "IF": self.integrator, "LI": self.leaky, "CubaLI": self.leaky}
        return special.get(kind) or self.gain

    @property
    def sentence(self) -> str:
        """The rule in words, for notes and warnings."""
        reset = {"value": "reset to v_reset", "zero": "reset to 0", "subtract": "reset by subtraction"}
        count = "several spikes a step" if self.multispike else "one spike a step"
        floor = ", IF membranes not below -threshold" if self.floored else ""
        late = ", a step late" if self.delayed else ""
        keeps = {"euler": "1 - dt/tau", "exponential": "exp(-dt/tau)"}[self.decay]
        inputs = {"equation": "R dt/tau", "one": "1", "resistance": "R"}[self.gain]
        return (
            f"membranes keep {keeps} and add {inputs} of their input, fire on v {self.compare} threshold, "
            f"{reset[self.reset]}{late}, {count}{floor}"
        )

    @property
    def spec(self) -> str:
        """The text that :func:`producer` reads as this rule."""
        base = PRODUCERS[self.name]
        changed = {n: getattr(self, n) for n in OPTIONS if getattr(self, n) != getattr(base, n)}
        words = {True: "yes", False: "no"}
        return ",".join([self.name, *(f"{n}={words.get(v, v)}" for n, v in changed.items())])


PRODUCERS = {
    p.name: p
    for p in (
        Producer("nir", ">", "value"),
        Producer("snntorch", ">", "subtract", delayed=True, gain="one", synapse="one", infer="snntorch"),
        Producer("spikingjelly", ">=", "value", infer="spikingjelly"),
        Producer(
            "sinabs", ">=", "subtract", multispike=True, decay="exponential", gain="resistance", dt=1.0,
            floored=True,
        ),
        Producer("norse", ">", "value", integrator="resistance", synapse="one", dt=1e-3),
        Producer(
            "rockpool", ">=", "subtract", multispike=True, decay="exponential", gain="one",
            leaky="equation", synapse="decayed", infer="rockpool",
        ),
        Producer("lava", ">=", "value"),
    )
}  # fmt: skip
"""Rules by name. ``nir`` is the file as NIR's documentation defines it, in forward Euler steps."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "compare": get_args(Compare),
    "reset": get_args(ResetRule),
    "delayed": ("yes", "no"),
    "multispike": ("yes", "no"),
    "floored": ("yes", "no"),
    "decay": get_args(Decay),
    "gain": get_args(Gain),
    "form": ("auto", *get_args(Leak)),
}
"""What ``NAME,option=value`` may change of a row."""


def producer(spec: str) -> Producer:
    """A row of :data:`PRODUCERS`, perhaps changed: ``snntorch`` or ``snntorch,reset=zero,delayed=no``.

    Raises HwsimError for unknown names, options and values.
    """
    name, *options = (part.strip() for part in spec.split(","))
    if name not in PRODUCERS:
        raise HwsimError(f"unknown producer {name!r}.{nearest(name, list(PRODUCERS))}")
    found = PRODUCERS[name]
    seen: set[str] = set()
    for option in options:
        key, equals, value = option.partition("=")
        if key in OPTIONS and not equals:
            raise HwsimError(
                f"producer {spec!r}: option {key!r} needs a value: {key}={' or '.join(OPTIONS[key])}"
            )
        if key in seen:
            raise HwsimError(f"producer {spec!r}: option {key!r} is given twice")
        seen.add(key)
        if key not in OPTIONS:
            raise HwsimError(
                f"producer {spec!r}: unknown option {option!r}.{nearest(key, list(OPTIONS))} Written NAME,"
                "option=value"
            )
        if value not in OPTIONS[key]:
            raise HwsimError(f"producer {spec!r}: {key} {value!r}; allowed: {', '.join(OPTIONS[key])}")
        change: Any = {"yes": True, "no": False}.get(value, value)
        found = replace(found, **{key: change})
    return found


AGREEMENT = 1e-4
"""Steps found from several neurons agree within this share: files hold them in float32."""


def find_dt(rule: Producer, nodes: Iterable[Node], where: str) -> tuple[float, str]:
    """The step of a file and how it was found, in words.

    Raises HwsimError where the neurons imply different steps, or none.
    """
    if rule.dt is not None:
        return rule.dt, f"the step of {rule.name}"
    neurons = sorted((n for n in nodes if "r" in n.values), key=lambda n: n.name)
    if not neurons:
        return 1.0, "no neuron depends on it"
    problems = []
    for words, implied in INFERENCES[rule.infer]:
        steps = {n.name: step for n in neurons for step in implied(n)}
        if not steps:
            continue
        name, first = next(iter(steps.items()))
        if odd := [n for n, step in steps.items() if abs(step - first) > AGREEMENT * first]:
            problems.append(f"{words}: {name!r} implies dt = {first:g} and {odd[0]!r} {steps[odd[0]]:g}")
            continue
        return float(f"{first:.6g}"), words
    found = f" ({'; '.join(problems)})" if problems else ""
    raise HwsimError(f"{where}: the time step cannot be found in the file{found}; give dt (--dt SECONDS)")


def _one(values: Array) -> list[float]:
    """The value that all neurons share, if it is positive; two different ones if they do not."""
    low, high = float(values.min()), float(values.max())
    return (
        []
        if not (low > 0 and math.isfinite(high))
        else [low]
        if high - low <= AGREEMENT * low
        else [low, high]
    )


def _ratio(over: Array, under: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.asarray(over, np.float64) / under, nan=-1.0, posinf=-1.0, neginf=-1.0)


def _by_gain(node: Node) -> list[float]:
    """R dt / tau = 1, or R dt = 1 for integrators."""
    r = node.values["r"]
    tau = node.values.get("tau", node.values.get("tau_mem", np.ones(1)))
    return _one(_ratio(tau, r))


def _by_synapse(node: Node) -> list[float]:
    """w_in dt / tau_syn = 1."""
    if "tau_syn" not in node.values:
        return _by_gain(node)
    return _one(_ratio(node.values["tau_syn"], node.values.get("w_in", np.ones(1))))


def _by_resistance(node: Node) -> list[float]:
    """R = 1 - dt / tau: the first exporters of snnTorch, and spyx, wrote the decay as R."""
    tau = node.values.get("tau", node.values.get("tau_mem"))
    return [] if tau is None else _one(np.asarray(tau, np.float64) * (1 - node.values["r"]))


def _by_unnormalized(node: Node) -> list[float]:
    """R dt / tau = 1, of neurons with R != 1: a LIF with decay_input has R = 1 and tells nothing."""
    plain = node.kind in ("LIF", "LI") and bool((node.values["r"] == 1).all())
    return [] if plain else _by_gain(node)


def _by_default(_node: Node) -> list[float]:
    return [1e-4]


def _by_decayed_gain(node: Node) -> list[float]:
    """R = tau exp(-dt / tau) / dt: a = dt / tau solves a exp(a) = 1 / R, by Newton's method."""
    tau = node.values.get("tau", node.values.get("tau_mem"))
    if tau is None or not (node.values["r"] > 0).all():
        return []
    wanted = 1 / np.asarray(node.values["r"], np.float64)
    a = np.log1p(wanted)
    for _ in range(50):
        a = a - (a * np.exp(a) - wanted) / (np.exp(a) * (1 + a))
    return _one(a * tau)


Implied = Callable[[Node], list[float]]
GAIN: tuple[str, Implied] = ("R dt/tau = 1", _by_gain)
INFERENCES: dict[str, tuple[tuple[str, Implied], ...]] = {
    "gain": (GAIN, ("w_in dt/tau_syn = 1", _by_synapse)),
    "snntorch": (GAIN, ("R = 1 - dt/tau, as snnTorch's first exporter wrote it", _by_resistance)),
    "spikingjelly": (
        ("R dt/tau = 1", _by_unnormalized),
        ("SpikingJelly's own dt, as all R are 1", _by_default),
    ),
    "rockpool": (("R = tau exp(-dt/tau)/dt", _by_decayed_gain),),
}
"""How a step can be found, in the order of trust: in words, and the steps that one node implies."""
