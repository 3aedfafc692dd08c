"""What sharing saves of DRAM traffic: each row beside the one of its own model and place."""

from typing import Any

from hwsim.report.comparison import savings, whatever_the_table


def row(sharing: str, dram_bytes: int, samples: int = 1, **place: Any) -> dict[str, Any]:
    where = {"model": "net", "bits": "float", "hardware": "sata", "schedule": "layer_major", "batch": 1}
    totals = {"totals": {"dram_bytes": dram_bytes}, "samples": samples}
    return where | {"sharing": sharing} | totals | place


def test_a_saving_is_of_an_inference() -> None:
    # 1600 / 2 = 800 and 600 bytes of an inference: a quarter less
    assert savings([row("none", 1600, 2), row("L", 600)]) == {"L, sata, layer_major": [(1, 0.25)]}


def test_a_saving_is_against_the_same_model() -> None:
    rows = [
        row("none", 100), row("L", 50),
        row("none", 1000, model="other"), row("L", 750, model="other"),
    ]  # fmt: skip
    assert savings(rows) == {
        "net, L, sata, layer_major": [(1, 0.5)],
        "other, L, sata, layer_major": [(1, 0.25)],
    }


def test_a_row_without_its_counterpart_has_no_saving() -> None:
    assert savings([row("none", 100), row("L", 50, hardware="ptb")]) == {}


def test_a_run_is_drawn_once_whatever_tables_price_it() -> None:
    one, other = row("none", 100, table="horowitz45"), row("none", 100, table="sata_kernels")
    saved = row("none", 70, table="sata_kernels", saved="out")
    assert whatever_the_table([one, other, saved]) == [one, saved]
