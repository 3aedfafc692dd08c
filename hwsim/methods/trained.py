"""A training's directory as a model: its network with the trained weights, its inputs, its accuracy."""

from pathlib import Path

from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.frontends.loading import Opened
from hwsim.methods.stdp import learn
from hwsim.methods.stdp.opened import open_learning
from hwsim.methods.train import CARD, INPUTS, SPEC, finished
from hwsim.methods.train_model import WEIGHTS, build, load_weights
from hwsim.storage import check_file, is_file


def training_named(name: str) -> Path | None:
    """The directory of the training, finished or not, that ``name`` stands for: one that ships by its name,
    another by its path, of gradients or of STDP. None for a model of the zoo, and where there is none."""
    if name in zoo.entries():
        return None
    directory = zoo.trainings().get(name, Path(name))
    return directory if any(is_file(directory / spec) for spec in (SPEC, learn.SPEC)) else None


def open_training(directory: Path) -> Opened:
    """The network as it was trained, states shared as then. It is called as its directory.

    Raises HwsimError for a training that is not done, and where files are missing or of another network.
    """
    if is_file(directory / learn.SPEC):
        return open_learning(directory)
    trained = finished(directory)
    card = trained.card
    try:
        tested = float(card["test_accuracy"]), int(card["test_samples"])
        fit, timesteps, coding = dict(card["fit"]), int(card["timesteps"]), card["coding"]
        shape = tuple(int(extent) for extent in card["input_shape"])
        if not 0.0 <= tested[0] <= 1.0:
            raise ValueError(f"test_accuracy is {tested[0]}")
    except (KeyError, TypeError, ValueError) as error:
        raise HwsimError(f"{directory / CARD}: this card is damaged ({error})") from None
    model, opened = build(trained.spec, fit, shape, coding)
    load_weights(model, directory / WEIGHTS)
    check_file(directory / INPUTS)
    return Opened(
        directory.resolve().name,
        model,
        inputs=directory / INPUTS,
        timesteps=timesteps,
        card=directory / CARD,
        shape=shape,
        coding=coding,
        sharing=opened.sharing,
        tested=tested,
    )
