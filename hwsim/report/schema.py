"""What saved results of every kind hold: the parts of result.json and chip.json, schema version 1.

Fields that these classes do not name are let through: a result may say more than this version shows.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[float, Field(ge=0, le=1e30)]
Count = Annotated[int, Field(ge=0, le=10**18)]
Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=100_000)]


class Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False, strict=True)


class Model(Part):
    name: Text
    id: Text
    timesteps: Annotated[int, Field(ge=1, le=10**6)]
    parameters: Count
    neurons: Count
    arithmetic: Text
    notes: dict[Text, Any]


class Accuracy(Part):
    samples: Count
    correct: Count
    accuracy: Share
    by_timestep: list[Share]


class Compared(Part):
    population: Text
    compared: Count
    events: Count
    differences: Count
    differences_on_equal_inputs: Count


class Located(Part):
    population: Text
    sample: Count
    step: Count
    neuron: Count
    membrane: float
    threshold: float
    rounding: Amount
    explained: bool


class Agreement(Part):
    compared: Count
    rate: Share
    same_decision: Count
    samples: Count
    populations: list[Compared]
    located: list[Located]
    sentence: Text


class Provenance(Part):
    hwsim: Text


def of(found: dict[str, float], known: dict[str, Any]) -> dict[str, float]:
    """Raises ValueError for a component that no page shows: its part would be missing from the sum."""
    if odd := [name for name in found if name not in known]:
        raise ValueError(f"unknown component {odd[0]!r}; allowed: {', '.join(known)}")
    return found
