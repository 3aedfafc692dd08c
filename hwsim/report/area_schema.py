"""What saved results tell of the area of a tile by source (docs/result.md, ``area``)."""

from pydantic import model_validator

from hwsim.report.schema import Amount, Count, Part, Share, Text


class TileArea(Part):
    """One tile by one source, um2."""

    table: Text
    node_nm: Amount
    pe_array: Amount
    scratchpads: Amount
    lif_units: Amount
    state_registers: Amount | None
    buffers: Amount
    routers: Amount | None
    total: Amount
    lif_share: Share
    what: Text


class SharedArea(Part):
    lif_um2: Amount
    total: Amount
    lif_share: Share
    saving: Share


class SharedAreas(Part):
    all_shared: SharedArea
    logic_shared: SharedArea | None


class SharedUnits(Part):
    groups: Count
    units: Count
    sources: dict[Text, SharedAreas]


class Areas(Part):
    sources: dict[Text, TileArea]
    missing: dict[Text, Text]
    sharing: SharedUnits | None

    @model_validator(mode="after")
    def _known(self) -> "Areas":
        if self.sharing and (odd := set(self.sharing.sources) - set(self.sources)):
            raise ValueError(f"sharing: found source {min(odd)!r}; allowed: {', '.join(self.sources)}")
        return self
