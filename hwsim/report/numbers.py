"""Numbers as people read them."""


def quantity(value: float) -> str:
    """A count with thousands separators; fractions only below 100."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def amount(n: int, thing: str) -> str:
    """So many things: "1 sample", "1,200 samples"."""
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def energy(pj: float) -> str:
    """Picojoules in the unit that keeps one to three digits before the point."""
    for unit, size in (("mJ", 1e9), ("uJ", 1e6), ("nJ", 1e3)):
        if pj >= size:
            return f"{pj / size:,.2f} {unit}"
    return f"{pj:,.2f} pJ"


NONE = "\N{EN DASH}"


def joules(pj: float) -> str:
    """Picojoules in a readable unit, as a page shows them."""
    return energy(pj).replace("uJ", "µJ") if pj else "0 pJ"


def duration(ns: float) -> str:
    """Nanoseconds in a readable unit, as a page shows them."""
    unit, size = next((u for u in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)) if ns >= u[1]), ("ns", 1.0))
    return f"{ns / size:,.4g} {unit}"


def percent(part: float, whole: float) -> str:
    """A share with one digit; 0% is exactly none."""
    if not whole:
        return NONE
    share = part / whole
    return "0%" if share == 0 else "<0.1%" if share < 0.0005 else f"{share:.1%}"


def area(um2: float) -> str:
    """Square micrometers as square millimeters."""
    return f"{um2 / 1e6:.3g} mm²"
