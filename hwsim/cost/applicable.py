"""One ledger under every table that reaches to the chip: nothing is simulated again."""

from collections.abc import Iterable

from hwsim.cost.pricing import Cost, price
from hwsim.cost.table import load_table, tables
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger


def price_by_all(
    ledger: Ledger, hardware: Hardware, names: Iterable[str] | None = None
) -> tuple[dict[str, Cost], dict[str, str]]:
    """What a ledger costs by table, and of the tables that do not reach to its chip or its actions, why.

    ``names``: of tables, scaled ones too (:func:`hwsim.cost.load_table`); all that ship if None. What a table
    leaves unpriced is in its Cost. Raises HwsimError for a name that is of no table.
    """
    costs: dict[str, Cost] = {}
    reasons: dict[str, str] = {}
    for table in [load_table(name) for name in (tables() if names is None else names)]:
        try:
            costs[table.name] = price(ledger, hardware, table)
        except HwsimError as error:
            reasons[table.name] = str(error)
    return costs, reasons
