"""What a mapping gives to single layers: refused where it would do nothing (docs/machine.md, W3, W6, W7)."""

from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.lower.layers import fused_pools, weighted_into
from hwsim.lower.layout import nest, stepwise_layers
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.pe_array import Dataflow

TILE_OF: dict[Dataflow, str] = {"os": "k_tile", "ws": "m_tile", "is": "n_tile"}


def check_layers(network: Network, hardware: Hardware, mapping: Mapping) -> None:
    """Raises HwsimError for an order or tile where there is none, and for a tile of another dataflow or
    larger than its layer."""
    dataflow = hardware.pe_array.dataflow
    for name, own in mapping.layers.items():
        if own.fold_order != "auto" and not weighted_into(network, name, hardware):
            raise HwsimError(
                f"mapping: layers.{name}.fold_order: found {own.fold_order}, but {name!r} "
                f"{_what(network, name)}; only layers with weights have folds of M and N"
            )
        for field in TILE_OF.values():
            found = getattr(own, field)
            if found is None:
                continue
            where = f"mapping: layers.{name}.{field}: found {found}"
            weighted = weighted_into(network, name, hardware)
            if not weighted:
                raise HwsimError(
                    f"{where}, but {name!r} {_what(network, name)}; only layers with weights have tiles"
                )
            if field != TILE_OF[dataflow]:
                raise HwsimError(
                    f"{where}, but hardware {hardware.name!r} has dataflow {dataflow}, where only "
                    f"{TILE_OF[dataflow]} is allowed"
                )
            most, what = _most(network, hardware, mapping, name, field)
            if found > most:
                raise HwsimError(f"{where}; at most the layer's {most} {what}")


def _what(network: Network, name: str) -> str:
    if network.population[name].kind == "input":
        return "is the input"
    return "is a fused pool" if name in fused_pools(network) else "is computed on the vector lanes"


def _most(network: Network, hardware: Hardware, mapping: Mapping, name: str, field: str) -> tuple[int, str]:
    """The largest tile of a layer, and of what."""
    weighted = weighted_into(network, name, hardware)
    _, channels, positions = nest(network.population[name], weighted)
    if field == "k_tile":
        return max(w.channels for w in weighted), "source channels of a group"
    if field == "n_tile":
        return channels, "channels of a group"
    alone = name in stepwise_layers(network, hardware, mapping)
    if mapping.batch_on == "M" and positions == 1 and not alone:
        return mapping.batch, "samples of a mini-batch"
    return positions, "positions"
