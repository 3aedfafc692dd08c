"""``hwsim list``."""

from typing import Annotated

import typer

from hwsim.options import AsJson


def list_(
    what: Annotated[
        str, typer.Argument(help="models, hardware, dram, noc, hop_energy, chip_energy or tables.")
    ],
    as_json: AsJson = False,
) -> None:
    """List what is known by name: models, hardware presets or energy tables.

    **Example**

    `hwsim list hardware`
    """
    from hwsim import listing

    listing.list_known(what, as_json)
