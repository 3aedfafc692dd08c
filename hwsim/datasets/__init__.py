"""Data sets from their standard files, as NumPy arrays: ``load_dataset("mnist")``."""

from hwsim.datasets.events import Events
from hwsim.datasets.load import find_dataset, load_dataset
from hwsim.datasets.values import IGNORED, Dataset, Split

__all__ = ["IGNORED", "Dataset", "Events", "Split", "find_dataset", "load_dataset"]
