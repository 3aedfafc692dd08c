"""Latency depends on the input where the chip streams spikes: the distributions of ``make samples``."""

from benchmarks.samples import distributions


def test_an_image_costs_time_by_its_spikes_on_spinalflow_and_none_on_sata() -> None:
    """sata streams bitmaps, live or not (P2); spinalflow one spike a cycle."""
    rows, accuracy = distributions(6)
    latency = {str(r["chip"]): r for r in rows if r["quantity"] == "latency, us"}
    assert latency["sata"]["p5"] == latency["sata"]["p95"]
    assert float(latency["spinalflow"]["p5"]) < float(latency["spinalflow"]["p95"])
    spikes = [{k: r[k] for k in ("mean", "p5", "median", "p95")} for r in rows if r["quantity"] == "spikes"]
    assert spikes[0] == spikes[1] == spikes[2]
    assert 0.5 < accuracy <= 1
    for r in rows:
        assert r["spread"] == (float(r["p95"]) - float(r["p5"])) / float(r["median"])
