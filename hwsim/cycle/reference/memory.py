"""Where states, held sums and partial sums lie between jobs (docs/machine.md, M3, M4, P6)."""

from typing import Literal

from hwsim.cycle.reference.layers import Layer, ceil_div
from hwsim.hardware import Hardware

Place = Literal["none", "array", "buffer", "visit", "dram"]


class Memory:
    """Places by layer name, for a mini-batch of ``samples``.

    ``visit``: a shared state that moves into the buffer for one step of one sample (M3).
    """

    def __init__(self, layers: list[Layer], hardware: Hardware, layer_major: bool, samples: int) -> None:
        self.layers, self.hardware, self.layer_major, self.samples = layers, hardware, layer_major, samples
        self.output_stationary = hardware.pe_array.dataflow == "os"
        self.in_state_group: dict[str, list[Layer]] = {}
        for layer in layers:
            self.in_state_group.setdefault(self.state_key(layer), []).append(layer)
        self.state: dict[str, Place] = dict.fromkeys((layer.name for layer in layers), "none")
        if layer_major:
            for component in dict.fromkeys(layer.component for layer in layers):
                self.place_component([layer for layer in layers if layer.component == component])
        else:
            self.place_while_they_fit(layers, samples)
        self.hold = {layer.name: self.place_held_sums(layer) for layer in layers}
        self.partial = {layer.name: self.place_partial_sums(layer) for layer in layers}

    @staticmethod
    def state_key(layer: Layer) -> str:
        """Layers with the same key have the same cells of state."""
        group = layer.population.state_group
        return f"group {group}" if group else f"layer {layer.name}"

    @property
    def capacity(self) -> int:
        membrane = self.hardware.buffers.membrane
        return membrane.capacity_bytes if membrane else 0

    @staticmethod
    def state_bytes(layer: Layer) -> int:
        """Bytes of a layer's cells for one sample."""
        return ceil_div(layer.cells * layer.state_bits, 8)

    def place_component(self, layers: list[Layer]) -> None:
        """``layer_major``: a stepwise component has the whole buffer; a plain layer, for a fold."""
        if layers[0].stepwise:
            self.place_while_they_fit(layers, 1 if layers[0].apart else self.samples)
            return
        for layer in layers:
            if not layer.has_state:
                continue
            if self.output_stationary:
                self.state[layer.name] = "array"
            else:
                largest = max(layer.cells_of(outputs) for outputs in layer.fold_outputs)
                fits = ceil_div(largest * layer.state_bits, 8) <= self.capacity
                self.state[layer.name] = "buffer" if fits else "dram"

    def place_while_they_fit(self, layers: list[Layer], samples: int) -> None:
        """State groups and layers without one, in order; what does not fit is passed over."""
        free = self.capacity
        for members in self.in_state_group.values():
            first = members[0]
            if first not in layers or not first.has_state:
                continue
            needed = self.state_bytes(first) * samples
            place: Place = "dram"
            if needed <= free:
                place = "buffer"
                free -= needed
            elif first.population.state_group and first.apart and self.state_bytes(first) <= self.capacity:
                place = "visit"
            for layer in members:
                self.state[layer.name] = place

    def place_held_sums(self, layer: Layer) -> Place:
        if not layer.held:
            return "none"
        if layer.stepwise or not self.layer_major:
            return "dram"
        if self.output_stationary:
            return "array"
        bits = max(layer.fold_outputs) * self.hardware.precision.partial_sum_bits
        buffer = self.hardware.buffers.partial_sum
        return "buffer" if buffer and bits <= buffer.capacity_bytes * 8 else "dram"

    def place_partial_sums(self, layer: Layer) -> Place:
        """Sums of several K-tiles that do not stay in the array (P6)."""
        if layer.kind != "array" or self.output_stationary or len(layer.tiles) == 1:
            return "none"
        bits = max(layer.fold_outputs) * layer.pass_steps * self.hardware.precision.partial_sum_bits
        buffer = self.hardware.buffers.partial_sum
        return "buffer" if buffer and bits <= buffer.capacity_bytes * 8 else "dram"
