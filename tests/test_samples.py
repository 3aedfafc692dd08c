"""Latency depends on the input where the chip streams spikes: the distributions of ``make samples``."""

from benchmarks.samples import distributions, table_of


def test_an_image_costs_time_by_its_spikes_on_spinalflow_and_none_on_sata() -> None:
    """sata streams bitmaps, live or not (P2); spinalflow one spike a cycle."""
    rows, accuracy = distributions(6)
    latency = {str(r["chip"]): r for r in rows if r["quantity"] == "latency, us"}
    assert latency["sata"]["p5"] == latency["sata"]["p95"]
    assert float(latency["spinalflow"]["p5"]) < float(latency["spinalflow"]["p95"])
    spikes = [{k: r[k] for k in ("mean", "p5", "median", "p95")} for r in rows if r["quantity"] == "spikes"]
    assert spikes[0] == spikes[1] == spikes[2]
    assert 0.5 < accuracy <= 1


def test_the_spread_is_p95_less_p5_over_the_median() -> None:
    row = {"chip": "a", "quantity": "b", "mean": 2.0, "p5": 1.0, "median": 2.0, "p95": 4.0, "spread": 1.5}
    assert table_of([dict(row)]).splitlines()[-1] == "| a | b | 2.00 | 1.00 | 2.00 | 4.00 | 150.0% |"
