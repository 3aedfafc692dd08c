"""The energy that SNN papers state: operations alone, memory and network left out (ASGL, appendix B.2)."""

from math import inf, isfinite
from typing import Any

from hwsim.cost import load_table

CONVENTION = "snn_paper_fp32"
"""The table of the papers' constants."""


def compute_only(
    layers: list[dict[str, Any]],
    counts: dict[str, int],
    samples: int,
    timesteps: int,
    table: str,
    unit_pj: dict[str, float | None],
) -> dict[str, Any]:
    """One inference as AC e_AC + MAC e_MAC (pJ) beside the ANN's D e_MAC, at ``unit_pj`` of ``table`` and at
    the convention's constants.

    ``layers`` and ``counts``: as in result.json. D: MACs of the ANN, the sum of ``dense_macs``; D_s those of
    layers that multiply nothing. Rate: AC / (T D_s), weighted by fan-out. Break-even: the rate at which both
    energies are equal, (D - MAC) e_MAC / (T D_s e_AC); None where there is nothing to divide by.
    """
    dense = sum(layer["dense_macs"] for layer in layers)
    spiking = sum(layer["dense_macs"] for layer in layers if not layer["counts"].get("mac", 0))
    ac, mac = counts["ac"] / samples, counts["mac"] / samples
    prices = {table: (unit_pj.get("ac_issued"), unit_pj.get("mac_issued"))}
    convention = load_table(CONVENTION)
    prices.setdefault(CONVENTION, (convention.whole("ac_issued"), convention.whole("mac_issued")))
    return {
        "ac": ac,
        "mac": mac,
        "ann_mac": dense,
        "rate": ac / (timesteps * spiking) if spiking else None,
        "by_table": [
            {"table": name, "ac_pj": one_ac, "mac_pj": one_mac}
            | _priced(ac, mac, dense, timesteps * spiking, one_ac, one_mac)
            for name, (one_ac, one_mac) in prices.items()
        ],
    }


def _priced(
    ac: float, mac: float, dense: int, places: int, ac_pj: float | None, mac_pj: float | None
) -> dict[str, float | None]:
    if ac_pj is None or mac_pj is None:
        return dict.fromkeys(("energy_pj", "ann_energy_pj", "energy_ratio", "break_even_rate"))
    energy, ann = ac * ac_pj + mac * mac_pj, dense * mac_pj
    return {
        "energy_pj": energy,
        "ann_energy_pj": ann,
        "energy_ratio": _quotient(energy, ann),
        "break_even_rate": _quotient((dense - mac) * mac_pj, places * ac_pj),
    }


def _quotient(amount: float, other: float) -> float | None:
    """None where there is nothing to divide by, or so little that no number holds it."""
    found = amount / other if other else inf
    return found if isfinite(found) else None
