"""What a core did in a tick (E7)."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Entry:
    """Cycles of the cores; all but the updates are of the packets sent in this tick, whenever they come.

    ``last_sent``, ``last_received``: ends, -1 without a packet. ``synapses``: by kind of projection.
    """

    begin: int = -1
    updated: int = -1
    last_sent: int = -1
    last_received: int = -1
    updates: int = 0
    fired: int = 0
    touched: int = 0
    sent: int = 0
    local: int = 0
    spikes_sent: int = 0
    received: int = 0
    marks: int = 0
    synapses: Counter[str] = field(default_factory=Counter)

    @property
    def sending_ends(self) -> int:
        """w."""
        return max(self.updated, self.last_sent)

    @property
    def receiving_ends(self) -> int:
        """a."""
        return max(self.begin, self.last_received)

    @property
    def end(self) -> int:
        return max(self.updated, self.sending_ends, self.receiving_ends)
