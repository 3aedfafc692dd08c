"""What a placement costs: spike hops, the load of the busiest link, energy (T3, T4)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hwsim.errors import HwsimError
from hwsim.grid import Grid
from hwsim.place.kernels import totals
from hwsim.place.layout import Flows, Layout, flows_of, layout
from hwsim.place.reach import Int
from hwsim.place.traffic import Traffic

Objective = Literal["spike_hops", "max_link_load", "energy"]


@dataclass(frozen=True)
class Metrics:
    """Of all samples: ``packets`` that enter the network, links that they cross (``spike_hops``), packets
    over the busiest link, and pJ."""

    packets: int
    spike_hops: int
    max_link_load: int
    energy_pj: float

    def of(self, objective: Objective) -> float:
        return {
            "spike_hops": float(self.spike_hops),
            "max_link_load": float(self.max_link_load),
            "energy": self.energy_pj,
        }[objective]


@dataclass(frozen=True, eq=False)
class Problem:
    """Traffic to be placed on a grid."""

    traffic: Traffic
    grid: Grid
    layout: Layout
    flows: Flows

    @staticmethod
    def of(traffic: Traffic, grid: Grid) -> "Problem":
        """Raises HwsimError where the grid has fewer cores than the traffic."""
        if traffic.cores > grid.cores:
            raise HwsimError(f"{traffic.cores} cores to place on a grid of {grid.cores}")
        return Problem(traffic, grid, layout(grid), flows_of(traffic))

    @property
    def hop_weights(self) -> tuple[float, float]:
        """pJ of a link along the first dimension of the routing and along the second."""
        energy = self.grid.hop_energy
        pair = energy.hop_x_pj, energy.hop_y_pj
        return pair[::-1] if self.layout.swapped else pair

    def loads(self, place: Int) -> tuple[int, int, Int, Int]:
        """Packet-links along and across, the load of each link, shape (4, routers), and the links of one
        packet of each flow along and across, shape (2, flows) (T3)."""
        load, held = np.zeros((4, self.grid.routers), np.int64), np.zeros((2, self.traffic.flows), np.int64)
        along, across = totals(self.layout, self.flows, place, load, held)
        return int(along), int(across), load, held

    def metrics(self, place: Int) -> Metrics:
        """``place`` (cores,): the grid's core of each core of the traffic."""
        along, across, load, _ = self.loads(place)
        traffic = self.traffic
        each = traffic.packets if self.layout.tree else traffic.packets * traffic.sizes()
        packets = int(each.sum())
        hops = self.hop_weights
        energy = packets * self.grid.hop_energy.source_router_pj + along * hops[0] + across * hops[1]
        return Metrics(packets, along + across, int(load.max(initial=0)), energy)

    def link_loads(self, place: Int) -> Int:
        """Packets over the links that leave each router to +x, -x, +y, -y; shape (4, routers)."""
        load = self.loads(place)[2]
        return load[[2, 3, 0, 1]] if self.layout.swapped else load
