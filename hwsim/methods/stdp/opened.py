"""A learning's directory as a model: its network, its inputs, its accuracy."""

from pathlib import Path

from hwsim.errors import HwsimError
from hwsim.frontends.loading import Opened
from hwsim.methods.stdp.learn import CARD, INPUTS, NETWORK, finished
from hwsim.network import Network


def open_learning(directory: Path) -> Opened:
    """The network as it has learned, called as its directory.

    Raises HwsimError for a learning that is not done, and where files are missing or damaged.
    """
    learned = finished(directory)
    try:
        tested = float(learned.card["test_accuracy"]), int(learned.card["test_samples"])
    except (KeyError, TypeError, ValueError) as error:
        raise HwsimError(f"{directory / CARD}: this card is damaged ({error})") from None
    network = Network.load(directory / NETWORK)
    return Opened(
        directory.resolve().name,
        network,
        inputs=directory / INPUTS,
        timesteps=network.timesteps,
        card=directory / CARD,
        shape=network.input.shape,
        coding=network.coding,
        tested=tested,
    )
