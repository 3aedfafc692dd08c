"""What flows over the time of an inference, beside its dynamic energy."""

from typing import Any

from hwsim.report.numbers import energy

WRITTEN = {"_": " ", "uJ": "µJ", "dram": "DRAM", "sram": "SRAM"}
"""What a page writes otherwise than the command line."""


def standing(found: dict[str, Any], samples: int) -> str:
    """Energy of an inference by what draws it, and what has no number."""
    parts = [f"{name} {energy(pj / samples)}" for name, pj in found["energy_pj"].items() if pj]
    told = f"beside this, standing energy of an inference: {', '.join(parts) or 'none known'}"
    return f"{told}; no number for {', '.join(found['unpriced'])}" if found["unpriced"] else told


def sentence(found: dict[str, Any] | None, samples: int) -> str:
    """The same as a sentence; none of results of before."""
    if found is None:
        return ""
    told = standing(found, samples)
    for name, written in WRITTEN.items():
        told = told.replace(name, written)
    return f"{told[:1].upper()}{told[1:]}."
