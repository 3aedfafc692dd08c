"""Row 12: measured chips. Prices taken from a chip's powers reproduce them; told is what is left over."""

from collections.abc import Iterator

from benchmarks.validation.rows import ARITHMETIC, Row, alone
from hwsim.chip.prices import ChipPrices, load_prices

GROUP, COMMAND = "Silicon", alone("silicon")

NEURONS, SYNAPSES = 2**20, 128
"""Of the network behind TrueNorth's powers, synapses a neuron."""

TRUENORTH = {11.58: 68, 20.07: 71, 95.93: 94}
"""mW at 0.8 V by Hz; Akopyan et al., IEEE TCAD 2015, Fig. 17."""

ALL_IN_HZ, ALL_IN_MW = 20.0, 72.0
"""At 0.775 V; Merolla et al., Science 2014."""

ODIN_UW, ODIN_UW_MHZ, ODIN_SOP_PJ = 27.3, 1.78, 8.43
"""Static, clock and synaptic operations at 0.55 V; Frenkel et al., IEEE TBioCAS 2019."""

ODIN_MHZ, ODIN_CYCLES, ODIN_ALL_IN_PJ = 75.0, 2, 12.7
"""Highest clock at 0.55 V, cycles of a synaptic operation, and all energy by the operations then."""

SNE = {1.2: 80.0, 4.9: 261.0}
"""uJ of an inference of DVS gestures by % of input activity; Di Mauro et al., DATE 2022."""


def silicon() -> Iterator[Row]:
    yield from truenorth()
    yield odin()
    yield sne()


def truenorth() -> Iterator[Row]:
    """The preset's line is through the first and the last power; the one between is read off it."""
    line, all_in = load_prices("truenorth_marginal"), load_prices("truenorth_all_in")
    (first, low), (between, told), (last, high) = TRUENORTH.items()
    ours = power_mw(line, between)
    yield Row(
        GROUP,
        f"TrueNorth at 0.8 V, {between} Hz, by the line through {low} and {high} mW at {first} and {last} Hz",
        f"{told} mW",
        f"{ours:.1f} mW",
        f"{ours / told - 1:+.1%}: the prices are this line",
        ARITHMETIC,
        None,
        COMMAND,
    )
    ours = power_mw(all_in, ALL_IN_HZ)
    yield Row(
        GROUP,
        f"TrueNorth at 0.775 V, {ALL_IN_HZ:g} Hz, by 26 pJ an event",
        f"{ALL_IN_MW:g} mW",
        f"{ours:.1f} mW",
        f"{ours / ALL_IN_MW - 1:+.1%}: both are published, neither is computed here",
        ARITHMETIC,
        None,
        COMMAND,
    )
    yield open_row(
        "TrueNorth, the other two powers",
        "68 and 94 mW",
        "the preset's prices are the line through them",
        "circular; the network behind the powers is not given",
    )


def power_mw(prices: ChipPrices, rate_hz: float) -> float:
    """Static power and synaptic events of NEURONS neurons with SYNAPSES each, all at one rate."""
    each, static = prices.unit_pj["synapse_dense"], prices.static
    assert each is not None
    assert static is not None
    return static.power_mw + rate_hz * NEURONS * SYNAPSES * each * 1e-9


def odin() -> Row:
    """All that the published law allows: its three terms against its sum at the stated operating point."""
    rate = ODIN_MHZ / ODIN_CYCLES
    ours = (ODIN_UW + ODIN_UW_MHZ * ODIN_MHZ) / rate + ODIN_SOP_PJ
    return Row(
        GROUP,
        f"ODIN: all power by operations at {ODIN_MHZ:g} MHz, {rate:g} M operations a second, 0.55 V",
        f"{ODIN_ALL_IN_PJ} pJ, P = 27.3 uW + 1.78 uW/MHz f + 8.43 pJ SOP/s",
        f"{ours:.2f} pJ by the law",
        f"{ours / ODIN_ALL_IN_PJ - 1:+.1%}: the law agrees with itself; a preset would be the law as prices",
        ARITHMETIC,
        None,
        COMMAND,
    )


def sne() -> Row:
    """Two points fix slope and level."""
    (low, small), (high, large) = SNE.items()
    slope = (large - small) / (high - low)
    return open_row(
        "SNE, DVS gestures",
        f"{small:g} uJ at {low} %, {large:g} uJ at {high} % activity",
        f"two points fix {small - slope * low:.1f} uJ + {slope:.1f} uJ a %, and leave nothing to predict",
        "circular; how many operations they are is not published, so that 0.221 pJ of each tells nothing",
    )


def open_row(what: str, reference: str, ours: str, why: str) -> Row:
    return Row(GROUP, what, reference, ours, f"open: {why}", "slope and level", None, COMMAND)
