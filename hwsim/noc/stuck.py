"""Where flits stand when none has moved for a long time."""

import numpy as np

from hwsim.noc.config import NocTable
from hwsim.noc.counts import inside
from hwsim.noc.state import HELD, LAST_MOVE, NEED, NOW, Fabric, Shape

PORT_NAMES = ("+x", "-x", "+y", "-y", "tile")

SHOWN = 4


def stuck_message(table: NocTable, shape: Shape, fabric: Fabric) -> str:
    """How many flits are held, since when, and the first virtual channels that hold them."""
    places = []
    flits, need = fabric.of_channels(HELD), fabric.of_channels(NEED)
    held = np.flatnonzero(flits)
    for q in held[:SHOWN].tolist():
        r, i = q >> shape.router_bits, q & ((1 << shape.router_bits) - 1)
        port, vc = i >> shape.vc_bits, i & ((1 << shape.vc_bits) - 1)
        wants = [name for output, name in enumerate(PORT_NAMES) if need[q] >> output & 1]
        places.append(
            f"router ({r % table.width}, {r // table.width}) input {PORT_NAMES[port]} vc {vc}: "
            f"{flits[q]} flits for {', '.join(wants) or 'no output'}"
        )
    clock = fabric.clock
    more = f"; and {len(held) - SHOWN} more" if len(held) > SHOWN else ""
    return (
        f"network-on-chip {table.name!r}: deadlock: {inside(fabric)} flits have not moved since cycle "
        f"{clock[LAST_MOVE]} (now {clock[NOW]}): {'; '.join(places) or 'all on the way in'}{more}"
    )
