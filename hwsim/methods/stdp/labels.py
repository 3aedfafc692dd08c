"""Which digit a neuron stands for, and what the neurons' spikes answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.methods.stdp.spec import Vote

NO_LABEL = -1
"""Of a neuron that never fired while labels were assigned."""


@dataclass(frozen=True, eq=False)
class Labels:
    """``of`` (neurons,): the class of each neuron, or :data:`NO_LABEL`; ``votes`` (classes, neurons) float32:
    what a spike of each adds to each class."""

    of: NDArray[np.int64]
    votes: NDArray[np.float32]

    def answers(self, winners: NDArray[np.int64]) -> NDArray[np.int64]:
        """The class with the most votes (B,), the first of equals; ``winners`` (B, T) fired, -1 none.

        Votes are added in float32 in the order of the steps, as a readout population adds them.
        """
        sums = np.zeros((len(winners), len(self.votes)), np.float32)
        padded = np.concatenate([self.votes.T, np.zeros((1, len(self.votes)), np.float32)])
        for step in winners.T:
            sums += padded[step]
        classes: NDArray[np.int64] = sums.argmax(1)
        return classes


def assigned(
    responses: NDArray[np.int32], truth: NDArray[np.int64], classes: int, vote: Vote = "all"
) -> Labels:
    """Labels by highest mean response: of spikes (B, neurons) to images of classes ``truth`` (B,).

    rate[j, c]: mean spikes of neuron j for an image of class c. label[j] = argmax_c rate[j, c]; a spike of j
    votes for its label with 1 / (number of neurons of that label), times rate[j, label] / sum_c rate[j, c]
    with ``vote`` proportion (BindsNET's all_activity and proportion_weighting).
    """
    images = np.bincount(truth, minlength=classes)
    sums = np.stack([responses[truth == c].sum(0, dtype=np.int64) for c in range(classes)], axis=1)
    rates = sums / np.maximum(images, 1)
    total = rates.sum(1)
    of = np.where(total > 0, rates.argmax(1), NO_LABEL)
    live = np.flatnonzero(of != NO_LABEL)
    members = np.bincount(of[live], minlength=classes)
    votes = np.zeros((classes, len(of)), np.float32)
    share = rates[live, of[live]] / total[live] if vote == "proportion" else np.ones(len(live))
    votes[of[live], live] = share / members[of[live]]
    return Labels(of, votes)
