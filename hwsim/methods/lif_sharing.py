"""EfficientLIF-Net: LIF neurons of several layers, or of several channel groups, share one state memory.

Across layers [L], Eq. 9: U_{l+1}^t = decay (U_l^t - O_l^t) + W_{l+1} O_l^t, and the last layer of a
group hands its state to the first at t + 1. Across channels [C#N], Eq. 10: the same from channel group to
channel group. Both, Eq. 11: the last channel group of a layer hands over to the first of the next.
Here a sharing is data: ``state_group`` and ``channel_groups`` of the Network's populations.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise

from hwsim.errors import HwsimError
from hwsim.network import Network, Population

Patterns = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Sharing:
    """Whether layers share their states, and how many groups of channels share one."""

    layers: bool = False
    channel_groups: int = 1

    def __bool__(self) -> bool:
        return self.layers or self.channel_groups > 1

    def __str__(self) -> str:
        parts = ["L"] * self.layers + [f"C{self.channel_groups}"] * (self.channel_groups > 1)
        return "+".join(parts) or "none"


def parse_sharing(text: str) -> Sharing:
    """``none``, ``L``, ``C<N>`` (also ``C#<N>``) or ``L+C<N>``. Raises HwsimError for anything else."""
    if text.lower() == "none":
        return Sharing()
    found = re.fullmatch(r"(L)?(?:(?(1)\+)C#?(\d{1,6}))?", text, re.IGNORECASE)
    if not text or not found or found[2] in ("0", "1"):
        raise HwsimError(f"--sharing {text!r}; allowed: none, L, C2, C4, C8, L+C2 (any C<N>, N at least 2)")
    return Sharing(found[1] is not None, int(found[2] or 1))


def sharing_of(network: Network) -> Sharing:
    """How a network shares its states, whether it came so or was made so by :func:`share`."""
    spiking = [p for p in network.populations if p.spikes]
    return Sharing(any(p.state_group for p in spiking), max((p.channel_groups for p in spiking), default=1))


def share(network: Network, sharing: Sharing, layers: Patterns | None = None) -> Network:
    """The network with its LIF states shared, verified, and a note that says so.

    ``layers``: the groups of [L], each a list of patterns (``*``, ``?``, ``[...]``) of population names;
    None takes :func:`runs_of_one_shape`. Channel groups are set on every layer of neurons. Raises HwsimError
    naming the layer that cannot share: C-LIF or refractory neurons, another shape than its group's,
    channels that the groups do not divide.
    """
    if not sharing:
        return network
    groups: tuple[tuple[Population, ...], ...] = ()
    if sharing.layers:
        groups = runs_of_one_shape(network) if layers is None else _matching(network, layers)
        if not groups:
            raise HwsimError(
                f"{network.name!r}: no two consecutive layers of neurons have one shape and a state that can "
                "be handed on; the field 'sharing' of a zoo entry can name others"
            )
    group_of = {p.name: g[0].name for g in groups for p in g}
    for group in groups:
        _check_group(group)
    changed = [
        _shared(p, group_of.get(p.name, ""), sharing.channel_groups) if p.spikes else p
        for p in network.populations
    ]
    told = "; ".join(" = ".join(p.name for p in group) for group in groups)
    note = f"{sharing}: LIF states shared" + (f" by the layers {told}" if told else "")
    if sharing.channel_groups > 1:
        note += f"{',' if told else ''} by {sharing.channel_groups} groups of channels"
    shared = replace(network, populations=tuple(changed), notes=network.notes | {"sharing": note})
    shared.verify()
    return shared


def runs_of_one_shape(network: Network) -> tuple[tuple[Population, ...], ...]:
    """The default groups of [L]: runs of two or more layers of LIF neurons, in the network's order, that
    have one shape and one kind of state; a layer that cannot hand its state on ends a run."""
    runs: list[list[Population]] = [[]]
    for p in (p for p in network.populations if p.spikes):
        if _obstacle(p):
            runs.append([])
        elif runs[-1] and _state(runs[-1][-1]) == _state(p):
            runs[-1].append(p)
        else:
            runs.append([p])
    return tuple(tuple(run) for run in runs if len(run) > 1)


def _matching(network: Network, layers: Patterns) -> tuple[tuple[Population, ...], ...]:
    groups = []
    for patterns in layers:
        for pattern in patterns:
            if not any(p.spikes and fnmatchcase(p.name, pattern) for p in network.populations):
                known = ", ".join(p.name for p in network.populations if p.spikes)
                raise HwsimError(f"{network.name!r}: no layer of neurons named {pattern!r}; it has {known}")
        chosen = tuple(
            p for p in network.populations if p.spikes and any(fnmatchcase(p.name, x) for x in patterns)
        )
        groups.append(chosen)
    names = [p.name for group in groups for p in group]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise HwsimError(f"{network.name!r}: layer {twice[0]!r} is in two groups that share a state")
    return tuple(group for group in groups if len(group) > 1)


def _check_group(group: tuple[Population, ...]) -> None:
    for before, after in pairwise(group):
        if _state(before) != _state(after):
            raise HwsimError(
                f"layer {after.name!r} {after.shape} cannot share the state of {before.name!r} "
                f"{before.shape}: shape and kind of state must be equal"
            )


def _state(p: Population) -> tuple[object, ...]:
    """What two layers must have alike so that one can go on with the other's state."""
    return p.kind, p.shape, p.state_words, p.delayed_reset, p.delayed_reset and p.reset


def _obstacle(p: Population) -> str:
    """Why a layer's state cannot be shared; empty if it can."""
    if p.kind != "lif":
        return f"the states of {p.kind} neurons cannot be shared"
    variants = {"refractory": p.refractory, "one_spike": p.one_spike, "initial": p.parameter("initial").any()}
    found = ", ".join(name for name, given in variants.items() if given)
    return f"neurons with {found} cannot share a state" if found else ""


def _shared(p: Population, group: str, channel_groups: int) -> Population:
    if not group and channel_groups == 1:
        return p
    if obstacle := _obstacle(p):
        raise HwsimError(f"layer {p.name!r}: {obstacle}")
    if p.channels % channel_groups:
        unit = "neurons" if len(p.shape) == 1 else "channels"
        raise HwsimError(
            f"layer {p.name!r}: {channel_groups} groups do not divide its {p.channels} {unit}, so that they "
            "cannot share a state"
        )
    return replace(p, state_group=group, channel_groups=channel_groups)
