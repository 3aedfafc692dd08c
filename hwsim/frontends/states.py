"""Rules of what has states: neurons, synapses, windows, and the input."""

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends.neurons import describe
from hwsim.frontends.reading import array, pair, where
from hwsim.frontends.signals import Array, Current, Draft, Emitted, Joined, Made, Recent, Signal, each, planar
from hwsim.frontends.timing import Node
from hwsim.network import Population

if TYPE_CHECKING:
    from hwsim.frontends.lowering import Lowering


def source(lowering: "Lowering", node: Node) -> Signal:
    """The network's input."""
    population = Population("input", planar(node.shape), "input")
    return lowering.add(population, Current((), node.shape, node.shape), Made(node.key))


def synapse(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    current = lowering.as_current(lowering.read(node), where(node))
    if current.filter is not None:
        raise HwsimError(f"{where(node)}: follows another synapse; put a neuron between them")
    return replace(current, filter=float(module.decay))


def window(lowering: "Lowering", node: Node) -> Signal:
    emitted = lowering.as_emitted(node)
    if not isinstance(emitted, Emitted) or len(emitted.shape) != 1:
        raise HwsimError(f"{where(node)}: reads a signal of shape {emitted.shape}; expected (neurons,)")
    return Recent(emitted.population, node.shape, emitted.delay)


def neurons(lowering: "Lowering", node: Node) -> Signal:
    assert node.module is not None
    computed = describe(node.path, node.module)
    wanted = "sequence" if computed.all_steps else "step"
    if node.form != wanted:
        raise HwsimError(
            f"{where(node)}: computes {'all timesteps' if computed.all_steps else 'one timestep'} a call, "
            f"but its input holds {'one' if computed.all_steps else 'all of them'}; set its step mode"
        )
    if node.path in lowering.neurons:
        raise HwsimError(
            f"{where(node)}: is called twice in one timestep, so that two layers would share one membrane; "
            "give each layer its own"
        )
    lowering.neurons.add(node.path)
    if any(read.key != node.key or read.lag != 1 for read in node.reads[1:]):
        raise HwsimError(
            f"{where(node)}: is handed a state that is not its own of the step before; hand it on unchanged"
        )
    start = 0

    def population(signal: Signal) -> Emitted:
        nonlocal start
        current = lowering.as_current(signal, where(node))
        fields = dict(computed.fields)
        kind = fields.pop("kind", "lif")
        if current.filter is not None:
            if fields.get("current_decay") is not None or kind != "lif" or fields.get("gain", 1.0) != 1.0:
                raise HwsimError(f"{where(node)}: has a current of its own and follows a synapse")
            fields["current_decay"] = current.filter
        own = slice(start, start + prod(current.shape))
        start = own.stop
        single, vectors = _parameters(node, fields, own)
        name = lowering.unused_name(node.path or "lif")
        made = Population(name, current.natural, kind, **single, vectors=vectors)
        emitted = lowering.add(made, replace(current, filter=None), Made(node.key, own.start))
        if computed.state is not None:
            lowering.sharing.setdefault(id(computed.state), []).append(name)
        if computed.recurrent is not None:
            lowering.connect(name, (_recurrence(node, computed.recurrent, made),))
        return emitted

    signal = lowering.read(node)
    if isinstance(signal, Joined) and (computed.recurrent is not None or computed.state is not None):
        raise HwsimError(f"{where(node)}: is recurrent or shares its state, and reads a concatenation")
    return each(signal, population)


def _parameters(node: Node, fields: dict[str, Any], own: slice) -> tuple[dict[str, Any], dict[str, Array]]:
    """Fields of one value, and those of one a neuron, of the neurons ``own`` of the layer."""
    vectors = {}
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            try:
                vectors[name] = np.broadcast_to(value, node.shape).ravel()[own].copy()
            except ValueError:
                raise HwsimError(
                    f"{where(node)}: {name} has shape {value.shape}; its neurons have {node.shape}"
                ) from None
    return {n: v for n, v in fields.items() if n not in vectors}, vectors


def _recurrence(node: Node, layer: Any, population: Population) -> Draft:
    """The projection from a layer's output of the step before to itself."""
    name, shape = population.name, population.shape
    if isinstance(layer, nn.Linear):
        return Draft(name, "dense", array(layer.weight), array(layer.bias), delay=1)
    if isinstance(layer, nn.Conv2d):
        if pair(layer.dilation) != (1, 1) or isinstance(layer.padding, str) or layer.padding_mode != "zeros":
            raise HwsimError(f"{where(node)}: its recurrent convolution has dilation or named padding")
        return Draft(
            name, "conv2d", array(layer.weight), array(layer.bias), pair(layer.kernel_size),
            pair(layer.stride), pair(layer.padding), layer.groups, delay=1,
        )  # fmt: skip
    factor = np.asarray(layer, np.float64).reshape(-1)
    if factor.size not in (1, shape[0]):
        raise HwsimError(
            f"{where(node)}: recurrent weights of shape {np.shape(layer)}; expected one number or {shape[0]}"
        )
    return Draft(name, "identity", delay=1).scaled(np.broadcast_to(factor, shape[0]), None)
