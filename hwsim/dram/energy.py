"""Prices of a DRAM's counts: energy by command, background and IO apart."""

from math import fsum

from hwsim.dram.engine import Totals
from hwsim.dram.table import DramTable


def energy_pj(table: DramTable, totals: Totals) -> dict[str, float | None]:
    """Energy (pJ) by command; None where the table has no price for something that happened.

    activate_precharge, read, write, refresh = count * energy of one command; background = cycles / clock *
    power (active while a row of the rank is open, else precharged); io = bits moved * energy of a bit.
    A flat DRAM has one price, of a bit, that includes everything: ``transfer``.
    """
    bits = 8 * totals.bytes_moved
    if table.flat is not None:
        return {"transfer": _priced(bits, table.flat.energy_pj_per_bit)}
    e = table.energy
    assert e is not None
    return {
        "activate_precharge": _priced(totals.activates, e.activate_precharge_pj),
        "read": _priced(totals.reads, e.read_pj),
        "write": _priced(totals.writes, e.write_pj),
        "refresh": _priced(totals.refreshes, e.refresh_pj),
        "background_active": _powered(totals.active_cycles, table.clock_hz, e.active_mw),
        "background_precharged": _powered(totals.precharged_cycles, table.clock_hz, e.precharged_mw),
        "io": _priced(bits, e.io_pj_per_bit),
    }


def core_pj(energies: dict[str, float | None]) -> float:
    """The sum of what has a price, without IO (pJ)."""
    return fsum(value for name, value in energies.items() if name != "io" and value is not None)


def _priced(count: int, price: float | None) -> float | None:
    if price is None:
        return None if count else 0.0
    return count * price


def _powered(cycles: int, clock_hz: int, milliwatts: float | None) -> float | None:
    return _priced(cycles, None if milliwatts is None else milliwatts * 1e9 / clock_hz)
