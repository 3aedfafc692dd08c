"""Address mapping: which bits of an address choose channel, rank, bank group, bank, row and column."""

from hwsim.errors import nearest

FIELDS = ("channel", "rank", "bankgroup", "bank", "row", "column")

Place = dict[str, tuple[int, int]]


def fields_of(mapping: str) -> list[str]:
    """The fields of ``high:...:low``, highest bits first. Raises ValueError unless each occurs once."""
    found = mapping.split(":")
    for name in found:
        if name not in FIELDS:
            raise ValueError(f"mapping {mapping!r}: no field {name!r}.{nearest(name, list(FIELDS))}")
    for name in FIELDS:
        if found.count(name) != 1:
            raise ValueError(
                f"mapping {mapping!r}: field {name!r} occurs {found.count(name)} times, must be once; "
                f"fields are {', '.join(FIELDS)}, highest bits first"
            )
    return found


def places(mapping: str, sizes: dict[str, int]) -> Place:
    """Shift and width of each field in the number of a burst (address / burst bytes), in bits."""
    place, shift = {}, 0
    for name in reversed(fields_of(mapping)):
        width = sizes[name].bit_length() - 1
        place[name] = (shift, width)
        shift += width
    return place


def without_channel(place: Place) -> Place:
    """The same fields in the number a burst has within its channel: the channel's bits taken out."""
    at, width = place["channel"]
    return {
        name: (shift - width if shift > at else shift, bits)
        for name, (shift, bits) in place.items()
        if name != "channel"
    }
