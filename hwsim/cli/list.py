"""``hwsim list``."""

from typing import Annotated

import typer

from hwsim.options import AsJson


def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="models, hardware, mappings, spaces, dram, noc, hop_energy, chip_energy, tables or data."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """List what is known by name: models, hardware presets, mappings, energy tables, data sets.

    **Example**

    `hwsim list hardware`
    """
    from hwsim import listing

    listing.list_known(what, as_json)
