"""The tiles that a mapping gives: refused where they would do nothing (docs/machine.md, W3, W6)."""

from hwsim.errors import HwsimError
from hwsim.hardware import Dataflow, Hardware
from hwsim.lower.layers import fused_pools, weighted_into
from hwsim.lower.layout import nest, stepwise_layers
from hwsim.mapping import Mapping
from hwsim.network import Network

TILE_OF: dict[Dataflow, str] = {"os": "k_tile", "ws": "m_tile", "is": "n_tile"}


def check_tiles(network: Network, hardware: Hardware, mapping: Mapping) -> None:
    """Raises HwsimError for a tile of a layer that has none, of another dataflow, or larger than the layer."""
    dataflow = hardware.pe_array.dataflow
    for name, own in mapping.layers.items():
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
            if found > (most := _most(network, hardware, mapping, name, field)):
                what = {"k_tile": "source channels of a group", "n_tile": "channels of a group"}
                raise HwsimError(
                    f"{where}; at most the {most} {what.get(field, 'positions')} of the layer, or, with "
                    "batch_on M and one position, the samples of a mini-batch"
                    if field == "m_tile"
                    else f"{where}; at most the {most} {what[field]} of the layer"
                )


def _what(network: Network, name: str) -> str:
    if network.population[name].kind == "input":
        return "is the input"
    return "is a fused pool" if name in fused_pools(network) else "is computed on the vector lanes"


def _most(network: Network, hardware: Hardware, mapping: Mapping, name: str, field: str) -> int:
    """The largest tile of a layer that is not the whole of it and more."""
    weighted = weighted_into(network, name, hardware)
    population = network.population[name]
    _, channels, positions = nest(population, weighted)
    if field == "k_tile":
        return max(w.channels for w in weighted)
    if field == "n_tile":
        return channels
    alone = name in stepwise_layers(network, hardware, mapping)
    return mapping.batch if mapping.batch_on == "M" and positions == 1 and not alone else positions
