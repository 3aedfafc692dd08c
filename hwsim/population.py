"""Populations of neurons and projections between them: the parts of a Network, and their variants."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

from hwsim.fixed_point import FixedPoint, Rounding
from hwsim.storage import content_id

PopulationKind = Literal["input", "lif", "li", "clif", "relay", "relu", "readout"]
ProjectionKind = Literal["conv2d", "dense", "identity", "max_pool", "avg_pool"]
Coding = Literal["frames", "spikes", "series"]
Leak = Literal["decay", "relax", "relax_divide", "leak_divide"]
Reset = Literal["subtract", "zero", "value"]
Compare = Literal[">=", ">"]

DECAY_BITS = 12
DECAY_ONE = 1 << DECAY_BITS
"""Integer networks without formats hold a decay as a count of 1/4096: v' = trunc(v * round(4096 * decay) /
4096)."""

MAX_NEURONS = 2**31 - 1


def described(formats: Mapping[str, FixedPoint]) -> dict[str, dict[str, Any]]:
    """Formats as JSON values."""
    return {name: asdict(formats[name]) for name in sorted(formats)}


def frozen(given: Any) -> Any:
    """An array that nobody can write to: itself, or a copy. What is kept of a network, its id and its packed
    weights, so stays true. What is no array is left for the checks to name."""
    if not isinstance(given, np.ndarray) or (given.flags.owndata and not given.flags.writeable):
        return given
    kept = given.copy(order="K")
    kept.flags.writeable = False
    return kept


@dataclass(frozen=True)
class Population:
    """Neurons of one kind in an array of ``shape``: (channels, height, width) or (neurons,).

    Neuron ``i`` is element ``i`` of the flattened shape, last dimension fastest, as in PyTorch.
    Kinds, with x[t] the sum of all incoming projections and their biases at step t:

    - ``input``: given from outside.
    - ``lif``: leaky integrate-and-fire, in the variants that the fields below choose. Emits s. Before the
      first step v = initial, and everything else is 0.
      1. x = gain * x; with ``current_decay``: u = current_decay * u + x, and x = u (CUBA).
      2. ``leak``: decay: v = decay * v + x; relax: v = v + (x - (v - rest)) * decay;
         relax_divide: v = v + (x - (v - rest)) / decay; leak_divide: v = v - (v - rest) / decay + x.
         A neuron that fired takes no x and fires not for its next ``refractory`` steps.
      3. With ``delayed_reset`` the reset of step t - 1, with that step's h, happens here, before the
         comparison.
      4. s = [v >= h] (or >), h = threshold + a; with ``multispike`` s = floor(v / h) where v >= h. With
         ``one_spike`` only the neuron with the largest v - h emits its s, the first of equals; what follows
         takes every s > 0.
      5. Reset: v -= h * s (``subtract``), v = 0 (``zero``) or v = reset_value (``value``) where s > 0.
         Then, with ``floor``, v = max(v, floor).
      6. a = adaptation_decay * a + adaptation * s.
    - ``li``: leaky integrator: steps 1 and 2 of ``lif``, with no threshold and no reset; emits v wherever
      it is not 0. A readout whose neurons do not spike, or a synapse's filter c = decay * c + x.
    - ``clif``: m = current_decay * m + x; v = decay * v + x; e = current_decay * e + threshold * s[t-1];
      s = [m - v - e >= threshold], x = gain * x (ASGL, double exponential). Emits s.
    - ``relay``: no state; emits x wherever it is not 0 (pool outputs, sums that feed a convolution).
    - ``relu``: no state; emits max(x, 0). The neuron of the ANN counterpart.
    - ``readout``: never emits; its output is the running sum of x over the steps.

    ``formats`` are those of a quantized network (docs/quantization.md): of "state" (membrane, or a readout's
    sum), "current", "adaptation" and "threshold", of the decays, and of the "output" of what emits values
    without a state. Its parameters are codes of the state's scale, and it rounds as ``rounding`` says.
    """

    name: str
    shape: tuple[int, ...]
    kind: PopulationKind
    decay: float = 1.0
    threshold: float = 1.0
    reset: Reset = "subtract"
    compare: Compare = ">="
    leak: Leak = "decay"
    gain: float = 1.0
    rest: float = 0.0
    reset_value: float = 0.0
    delayed_reset: bool = False
    multispike: bool = False
    current_decay: float | None = None
    refractory: int = 0
    adaptation: float = 0.0
    adaptation_decay: float = 1.0
    initial: float = 0.0
    floor: float | None = None
    one_spike: bool = False
    state_group: str = ""
    channel_groups: int = 1
    vectors: Mapping[str, NDArray[Any]] = field(default_factory=dict, compare=False, repr=False)
    formats: Mapping[str, FixedPoint] = field(default_factory=dict, hash=False)
    rounding: Rounding = "truncate"

    @property
    def spikes(self) -> bool:
        return self.kind in ("lif", "clif")

    @property
    def state_words(self) -> int:
        """State words that it owns or shares: one a neuron, C-LIF three; a current or adaptation one more."""
        if self.kind == "readout":
            return self.size
        words = {"lif": 1 + self.has_current + self.adaptive, "li": 1 + self.has_current, "clif": 3}
        return words.get(self.kind, 0) * (self.size // self.channel_groups)

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, arbitrary_types_allowed=True
    )

    def __post_init__(self) -> None:
        vectors = {name: frozen(given) for name, given in self.vectors.items()}
        object.__setattr__(self, "vectors", MappingProxyType(vectors))
        object.__setattr__(self, "formats", MappingProxyType(dict(self.formats)))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"vectors": dict(self.vectors), "formats": dict(self.formats)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def channels(self) -> int:
        return self.shape[0]

    @property
    def plane(self) -> tuple[int, int]:
        """(height, width); a flat population is one position with a channel per neuron."""
        return (self.shape[1], self.shape[2]) if len(self.shape) == 3 else (1, 1)

    @property
    def has_state(self) -> bool:
        return self.kind in ("lif", "li", "clif", "readout")

    @property
    def shared(self) -> bool:
        """Whether its state serves several layers or several groups of its channels."""
        return bool(self.state_group) or self.channel_groups > 1

    def given(self, name: str) -> bool:
        """Whether a parameter has a value, one for all neurons or one each."""
        return name in self.vectors or getattr(self, name) is not None

    @property
    def has_current(self) -> bool:
        """Whether it holds a synaptic current (CUBA)."""
        return self.given("current_decay")

    @property
    def floored(self) -> bool:
        """Whether its membranes have a lower bound."""
        return self.given("floor")

    @property
    def adaptive(self) -> bool:
        """Whether its spikes move its threshold."""
        return bool(self.parameter("adaptation").any())

    def parameter(self, name: str) -> NDArray[Any]:
        """A field per neuron if it was given so, shape (neurons,), else its one value, shape (1,)."""
        given = self.vectors.get(name)
        return np.array([getattr(self, name)], np.float64) if given is None else given.ravel()

    def decay_bits(self, name: str) -> int:
        """Fraction bits of one of its decays in an integer network."""
        return self.formats[name].fraction_bits if name in self.formats else DECAY_BITS

    @property
    def emitted_format(self) -> FixedPoint | None:
        """The format of the values that it emits; None where spikes are counted, and without formats."""
        return None if self.spikes else self.formats.get("state", self.formats.get("output"))

    @property
    def fraction_bits(self) -> int:
        """Of its state, or of what it emits without one; 0 without formats."""
        own = self.formats.get("state", self.formats.get("output"))
        return own.fraction_bits if own else 0

    def plain(self) -> dict[str, Any]:
        """All fields as JSON values, without the vectors; without formats and rounding where it has none."""
        left_out = {"vectors", "formats"} | (set() if self.formats else {"rounding"})
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        return found | ({"formats": described(self.formats)} if self.formats else {})


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from ``source`` to ``target``: x_target[t] += f(output of source at t - delay) + bias.

    ``weights``: (Cout, Cin/groups, kh, kw) for conv2d, (targets, sources) for dense, else None.
    ``bias``: (Cout,) or (targets,), added at every step, or None. ``divisor``: avg_pool divides the
    window's sum by it (kh*kw in float networks, 1 in integer ones). ``formats``: of "weights" and "bias" in
    a quantized network, where both are codes.
    """

    name: str
    source: str
    target: str
    kind: ProjectionKind
    weights: NDArray[Any] | None = None
    bias: NDArray[Any] | None = None
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1
    divisor: float = 1.0
    delay: int = 0
    formats: Mapping[str, FixedPoint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("weights", "bias"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        object.__setattr__(self, "formats", MappingProxyType(dict(self.formats)))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"formats": dict(self.formats)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()

    @property
    def has_weights(self) -> bool:
        return self.kind in ("conv2d", "dense")

    @cached_property
    def id(self) -> str:
        """Hash of everything but the populations at its ends; worked out once per object."""
        arrays = {"weights": self.weights, "bias": self.bias}
        return content_id("projection", self.plain(), {k: a for k, a in arrays.items() if a is not None})

    def plain(self) -> dict[str, Any]:
        """All fields but the arrays, as JSON values; without formats where it has none."""
        left_out = ("weights", "bias", "formats")
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        return found | ({"formats": described(self.formats)} if self.formats else {})
